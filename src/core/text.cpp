#include "core/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace sora {
namespace {

template <class T>
std::string set_integer(T& value, std::string_view text) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code == std::errc() && end == text.data() + text.size()) return {};
  const std::size_t sign = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  const bool whole =
      text.size() > sign && text.find_first_not_of("0123456789", sign) == std::string_view::npos;
  if (!whole) return "a whole number";
  return "a whole number from " + std::to_string(std::numeric_limits<T>::min()) + " to " +
         std::to_string(std::numeric_limits<T>::max());
}

constexpr std::size_t kLongestName = 64;  // bytes, of options, fields and words of a list

// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours. Both texts have at
// most kLongestName bytes. Where the distance is not below `most`, some number that is not either.
std::size_t distance_below(std::string_view a, std::string_view b, std::size_t most) {
  std::array<std::array<std::uint8_t, kLongestName + 1>, kLongestName + 1> d;
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = static_cast<std::uint8_t>(i);
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = static_cast<std::uint8_t>(j);
  int least_before = 0;  // of the row before
  for (std::size_t i = 1; i <= a.size(); ++i) {
    int least_of_row = d[i][0];
    for (std::size_t j = 1; j <= b.size(); ++j) {
      int least = std::min(std::min(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        least = std::min(least, d[i - 2][j - 2] + 1);
      }
      d[i][j] = static_cast<std::uint8_t>(least);
      least_of_row = std::min(least_of_row, least);
    }
    // What follows comes from these two rows, and is no less; a swap adds one to the row before.
    const int least_to_come = std::min(least_of_row, least_before + 1);
    if (static_cast<std::size_t>(least_to_come) >= most) return most;
    least_before = least_of_row;
  }
  return d[a.size()][b.size()];
}

// As "sec" and "secs" are for "seconds": the first letter, and some of the others in their order.
bool is_short_for(std::string_view word, std::string_view candidate) {
  if (word.size() < 2 || candidate.empty() || word.front() != candidate.front()) return false;
  std::size_t next = 0;
  for (const char c : candidate) next += next < word.size() && c == word[next];
  return next == word.size();
}

// Behind the dashes of an option.
char first_letter(std::string_view word) {
  const std::size_t at = word.find_first_not_of('-');
  return at == std::string_view::npos ? '\0' : word[at];
}

std::string two_digits(long long value) { return (value < 10 ? "0" : "") + std::to_string(value); }

std::string printed(double value, std::chars_format format, int precision) {
  std::array<char, 400> buffer{};  // at most 309 digits before the point, and the decimals
  const auto [end, code] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format, std::min(precision, 30));
  return {buffer.data(), code == std::errc() ? end : buffer.data()};
}

bool is_break(std::uint32_t code) {
  return (code >= 0x09 && code <= 0x0d) || code == 0x85 || code == 0x2028 || code == 0x2029;
}

void append_escape(std::string& out, std::uint32_t code) {
  const auto unit = [&](std::uint32_t value) {
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += "0123456789abcdef"[(value >> shift) & 15U];
  };
  if (code >= 0x10000) {  // as a surrogate pair, as in JSON
    unit(0xd7c0 + (code >> 10));
    code = 0xdc00 + (code & 0x3ffU);
  }
  unit(code);
}

bool is_joiner(std::uint32_t code) { return code == 0x200c || code == 0x200d; }

// Appends a character of a text from outside in a form that is safe to print; `before` is the character
// before it.
void append_safe(std::string& out, std::string_view text, std::size_t at, const Character& c,
                 std::uint32_t before) {
  const std::size_t next = at + c.bytes;
  // Between letters of scripts that need them, and in emoji, joiners change what is seen, and are no
  // deception.
  const bool joins = is_joiner(c.code) && before >= 0x80 && next < text.size() &&
                     static_cast<unsigned char>(text[next]) >= 0x80;
  if (!c.valid) {
    out += "\xef\xbf\xbd";  // U+FFFD
  } else if (is_deceptive(c.code) || (is_joiner(c.code) && !joins)) {
    append_escape(out, c.code);
  } else {
    out += text.substr(at, c.bytes);
  }
}

}  // namespace

std::string set_from_text(std::string& value, std::string_view text) {
  value = text;
  return {};
}

std::string set_from_text(bool& value, std::string_view text) {
  if (text != "true" && text != "false") return "true or false";
  value = text == "true";
  return {};
}

std::string set_from_text(int& value, std::string_view text) { return set_integer(value, text); }

std::string set_from_text(std::int64_t& value, std::string_view text) { return set_integer(value, text); }

std::string set_from_text(std::uint64_t& value, std::string_view text) { return set_integer(value, text); }

