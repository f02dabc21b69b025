#include "models/t5/text/fix_text.h"

#include "models/t5/text/html_unescape.h"
#include "models/t5/text/mojibake.h"
#include "models/t5/text/prompt_tables.h"
#include "models/t5/text/unicode.h"

namespace sora {
namespace {

constexpr std::size_t kLongestSegment = 1'000'000;
constexpr int kMostPasses = 30;

std::u32string split_ligatures(std::u32string_view text) {
  const auto& table = prompt_tables::ftfy().ligatures;
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t c : text) {
    const auto at = std::lower_bound(table.begin(), table.end(), c,
                                     [](const auto& entry, char32_t value) { return entry.from < value; });
    if (at != table.end() && at->from == c) {
      out.append(at->to);
    } else {
      out.push_back(c);
    }
  }
  return out;
}

/// Full- and half-width forms as ordinary characters.
std::u32string fix_widths(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t c : text) {
    if (c == 0x3000 || (c >= 0xFF01 && c <= 0xFFEF)) {
      out += nfkc({&c, 1});
    } else {
      out.push_back(c);
    }
  }
  return out;
}

void uncurl_quotes(std::u32string& text) {
  for (char32_t& c : text) {
    if (c >= 0x201C && c <= 0x201F) c = '"';
    if (c == 0x02BC || (c >= 0x2018 && c <= 0x201B)) c = '\'';
  }
}

std::u32string fix_line_breaks(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char32_t c = text[i];
    if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    out.push_back(c == '\r' || c == 0x2028 || c == 0x2029 || c == 0x85 ? U'\n' : c);
  }
  return out;
}

/// Removes ESC [ digits and semicolons, letter.
std::u32string remove_terminal_escapes(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == 0x1B && i + 1 < text.size() && text[i + 1] == '[') {
      std::size_t end = i + 2;
      while (end < text.size() && (is_decimal_digit(text[end]) || text[end] == ';')) ++end;
      if (end < text.size() && text[end] < 0x80 && ((text[end] | 0x20) >= 'a' && (text[end] | 0x20) <= 'z')) {
        i = end + 1;
        continue;
      }
    }
    out.push_back(text[i++]);
  }
  return out;
}

/// Control characters without effect on the text. Not the C1 controls, which may come from mojibake.
bool is_useless_control(char32_t c) {
  return c <= 0x08 || c == 0x0B || (c >= 0x0E && c <= 0x1F) || c == 0x7F ||
         (c >= 0x206A && c <= 0x206F) ||  // deprecated formatting of Arabic
         c == 0xFEFF ||                   // byte order mark
         (c >= 0xFFF9 && c <= 0xFFFC);    // interlinear annotation, object replacement
}

/// Applies all repairs until nothing changes. A text was encoded wrongly two or three times at most, and each
/// pass undoes one; a text that needs thousands of passes ("&amp;amp;amp;...") is malicious, so their number
/// is limited.
std::u32string fix_segment(std::u32string_view segment, bool unescape) {
  std::u32string text(segment);
  for (int pass = 0; pass < kMostPasses; ++pass) {
    const std::u32string before = text;
    if (unescape) text = html_unescape_careful(text);
    text = fix_encoding(text);
    text = fix_c1_controls(text);
    text = split_ligatures(text);
    text = fix_widths(text);
    uncurl_quotes(text);
    text = fix_line_breaks(text);
    text = remove_terminal_escapes(text);
    std::erase_if(text, is_useless_control);
    text = nfc(text);
    if (text == before) break;
  }
  return text;
}

}  // namespace

std::u32string fix_text(std::u32string_view text) {
  std::u32string out;
  bool unescape = true;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = text.find(U'\n', begin);
    end = end == std::u32string_view::npos ? text.size() : end + 1;
    end = std::min(end, begin + kLongestSegment);
    const std::u32string_view segment = text.substr(begin, end - begin);
    // From the first line with a tag on, the text is HTML, and its entities are meant as such.
    unescape = unescape && segment.find(U'<') == std::u32string_view::npos;
    out += fix_segment(segment, unescape);
    begin = end;
  }
  return out;
}

}  // namespace sora
