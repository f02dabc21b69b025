// What the watermark says: 64 bits, of which 16 are a check.
//
//   bits 63..61  version of the watermark
//   bit  60      whether a key of one's own was used
//   bits 59..52  model class: the first two hexadecimal digits of the model's digest
//   bits 51..16  a random number, which follows from the seed: one seed, one number
//   bits 15..0   check of the others (CRC-16/CCITT)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sora {

constexpr int kWatermarkVersion = 1;

struct WatermarkPayload {
  int version = kWatermarkVersion;
  bool own_key = false;
  int model_class = 0;   ///< 0 to 255
  std::uint64_t id = 0;  ///< 36 bits

  bool operator==(const WatermarkPayload&) const = default;
};

/// The payload of a video: no person and no machine is in it.
WatermarkPayload payload_of(std::uint64_t seed, std::string_view model_digest, bool own_key);

std::uint64_t packed(const WatermarkPayload& payload);

/// Empty where the check does not fit.
std::optional<WatermarkPayload> unpacked(std::uint64_t bits);

/// All 64 bits, as 16 hexadecimal digits; and the random number alone, as 9.
std::string payload_text(const WatermarkPayload& payload);
std::string id_text(const WatermarkPayload& payload);

}  // namespace sora
