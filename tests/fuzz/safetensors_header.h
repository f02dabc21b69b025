// A safetensors file from its header alone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz.h"

namespace sora::fuzz {

/// The largest number that stands in a text, `most` at most: of a header, where the last tensor ends.
inline std::uint64_t largest_number(std::string_view text, std::uint64_t most) {
  std::uint64_t largest = 0, value = 0;
  for (const char c : text) {
    value = c >= '0' && c <= '9' ? std::min(value * 10 + static_cast<std::uint64_t>(c - '0'), most) : 0;
    largest = std::max(largest, value);
  }
  return largest;
}

/// The header with its length in front, and behind it as many bytes as it speaks of, all zero.
inline void fill_from_header(RamFile& file, std::string_view header, std::uint64_t most_data) {
  std::string whole(8, '\0');
  for (std::size_t i = 0; i < whole.size(); ++i) whole[i] = static_cast<char>(header.size() >> (8 * i));
  whole += header;
  file.fill(whole, whole.size() + largest_number(header, most_data));
}

}  // namespace sora::fuzz
