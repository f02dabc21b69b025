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
std::string set_from_text(std::uint64_t& value, std::string_view text);
std::string set_from_text(double& value, std::string_view text);                    ///< finite numbers only
std::string set_from_text(std::vector<std::string>& value, std::string_view text);  ///< appends

template <class T>
std::string set_from_text(std::optional<T>& value, std::string_view text) {
  return set_from_text(value.emplace(), text);
}

/// The candidate that `word` most likely meant; empty when none is near (by Damerau-Levenshtein distance).
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

bool is_utf8(std::string_view text);

/// Without line breaks and other control characters, which a name or a prompt may bring into a message.
std::string one_line(std::string text);

std::string part_text(std::int64_t part, std::int64_t whole);  ///< "3/20"
std::string bytes_text(std::uint64_t bytes);                   ///< "1.4 MB"; powers of 1000
std::string seconds_text(double seconds);                      ///< "12.3 s", "4 min 05 s", "1 h 02 min"
std::string clock_text(double seconds);  ///< "0:32", "1:02:05", for places that are redrawn

}  // namespace sora
