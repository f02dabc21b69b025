#include "core/amounts.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "core/text.h"

namespace sora {

std::string gigabytes_text(double gb) {
  const double bytes = std::max(gb, 0.0) * 1e9;
  const double digit =
      bytes < 100 ? 1 : std::pow(10, std::floor(std::log10(bytes)) - 1);  // of the second one
  return bytes_text(
      static_cast<std::uint64_t>(std::llround(gb < 10 ? std::round(bytes / digit) * digit : bytes)));
}

std::string estimate_text(double seconds) {
  const auto whole = [](double value) { return std::to_string(std::lround(value)); };
  if (seconds < 9.95) return seconds_text(seconds);
  if (seconds < 120) return whole(seconds) + " s";
  const long minutes = std::lround(seconds / 60);
  if (minutes < 120) return std::to_string(minutes) + " min";
  return std::to_string(minutes / 60) + " h " + (minutes % 60 < 10 ? "0" : "") +
         std::to_string(minutes % 60) + " min";
}

std::string shortest_text(double value) {
  std::array<char, 32> text{};
  const double size = std::abs(value);
  const bool fixed = size == 0 || (size >= 1e-6 && size < 1e9);  // at most 24 characters
  const auto format = fixed ? std::chars_format::fixed : std::chars_format::scientific;
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value, format).ptr};
}

}  // namespace sora
