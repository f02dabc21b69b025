// Small functions for text: parsing values, hints for misspelt names, safe printing, amounts for people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sora {

/// Sets `value` from `text`. Returns an empty string, or what was expected instead ("a whole number").
std::string set_from_text(std::string& value, std::string_view text);
std::string set_from_text(bool& value, std::string_view text);
std::string set_from_text(int& value, std::string_view text);
std::string set_from_text(std::int64_t& value, std::string_view text);
std::string set_from_text(std::uint64_t& value, std::string_view text);
std::string set_from_text(double& value, std::string_view text);                    ///< finite numbers only
std::string set_from_text(std::vector<std::string>& value, std::string_view text);  ///< appends

template <class T>
std::string set_from_text(std::optional<T>& value, std::string_view text) {
  return set_from_text(value.emplace(), text);
}

/// How many letters to insert, remove, replace or swap with their neighbour to make one text from the other
/// (optimal string alignment). Of texts over 64 bytes: the length of the longer one.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate that is nearest to `word` by edit_distance(); among equals the one that begins with the same
/// letter. Empty when none is near, or when `word` is longer than any name.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// A UTF-8 character; a byte that begins none is a character of one byte that is not `valid`.
struct Character {
  std::uint32_t code = 0;
  std::size_t bytes = 1;
  bool valid = false;
};
Character character_at(std::string_view text, std::size_t at);
bool is_utf8(std::string_view text);

/// Whether a character can make a text look different from what it is: a control character (C0, C1), one that
/// changes the direction of writing, a separator of lines or paragraphs, or one without width (except the
/// joiners of letters and emoji).
bool is_deceptive(std::uint32_t code);

constexpr std::size_t kLongestLine = 2000;   // characters of a text in a line for people
constexpr std::size_t kLongestExcerpt = 80;  // characters of a text that a message quotes

/// A text from outside, made safe for a line that people read: valid UTF-8, with spaces instead of line
/// breaks and tabs, with escapes such as \u001b instead of other deceptive characters, and cut after `most`
/// characters with an ellipsis.
std::string one_line(std::string_view text, std::size_t most = kLongestLine);
inline std::string excerpt(std::string_view text) { return one_line(text, kLongestExcerpt); }

/// A text made safe for a terminal: valid UTF-8 whose only control characters are line breaks. JSON keeps its
/// meaning, since the escapes are those of JSON.
std::string terminal_safe(std::string_view text);

/// ASCII letters in lower case; other bytes are unchanged.
std::string ascii_lower(std::string text);

/// Numbers as "%.6g" and "%.2f" of the C locale: with a decimal point in every locale.
std::string number_text(double value, int digits = 6);
std::string fixed_text(double value, int decimals);

std::string part_text(std::int64_t part, std::int64_t whole);  ///< "3/20"
std::string bytes_text(std::uint64_t bytes);                   ///< "1.4 MB"; powers of 1000
std::string seconds_text(double seconds);                      ///< "12.3 s", "4 min 05 s", "1 h 02 min"
std::string clock_text(double seconds);                        ///< "0:32", "1:02:05", for a progress bar

}  // namespace sora
