// Small text tools: values from text, hints for a misspelt name, amounts for people.
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

/// How many letters are to be put in, left out, replaced or swapped with their neighbour to make one text of
/// the other (optimal string alignment). Of texts over 64 bytes: the length of the longer one.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate that `word` most likely meant, by edit_distance(); among equals the one that begins with the
/// same letter. Empty when none is near, or when `word` is longer than any name.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// A character of UTF-8; where there is none, one byte that is not `valid`.
struct Character {
  std::uint32_t code = 0;
  std::size_t bytes = 1;
  bool valid = false;
};
Character character_at(std::string_view text, std::size_t at);
bool is_utf8(std::string_view text);

/// Whether a character can make a reader see something else than what is there: a control character (C0, C1),
/// one that overrides or isolates the direction of writing, a separator of lines or paragraphs, or one of no
/// width other than the joiners of letters and emoji.
bool is_deceptive(std::uint32_t code);

constexpr std::size_t kLongestLine = 2000;   // characters of one text in a line for people
constexpr std::size_t kLongestExcerpt = 80;  // characters of what a message quotes

/// How a text that is not ours stands in a line for people: valid UTF-8 in one line, with spaces for line
/// breaks and tabs and escapes such as \u001b for other deceptive characters, cut at `most` characters with
/// an ellipsis.
std::string one_line(std::string_view text, std::size_t most = kLongestLine);
inline std::string excerpt(std::string_view text) { return one_line(text, kLongestExcerpt); }

/// What may go to a terminal: valid UTF-8 whose only control characters are line breaks. JSON stays JSON that
/// says the same, since the escapes are JSON's.
std::string terminal_safe(std::string_view text);

/// Lower case of ASCII letters; other bytes stay.
std::string ascii_lower(std::string text);

/// Numbers with a point whatever the locale is: "%.6g" and "%.2f" of the C locale.
std::string number_text(double value, int digits = 6);
std::string fixed_text(double value, int decimals);

std::string part_text(std::int64_t part, std::int64_t whole);  ///< "3/20"
std::string bytes_text(std::uint64_t bytes);                   ///< "1.4 MB"; powers of 1000
std::string seconds_text(double seconds);                      ///< "12.3 s", "4 min 05 s", "1 h 02 min"
std::string clock_text(double seconds);  ///< "0:32", "1:02:05", for places that are redrawn

}  // namespace sora
