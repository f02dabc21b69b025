// Codebooks of GGUF's IQ2 and IQ3 types, which are part of the format.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace sora {

/// The text of grids.txt: for each type a line with its name and the values of the digits, then its entries.
extern const std::string_view kGridsText;

/// The entries of a type ("IQ2_XXS"), one after the other: [count, 8] of IQ2, [count, 4] of IQ3.
std::vector<std::uint8_t> read_grid(std::string_view name);

}  // namespace sora
