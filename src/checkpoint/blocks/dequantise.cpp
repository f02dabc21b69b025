#include "checkpoint/blocks/dequantise.h"

#include <cstddef>
#include <cstring>

#include "checkpoint/blocks/block_functions.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr int kSmall = 32;     // elements of a block
constexpr int kSuper = 256;    // elements of a super-block
constexpr int kScales45 = 12;  // bytes of the eight scales and minima of Q4_K and Q5_K

// --- blocks of 32 ------------------------------------------------------------------------------
// The low nibbles are the first 16 elements, the high ones the last 16.

// d, [m,] [32 high bits,] 16 bytes of nibbles
template <int bits, bool with_minimum>
void block_of_32(const std::uint8_t* in, float* out) {
  constexpr int offset = with_minimum ? 0 : 1 << (bits - 1);
  const float d = half_at(in);
  in += 2;
  const float m = with_minimum ? half_at(in) : 0;
  if (with_minimum) in += 2;
  std::uint32_t high = 0;
  if (bits == 5) {
    std::memcpy(&high, in, sizeof high);
    in += sizeof high;
  }
  for (int i = 0; i < kSmall; ++i) {
    const int nibble = i < kSmall / 2 ? in[i] & 15 : in[i - kSmall / 2] >> 4;
    const int q = (nibble | static_cast<int>(high >> i & 1) << 4) - offset;
    const float scaled = d * static_cast<float>(q);
    out[i] = with_minimum ? scaled + m : scaled;
  }
}

void block_q8_0(const std::uint8_t* in, float* out) {
  const float d = half_at(in);
  for (int i = 0; i < kSmall; ++i) out[i] = static_cast<float>(static_cast<std::int8_t>(in[2 + i])) * d;
}

// --- super-blocks of 256 -----------------------------------------------------------------------

// Scale and minimum number `i` of eight, 6 bits each: the first four lie in the low bits of bytes 0-3 and
// 4-7, the others in the nibbles of bytes 8-11 with their upper two bits on top of the first four.
struct ScaleAndMinimum {
  int scale, minimum;
};
ScaleAndMinimum scale_of_eight(const std::uint8_t* bytes, int i) {
  if (i < 4) return {bytes[i] & 63, bytes[4 + i] & 63};
  return {(bytes[4 + i] & 15) | (bytes[i - 4] >> 2 & 48), bytes[4 + i] >> 4 | (bytes[i] >> 2 & 48)};
}

// 16 bytes of scale (low) and minimum (high), 64 of two-bit values, d, dmin
void block_q2_k(const std::uint8_t* in, float* out) {
  const std::uint8_t* quants = in + 16;
  const float d = half_at(in + 80), dmin = half_at(in + 82);
  for (std::ptrdiff_t part = 0; part < 16; ++part) {
    const float scale = d * static_cast<float>(in[part] & 15);
    const float minimum = dmin * static_cast<float>(in[part] >> 4);
    const std::uint8_t* bytes = quants + part / 8 * 32 + part % 2 * 16;
    const std::ptrdiff_t shift = part / 2 % 4 * 2;
    for (int i = 0; i < 16; ++i) {
      out[16 * part + i] = scale * static_cast<float>(bytes[i] >> shift & 3) - minimum;
    }
  }
}

// 32 bytes of the high bits, 64 of the low two, 12 of scales of 6 bits, d
void block_q3_k(const std::uint8_t* in, float* out) {
  const std::uint8_t *high = in, *low = in + 32, *scales = in + 96;
  const float d = half_at(in + 108);
  for (std::ptrdiff_t part = 0; part < 16; ++part) {
    const int nibble = part < 8 ? scales[part] & 15 : scales[part - 8] >> 4;
    const int upper = scales[8 + part % 4] >> (part / 4 * 2) & 3;
    const float scale = d * static_cast<float>((nibble | upper << 4) - 32);
    const std::uint8_t* bytes = low + part / 8 * 32 + part % 2 * 16;
    const std::uint8_t* bits = high + part % 2 * 16;
    const std::ptrdiff_t shift = part / 2 % 4 * 2, bit = part / 2;
    for (int i = 0; i < 16; ++i) {
      const int q = (bytes[i] >> shift & 3) - (bits[i] >> bit & 1 ? 0 : 4);
      out[16 * part + i] = scale * static_cast<float>(q);
    }
  }
}

