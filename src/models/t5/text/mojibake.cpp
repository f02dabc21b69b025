#include "models/t5/text/mojibake.h"

#include <optional>
#include <span>

#include "models/t5/text/prompt_tables.h"
#include "models/t5/text/unicode.h"

namespace sora {
namespace {

using prompt_tables::Alternative;
using prompt_tables::Charmap;
using prompt_tables::CharSet;
using prompt_tables::Pattern;

constexpr char32_t kSubstitute = 0x1A;
constexpr char32_t kReplacement = 0xFFFD;
constexpr int kMostSteps = 30;  // each undoes one wrong decoding; real texts had two or three

char32_t at(std::u32string_view text, std::size_t index) { return text[index]; }
char32_t at(std::string_view bytes, std::size_t index) { return static_cast<unsigned char>(bytes[index]); }

/// Length of the match at `begin`, or empty. An optional step is tried both ways.
template <class Text>
std::optional<std::size_t> match_steps(std::span<const prompt_tables::Step> steps, Text text,
                                       std::size_t begin) {
  if (steps.empty()) return 0;
  if (begin < text.size() && steps[0].set->contains(at(text, begin))) {
    if (const auto rest = match_steps(steps.subspan(1), text, begin + 1)) return 1 + *rest;
  }
  return steps[0].optional ? match_steps(steps.subspan(1), text, begin) : std::nullopt;
}

/// Length of the first alternative that matches at `begin`.
template <class Text>
std::optional<std::size_t> match(const Pattern& pattern, Text text, std::size_t begin) {
  for (const Alternative& alternative : pattern) {
    if (alternative.at_start && begin != 0) continue;
    if (const auto length = match_steps(alternative.steps, text, begin)) return length;
  }
  return {};
}

template <class Text>
bool contains(const Pattern& pattern, Text text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (match(pattern, text, i)) return true;
  }
  return false;
}

/// Replaces each match of `pattern` in `bytes` by replacement(match).
template <class Replacement>
std::string substitute(const Pattern& pattern, std::string_view bytes, Replacement replacement) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size();) {
    if (const auto length = match(pattern, bytes, i)) {
      out += replacement(bytes.substr(i, *length));
      i += *length;
    } else {
      out += bytes[i++];
    }
  }
  return out;
}

bool is_bad(std::u32string_view text) { return contains(prompt_tables::ftfy().badness, text); }

bool is_ascii(std::u32string_view text) {
  return std::all_of(text.begin(), text.end(), [](char32_t c) { return c < 0x80; });
}

bool is_c1(char32_t c) { return c >= 0x80 && c <= 0x9F; }

/// The bytes of `text` in `charmap`, or empty if a character is not in it.
std::optional<std::string> encode(std::u32string_view text, const Charmap& charmap) {
  std::string bytes;
  bytes.reserve(text.size());
  for (const char32_t c : text) {
    if (c < 0x80 && !(charmap.sloppy && c == kSubstitute)) {
      bytes.push_back(static_cast<char>(c));
    } else if (charmap.sloppy && c == kReplacement) {
      bytes.push_back(static_cast<char>(kSubstitute));
    } else {
      const auto found = std::find(charmap.upper.begin(), charmap.upper.end(), c);
      if (found == charmap.upper.end()) return {};
      bytes.push_back(static_cast<char>(0x80 + (found - charmap.upper.begin())));
    }
  }
  return bytes;
}

/// Restores bytes 0xA0 of UTF-8 sequences that some program replaced by spaces.
std::string restore_byte_a0(std::string_view bytes) {
  // In "Ã la", which is "à la", the space is a real one. In the Portuguese words "às", "àquele", "àquela",
  // "àquilo" it is the byte 0xA0.
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    text += bytes[i];
    if (bytes.substr(i, 2) != "\xC3 ") continue;
    const std::string_view after = bytes.substr(i + 2);
    bool one_word = false;
    for (const char* ending : {" ", "quele", "quela", "quilo", "s "}) one_word |= after.starts_with(ending);
    if (!one_word) text += '\xA0';
  }
  return substitute(prompt_tables::ftfy().altered_utf8, text, [](std::string_view found) {
    std::string fixed(found);
    std::replace(fixed.begin(), fixed.end(), ' ', '\xA0');
    return fixed;
  });
}

std::string replace_lossy_sequences(std::string_view bytes) {
  return substitute(prompt_tables::ftfy().lossy_utf8, bytes, [](std::string_view) { return "\xEF\xBF\xBD"; });
}

