// Super-blocks of 256 whose values come from a codebook: each index chooses eight of them (IQ2) or four
// (IQ3), and each eight have a byte of signs.
#include <bit>
#include <cstddef>

#include "checkpoint/blocks/block_functions.h"
#include "checkpoint/blocks/grids.h"

namespace sora {
namespace {

std::uint16_t u16_at(const std::uint8_t* bytes) {
  std::uint16_t value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

std::uint32_t u32_at(const std::uint8_t* bytes) {
  std::uint32_t value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

// Seven signs and an eighth that makes the number of minus signs even.
int even_signs(std::uint32_t seven) {
  const std::uint32_t bits = seven & 127;
  return static_cast<int>(bits | static_cast<std::uint32_t>(std::popcount(bits) & 1) << 7);
}

// Nibble number `i`.
float nibble(const std::uint8_t* bytes, int i) {
  return static_cast<float>(bytes[i / 2] >> (i % 2 * 4) & 15);
}

// Values `first` to first + count - 1 of eight that share a byte of signs.
void signed_values(const std::uint8_t* entry, int first, int count, int signs, float scale, float* out) {
  for (int i = 0; i < count; ++i) {
    const float value = scale * static_cast<float>(entry[i]);
    out[i] = signs >> (first + i) & 1 ? -value : value;
  }
}

void eight(const std::vector<std::uint8_t>& grid, std::uint32_t index, int signs, float scale, float* out) {
  signed_values(&grid[std::size_t{8} * index], 0, 8, signs, scale, out);
}

void two_of_four(const std::vector<std::uint8_t>& grid, std::uint32_t first, std::uint32_t second, int signs,
                 float scale, float* out) {
  signed_values(&grid[std::size_t{4} * first], 0, 4, signs, scale, out);
  signed_values(&grid[std::size_t{4} * second], 4, 4, signs, scale, out + 4);
}

}  // namespace

// d; for each 32 values four indices, four times seven signs, and a scale of four bits
void block_iq2_xxs(const std::uint8_t* in, float* out) {
  static const std::vector<std::uint8_t> grid = read_grid("IQ2_XXS");
  const float d = half_at(in);
  for (int part = 0; part < 8; ++part) {
    const std::uint8_t* indices = in + 2 + 8 * part;
    const std::uint32_t rest = u32_at(indices + 4);
    const float scale = d * (0.5F + static_cast<float>(rest >> 28)) * 0.25F;
    for (int i = 0; i < 4; ++i)
      eight(grid, indices[i], even_signs(rest >> (7 * i)), scale, out + 32 * part + 8 * i);
  }
}

// d; 32 indices of nine bits with seven signs each; 16 scales of four bits
void block_iq2_xs(const std::uint8_t* in, float* out) {
  static const std::vector<std::uint8_t> grid = read_grid("IQ2_XS");
  const float d = half_at(in);
  for (int i = 0; i < 32; ++i) {
    const std::uint32_t bits = u16_at(in + 2 + 2 * i);
    const float scale = d * (0.5F + nibble(in + 66, i / 2)) * 0.25F;
    eight(grid, bits & 511, even_signs(bits >> 9), scale, out + 8 * i);
  }
}

// d; the lower eight bits of 32 indices, their signs, their upper two bits; 16 scales of four bits
void block_iq2_s(const std::uint8_t* in, float* out) {
  static const std::vector<std::uint8_t> grid = read_grid("IQ2_S");
  const float d = half_at(in);
  for (int i = 0; i < 32; ++i) {
    const int upper = in[66 + i / 4] >> (i % 4 * 2) & 3;
    const float scale = d * (0.5F + nibble(in + 74, i / 2)) * 0.25F;
    eight(grid, static_cast<std::uint32_t>(in[2 + i] | upper << 8), in[34 + i], scale, out + 8 * i);
  }
}

// d; 64 indices; for each 32 values four times seven signs, and a scale of four bits
void block_iq3_xxs(const std::uint8_t* in, float* out) {
  static const std::vector<std::uint8_t> grid = read_grid("IQ3_XXS");
  const float d = half_at(in);
  for (int part = 0; part < 8; ++part) {
    const std::uint8_t* indices = in + 2 + 8 * part;
    const std::uint32_t rest = u32_at(in + 66 + 4 * part);
    const float scale = d * (0.5F + static_cast<float>(rest >> 28)) * 0.5F;
    for (int i = 0; i < 4; ++i)
      two_of_four(grid, indices[2 * i], indices[2 * i + 1], even_signs(rest >> (7 * i)), scale,
                  out + 32 * part + 8 * i);
  }
}

// d; the lower eight bits of 64 indices, their ninth bits, 32 bytes of signs, eight scales of four bits
void block_iq3_s(const std::uint8_t* in, float* out) {
  static const std::vector<std::uint8_t> grid = read_grid("IQ3_S");
  const float d = half_at(in);
  const auto index = [&](int i) {
    return static_cast<std::uint32_t>(in[2 + i] | (in[66 + i / 8] >> (i % 8) & 1) << 8);
  };
  for (int i = 0; i < 32; ++i) {
    const float scale = d * (1 + 2 * nibble(in + 106, i / 4));
    two_of_four(grid, index(2 * i), index(2 * i + 1), in[74 + i], scale, out + 8 * i);
  }
}

}  // namespace sora