// d, dmin, scales and minima, [32 bytes of high bits,] 128 bytes of nibbles
template <int bits>
void block_q45_k(const std::uint8_t* in, float* out) {
  const float d = half_at(in), dmin = half_at(in + 2);
  const std::uint8_t* scales = in + 4;
  const std::uint8_t* high = scales + kScales45;
  const std::uint8_t* quants = bits == 5 ? high + kSuper / 8 : high;
  for (std::ptrdiff_t part = 0; part < 8; ++part) {
    const ScaleAndMinimum s = scale_of_eight(scales, static_cast<int>(part));
    const float scale = d * static_cast<float>(s.scale), minimum = dmin * static_cast<float>(s.minimum);
    const std::uint8_t* bytes = quants + part / 2 * 32;
    const std::ptrdiff_t shift = part % 2 * 4;
    for (int i = 0; i < 32; ++i) {
      int q = bytes[i] >> shift & 15;
      if (bits == 5) q |= (high[i] >> part & 1) << 4;
      out[32 * part + i] = scale * static_cast<float>(q) - minimum;
    }
  }
}

// 128 bytes of the low four bits, 64 of the high two, 16 scales, d
void block_q6_k(const std::uint8_t* in, float* out) {
  const std::uint8_t *low = in, *high = in + 128, *scales = in + 192;
  const float d = half_at(in + 208);
  for (std::ptrdiff_t part = 0; part < 16; ++part) {
    const float scale = d * static_cast<float>(static_cast<std::int8_t>(scales[part]));
    const std::ptrdiff_t half = part / 8, quarter = part / 2 % 4, offset = part % 2 * 16;
    const std::uint8_t* nibbles = low + half * 64 + quarter % 2 * 32 + offset;
    const std::uint8_t* pairs = high + half * 32 + offset;
    for (int i = 0; i < 16; ++i) {
      const int q = (nibbles[i] >> (quarter / 2 * 4) & 15) | (pairs[i] >> (quarter * 2) & 3) << 4;
      out[16 * part + i] = scale * static_cast<float>(q - 32);
    }
  }
}

using BlockFunction = void (*)(const std::uint8_t*, float*);

BlockFunction block_function(DType dtype) {
  switch (dtype) {
    case DType::q8_0:
      return block_q8_0;
    case DType::q5_0:
      return block_of_32<5, false>;
    case DType::q5_1:
      return block_of_32<5, true>;
    case DType::q4_0:
      return block_of_32<4, false>;
    case DType::q4_1:
      return block_of_32<4, true>;
    case DType::q6_k:
      return block_q6_k;
    case DType::q5_k:
      return block_q45_k<5>;
    case DType::q4_k:
      return block_q45_k<4>;
    case DType::q3_k:
      return block_q3_k;
    case DType::q2_k:
      return block_q2_k;
    case DType::iq4_nl:
      return block_iq4_nl;
    case DType::iq4_xs:
      return block_iq4_xs;
    case DType::mxfp4:
      return block_mxfp4;
    case DType::nvfp4:
      return block_nvfp4;
    case DType::tq1_0:
      return block_tq1_0;
    case DType::tq2_0:
      return block_tq2_0;
    case DType::iq2_xxs:
      return block_iq2_xxs;
    case DType::iq2_xs:
      return block_iq2_xs;
    case DType::iq2_s:
      return block_iq2_s;
    case DType::iq3_xxs:
      return block_iq3_xxs;
    case DType::iq3_s:
      return block_iq3_s;
    case DType::fp4_high_first:
      return block_fp4_high_first;
    case DType::fp4_low_first:
      return block_fp4_low_first;
    default:
      throw Error(ErrorKind::internal, "checkpoint", std::string(dtype_name(dtype)) + " is not quantised");
  }
}

}  // namespace

void dequantise(DType dtype, const std::uint8_t* in, std::uint64_t blocks, float* out) {
  const BlockFunction function = block_function(dtype);
  const Block block = dtype_block(dtype);
  for (std::uint64_t i = 0; i < blocks; ++i) function(in + i * block.bytes, out + i * block.elements);
}

}  // namespace sora