/// UTF-8 and two variants: CESU-8 with surrogate pairs of three bytes each, and Java's C0 80 for U+0000.
std::optional<std::u32string> decode_utf8_variants(std::string_view bytes) {
  std::string plain;
  for (std::size_t i = 0; i < bytes.size();) {
    const auto byte = [&](std::size_t k) { return at(bytes, i + k); };
    if (bytes.substr(i, 2) == "\xC0\x80") {
      plain.push_back('\0');
      i += 2;
    } else if (i + 6 <= bytes.size() && byte(0) == 0xED && (byte(1) & 0xF0) == 0xA0 &&
               (byte(2) & 0xC0) == 0x80 && byte(3) == 0xED && (byte(4) & 0xF0) == 0xB0 &&
               (byte(5) & 0xC0) == 0x80) {
      append_utf8(plain, 0x10000 + ((byte(1) & 0x0F) << 16) + ((byte(2) & 0x3F) << 10) +
                             ((byte(4) & 0x0F) << 6) + (byte(5) & 0x3F));
      i += 6;
    } else {
      plain.push_back(bytes[i++]);
    }
  }
  return from_utf8(plain);
}

/// Length of a run at `begin` of sequences that look like UTF-8 decoded as a single-byte encoding.
std::size_t match_utf8_lookalike(std::u32string_view text, std::size_t begin) {
  const prompt_tables::Ftfy& tables = prompt_tables::ftfy();
  if (begin > 0 && tables.continuation_strict->contains(text[begin - 1])) return 0;
  const std::pair<const CharSet*, std::size_t> kinds[] = {
      {tables.first_of_2, 1}, {tables.first_of_3, 2}, {tables.first_of_4, 3}};
  std::size_t end = begin;
  for (bool found = true; found;) {
    found = false;
    for (const auto& [first, continuation] : kinds) {
      if (end + continuation >= text.size() || !first->contains(text[end])) continue;
      const auto tail = text.substr(end + 1, continuation);
      const auto continues = [&](char32_t c) { return tables.continuation->contains(c); };
      if (!std::all_of(tail.begin(), tail.end(), continues)) continue;
      end += 1 + continuation;
      found = true;
      break;
    }
  }
  return end - begin;
}

/// Repairs parts of a text of mixed encodings. Empty if no part looks like UTF-8.
std::optional<std::u32string> decode_inconsistent_utf8(std::u32string_view text) {
  std::u32string out;
  bool found = false;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = match_utf8_lookalike(text, i);
    if (length == 0) {
      out.push_back(text[i++]);
      continue;
    }
    found = true;
    const std::u32string_view part = text.substr(i, length);
    // Not for the whole text: the recursion would not end.
    out += length < text.size() && is_bad(part) ? fix_encoding(part) : std::u32string(part);
    i += length;
  }
  return found ? std::optional(out) : std::nullopt;
}

/// Text that was decoded as Latin-1, decoded as Windows-1252; empty if a byte is not in that encoding.
std::optional<std::u32string> latin1_as_windows1252(std::u32string_view text) {
  const std::u32string fixed = fix_c1_controls(text);
  if (std::any_of(fixed.begin(), fixed.end(), is_c1)) return {};
  return fixed;
}

/// Undoes one wrong decoding.
std::u32string fix_encoding_step(std::u32string_view text) {
  if (is_ascii(text) || !is_bad(text)) return std::u32string(text);

  bool is_latin1 = false;
  for (const Charmap& charmap : prompt_tables::ftfy().charmaps) {
    auto bytes = encode(text, charmap);
    if (!bytes) continue;
    is_latin1 |= charmap.name == "latin-1";
    // Not in MacRoman, where an en dash before a space has the same bytes.
    if (charmap.name != "macroman" &&
        contains(prompt_tables::ftfy().altered_utf8, std::string_view(*bytes))) {
      bytes = restore_byte_a0(*bytes);
    }
    if (charmap.sloppy) bytes = replace_lossy_sequences(*bytes);
    if (const auto fixed = decode_utf8_variants(*bytes)) return *fixed;
  }

  if (const auto fixed = decode_inconsistent_utf8(text); fixed && *fixed != text) return *fixed;
  if (is_latin1) {
    if (const auto fixed = latin1_as_windows1252(text); fixed && *fixed != text) return *fixed;
  }
  return fix_c1_controls(text);
}

}  // namespace

std::u32string fix_encoding(std::u32string_view text) {
  std::u32string fixed(text);
  for (int step = 0; step < kMostSteps; ++step) {
    std::u32string next = fix_encoding_step(fixed);
    if (next == fixed) break;
    fixed = std::move(next);
  }
  return fixed;
}

std::u32string fix_c1_controls(std::u32string_view text) {
  std::u32string fixed(text);
  for (char32_t& c : fixed) {
    if (is_c1(c)) c = prompt_tables::windows_1252()[c - 0x80];
  }
  return fixed;
}

}  // namespace sora
