#include "models/t5/text/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "sora/error.h"

namespace sora {

std::optional<std::u32string> from_utf8(std::string_view bytes, std::size_t* error_at) {
  std::u32string text;
  text.reserve(bytes.size());
  const auto* data = reinterpret_cast<const utf8proc_uint8_t*>(bytes.data());
  for (std::size_t at = 0; at < bytes.size();) {
    utf8proc_int32_t c = 0;
    const auto used = utf8proc_iterate(data + at, static_cast<utf8proc_ssize_t>(bytes.size() - at), &c);
    if (used <= 0) {
      if (error_at != nullptr) *error_at = at;
      return {};
    }
    text.push_back(static_cast<char32_t>(c));
    at += static_cast<std::size_t>(used);
  }
  return text;
}

void append_utf8(std::string& out, char32_t c) {
  utf8proc_uint8_t buffer[4];
  const auto used = utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), buffer);
  out.append(reinterpret_cast<const char*>(buffer), static_cast<std::size_t>(used));
}

std::string to_utf8(std::u32string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char32_t c : text) append_utf8(out, c);
  return out;
}

namespace {

int combining_class(char32_t c) {
  return utf8proc_get_property(static_cast<utf8proc_int32_t>(c))->combining_class;
}

// Sorts successive combining marks by their class, the first part of normalization. utf8proc would do so by
// swapping neighbours, in quadratic time.
std::u32string with_sorted_marks(std::u32string_view text) {
  std::u32string sorted(text);
  for (std::size_t begin = 0; begin < sorted.size();) {
    std::size_t end = begin;
    while (end < sorted.size() && sorted[end] >= 0x300 && combining_class(sorted[end]) != 0) ++end;
    std::stable_sort(sorted.begin() + static_cast<std::ptrdiff_t>(begin),
                     sorted.begin() + static_cast<std::ptrdiff_t>(end),
                     [](char32_t a, char32_t b) { return combining_class(a) < combining_class(b); });
    begin = end + 1;
  }
  return sorted;
}

}  // namespace

std::u32string nfc(std::u32string_view text) {
  const std::string bytes = to_utf8(with_sorted_marks(text));
  utf8proc_uint8_t* result = nullptr;
  const auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(bytes.data()),
                                 static_cast<utf8proc_ssize_t>(bytes.size()), &result,
                                 static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(result, &std::free);
  if (size < 0) throw Error(ErrorKind::internal, "prompt", utf8proc_errmsg(size));
  return *from_utf8({reinterpret_cast<const char*>(result), static_cast<std::size_t>(size)});
}

std::u32string nfkc(std::u32string_view text) {
  constexpr auto kCompatibility = static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
  std::u32string decomposed;
  for (const char32_t c : text) {
    utf8proc_int32_t parts[32];  // the longest is 18
    int last = 0;
    const auto count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), parts, std::ssize(parts),
                                               kCompatibility, &last);
    if (count < 0) throw Error(ErrorKind::internal, "prompt", utf8proc_errmsg(count));
    decomposed.append(parts, parts + count);
  }
  return nfc(decomposed);
}

bool is_white_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

bool is_decimal_digit(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_ND;
}

bool is_letter(char32_t c) {
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

bool is_number(char32_t c) {
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
}

void append_lower_case(std::u32string& out, char32_t c) {
  if (c == 0x130) {  // the one letter whose lower case is longer than it
    out += U"i\u0307";
    return;
  }
  out += static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
}

bool grapheme_break(char32_t left, char32_t right, int& state) {
  return utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(left),
                                          static_cast<utf8proc_int32_t>(right), &state);
}

}  // namespace sora
