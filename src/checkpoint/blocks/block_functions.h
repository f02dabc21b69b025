// One function a type: dequantises one block from `in` to `out`. dequantise.h says what a block is.
#pragma once

#include <cstdint>
#include <cstring>

#include "checkpoint/half.h"

namespace sora {

inline float half_at(const std::uint8_t* bytes) {
  std::uint16_t half;
  std::memcpy(&half, bytes, sizeof half);
  return half_to_float(half);
}

// Values from a short table (table_blocks.cpp)
void block_iq4_nl(const std::uint8_t* in, float* out);
void block_iq4_xs(const std::uint8_t* in, float* out);
void block_mxfp4(const std::uint8_t* in, float* out);
void block_nvfp4(const std::uint8_t* in, float* out);
void block_fp4_high_first(const std::uint8_t* in, float* out);
void block_fp4_low_first(const std::uint8_t* in, float* out);
void block_tq1_0(const std::uint8_t* in, float* out);
void block_tq2_0(const std::uint8_t* in, float* out);

// Values from a codebook (grid_blocks.cpp)
void block_iq2_xxs(const std::uint8_t* in, float* out);
void block_iq2_xs(const std::uint8_t* in, float* out);
void block_iq2_s(const std::uint8_t* in, float* out);
void block_iq3_xxs(const std::uint8_t* in, float* out);
void block_iq3_s(const std::uint8_t* in, float* out);

}  // namespace sora
