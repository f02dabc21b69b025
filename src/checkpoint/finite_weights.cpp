#include "checkpoint/finite_weights.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace sora {
namespace {

/// Numbers of a type are NaN or infinite where all of these bits are set, read as one little-endian number.
struct Exponent {
  std::size_t bytes = 0;  ///< 0: the type has no such numbers, or is not looked at
  std::uint64_t bits = 0;
};

Exponent exponent_of(DType dtype) {
  switch (dtype) {
    case DType::f64:
      return {8, 0x7ff0'0000'0000'0000};
    case DType::f32:
      return {4, 0x7f80'0000};
    case DType::f16:
      return {2, 0x7c00};
    case DType::bf16:
      return {2, 0x7f80};
    case DType::f8_e5m2:
      return {1, 0x7c};
    case DType::f8_e4m3:
      return {1, 0x7f};
    default:
      return {};
  }
}

bool has_one_not_finite(const std::vector<std::uint8_t>& bytes, const Exponent& exponent) {
  for (std::size_t at = 0; at + exponent.bytes <= bytes.size(); at += exponent.bytes) {
    std::uint64_t number = 0;
    std::memcpy(&number, bytes.data() + at, exponent.bytes);
    if ((number & exponent.bits) == exponent.bits) return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> tensor_not_finite(const Checkpoint& checkpoint) {
  constexpr std::uint64_t kAtOnce = 4 << 20;
  std::vector<std::uint8_t> bytes;
  for (const std::string& name : checkpoint.names()) {
    const TensorInfo& info = *checkpoint.find(name);
    const Exponent exponent = exponent_of(info.dtype);
    if (exponent.bytes == 0) continue;
    const std::uint64_t size = info.end - info.begin;
    for (std::uint64_t first = 0; first < size; first += kAtOnce) {
      bytes.resize(std::min(kAtOnce, size - first));
      checkpoint.read(name, first, bytes.size(), bytes.data());
      if (has_one_not_finite(bytes, exponent)) return name;
    }
  }
  return {};
}

}  // namespace sora
