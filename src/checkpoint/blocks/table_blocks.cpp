#include <bit>
#include <cmath>
#include <cstddef>

#include "checkpoint/blocks/block_functions.h"

namespace sora {
namespace {

constexpr float kIq4[] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

// Twice the values of a number of one sign bit, two of exponent and one of mantissa.
constexpr float kFp4[] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

// `count` values from count / 2 bytes: the low nibbles come first, then the high ones.
void nibbles(const std::uint8_t* in, int count, float scale, const float* table, float* out) {
  for (int i = 0; i < count / 2; ++i) {
    out[i] = scale * table[in[i] & 15];
    out[i + count / 2] = scale * table[in[i] >> 4];
  }
}

// Half of 2^(exponent - 127).
float half_of_power(std::uint8_t exponent) {
  const std::uint32_t bits =
      exponent < 2 ? std::uint32_t{0x00200000} << exponent : static_cast<std::uint32_t>(exponent - 1) << 23;
  return std::bit_cast<float>(bits);
}

// Half of an unsigned number of four bits of exponent and three of mantissa.
float half_of_ue4m3(std::uint8_t bits) {
  if (bits == 0 || bits == 0x7f) return 0;
  const int exponent = bits >> 3 & 15;
  const auto mantissa = static_cast<float>(bits & 7);
  return exponent == 0 ? std::ldexp(mantissa, -10) : std::ldexp(1 + mantissa / 8, exponent - 8);
}

}  // namespace

void block_iq4_nl(const std::uint8_t* in, float* out) { nibbles(in + 2, 32, half_at(in), kIq4, out); }

// d, the upper two bits of eight scales, their lower four, eight parts of 32
void block_iq4_xs(const std::uint8_t* in, float* out) {
  const float d = half_at(in);
  const int high = in[2] | in[3] << 8;
  for (int part = 0; part < 8; ++part) {
    const int low = in[4 + part / 2] >> (part % 2 * 4) & 15;
    const int scale = (low | (high >> (2 * part) & 3) << 4) - 32;
    nibbles(in + 8 + 16 * part, 32, d * static_cast<float>(scale), kIq4, out + 32 * part);
  }
}

void block_mxfp4(const std::uint8_t* in, float* out) { nibbles(in + 1, 32, half_of_power(in[0]), kFp4, out); }

// Four scales, four parts of 16
void block_nvfp4(const std::uint8_t* in, float* out) {
  for (int part = 0; part < 4; ++part)
    nibbles(in + 4 + 8 * part, 16, half_of_ue4m3(in[part]), kFp4, out + 16 * part);
}

// 16 numbers, two neighbours a byte
void block_fp4_high_first(const std::uint8_t* in, float* out) {
  for (int i = 0; i < 8; ++i) {
    out[2 * i] = kFp4[in[i] >> 4] / 2;
    out[2 * i + 1] = kFp4[in[i] & 15] / 2;
  }
}

void block_fp4_low_first(const std::uint8_t* in, float* out) {
  for (int i = 0; i < 8; ++i) {
    out[2 * i] = kFp4[in[i] & 15] / 2;
    out[2 * i + 1] = kFp4[in[i] >> 4] / 2;
  }
}

// Values -1, 0, 1: five in a byte of `qs`, four in one of `qh`, as digits to the base of three of a fraction.
void block_tq1_0(const std::uint8_t* in, float* out) {
  const float d = half_at(in + 52);
  const auto digits = [&](const std::uint8_t* bytes, int count, int places) {
    int power = 1;
    for (int place = 0; place < places; ++place, power *= 3) {
      for (int i = 0; i < count; ++i) {
        const int shifted = bytes[i] * power & 255;
        *out++ = d * static_cast<float>((shifted * 3 >> 8) - 1);
      }
    }
  };
  digits(in, 32, 5);
  digits(in + 32, 16, 5);
  digits(in + 48, 4, 4);
}

// Values -1, 0, 1, two bits each
void block_tq2_0(const std::uint8_t* in, float* out) {
  const float d = half_at(in + 64);
  for (std::ptrdiff_t half = 0; half < 2; ++half) {
    for (int shift = 0; shift < 8; shift += 2) {
      for (int i = 0; i < 32; ++i) *out++ = d * static_cast<float>((in[32 * half + i] >> shift & 3) - 1);
    }
  }
}

}  // namespace sora