std::string set_from_text(double& value, std::string_view text) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = code == std::errc() && end == text.data() + text.size();
  return whole && std::isfinite(value) ? std::string() : "a finite number, such as 2.5";
}

std::string set_from_text(std::vector<std::string>& value, std::string_view text) {
  value.emplace_back(text);
  return {};
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  const std::size_t longer = std::max(a.size(), b.size());
  return longer > kLongestName ? longer : distance_below(a, b, longer + 1);
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  // Up to a third of the letters may be wrong. An abbreviation counts as one mistake, but a word with one
  // wrong letter is preferred.
  if (word.size() > kLongestName) return {};
  struct Fit {
    std::size_t distance;
    bool shortened, other_start;
    auto operator<=>(const Fit&) const = default;
  };
  std::string best;
  Fit best_fit{word.size() / 3 + 2, false, false};
  for (const auto& candidate : candidates) {
    if (candidate.size() > kLongestName) continue;
    // An abbreviation has a distance of more than one, and counts as one.
    const std::size_t most = best_fit.distance + 1;
    Fit fit{distance_below(word, candidate, most), false, first_letter(word) != first_letter(candidate)};
    if (fit.distance > 1 && is_short_for(word, candidate)) fit = {1, true, false};
    if (fit < best_fit && fit.distance < candidate.size()) {
      best = candidate;
      best_fit = fit;
    }
  }
  return best;
}

Character character_at(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t length = (lead >> 5) == 6 ? 2 : (lead >> 4) == 14 ? 3 : (lead >> 3) == 30 ? 4 : 0;
  if (length == 0 || length > text.size() - at) return {};
  std::uint32_t code = lead & (0xffU >> (length + 1));
  for (std::size_t j = 1; j < length; ++j) {
    const auto next = static_cast<unsigned char>(text[at + j]);
    if ((next & 0xc0U) != 0x80) return {};
    code = (code << 6) | (next & 0x3fU);
  }
  constexpr std::array<std::uint32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};  // no overlong forms
  if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return {};
  return {code, length, true};
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const Character c = character_at(text, i);
    if (!c.valid) return false;
    i += c.bytes;
  }
  return true;
}

bool is_deceptive(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0xad || code == 0x61c || code == 0x180e ||
         code == 0x200b || code == 0x200e || code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2060 && code <= 0x206f) || code == 0x3164 || code == 0xfeff || code == 0xffa0 ||
         (code >= 0xfff9 && code <= 0xfffb) || (code >= 0xe0000 && code <= 0xe007f);
}

std::string one_line(std::string_view text, std::size_t most) {
  std::string out;
  std::uint32_t before = 0;
  for (std::size_t at = 0, count = 0; at < text.size(); ++count) {
    if (count == most) return out + "\xe2\x80\xa6";  // an ellipsis
    const Character c = character_at(text, at);
    if (c.valid && is_break(c.code)) {
      out += ' ';
    } else {
      append_safe(out, text, at, c, before);
    }
    before = c.code;
    at += c.bytes;
  }
  return out;
}

std::string terminal_safe(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::uint32_t before = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    if (c.valid && c.code == '\n') {
      out += '\n';
    } else {
      append_safe(out, text, at, c, before);
    }
    before = c.code;
    at += c.bytes;
  }
  return out;
}

std::string ascii_lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::string number_text(double value, int digits) {
  return printed(value, std::chars_format::general, digits);
}

std::string fixed_text(double value, int decimals) {
  return printed(value, std::chars_format::fixed, decimals);
}

std::string part_text(std::int64_t part, std::int64_t whole) {
  std::string text = std::to_string(part);
  return text.append("/").append(std::to_string(whole));
}

std::string bytes_text(std::uint64_t bytes) {
  if (bytes < 1000) return std::to_string(bytes) + " B";
  double value = static_cast<double>(bytes);
  const char* unit = "";
  for (const char* next : {"kB", "MB", "GB", "TB"}) {
    if (value < 999.5) break;
    value /= 1000;
    unit = next;
  }
  return fixed_text(value, value < 9.95 ? 1 : 0) + " " + unit;
}

std::string seconds_text(double seconds) {
  if (seconds < 59.95) return fixed_text(seconds, 1) + " s";
  const auto whole = static_cast<long long>(std::llround(seconds));
  if (whole < 3600) return std::to_string(whole / 60) + " min " + two_digits(whole % 60) + " s";
  return std::to_string(whole / 3600) + " h " + two_digits(whole / 60 % 60) + " min";
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<long long>(std::llround(std::max(0.0, seconds)));
  const std::string end = ":" + two_digits(whole % 60);
  if (whole < 3600) return std::to_string(whole / 60) + end;
  return std::to_string(whole / 3600) + ":" + two_digits(whole / 60 % 60) + end;
}

}  // namespace sora
