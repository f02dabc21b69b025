#include "watermark/payload.h"

#include <cstdlib>

#include "core/sha256.h"

namespace sora {
namespace {

constexpr int kIdBits = 36, kCheckBits = 16;
constexpr std::uint64_t kIdMask = (std::uint64_t{1} << kIdBits) - 1;

std::uint16_t check_of(std::uint64_t bits48) {
  std::uint16_t check = 0xffff;
  for (int shift = 40; shift >= 0; shift -= 8) {
    check ^= static_cast<std::uint16_t>(((bits48 >> shift) & 0xff) << 8);
    for (int i = 0; i < 8; ++i)
      check = static_cast<std::uint16_t>((check << 1) ^ ((check & 0x8000) != 0 ? 0x1021 : 0));
  }
  return check;
}

}  // namespace

WatermarkPayload payload_of(std::uint64_t seed, std::string_view model_digest, bool own_key) {
  WatermarkPayload payload;
  payload.own_key = own_key;
  payload.model_class =
      static_cast<int>(std::strtoul(std::string(model_digest.substr(0, 2)).c_str(), nullptr, 16));
  const std::string digest = sha256_hex("sora-gen watermark, seed " + std::to_string(seed));
  payload.id = std::strtoull(digest.substr(0, 16).c_str(), nullptr, 16) & kIdMask;
  return payload;
}

std::uint64_t packed(const WatermarkPayload& payload) {
  const std::uint64_t bits48 =
      (static_cast<std::uint64_t>(payload.version & 7) << 45) | (std::uint64_t{payload.own_key} << 44) |
      (static_cast<std::uint64_t>(payload.model_class & 0xff) << kIdBits) | (payload.id & kIdMask);
  return (bits48 << kCheckBits) | check_of(bits48);
}

std::optional<WatermarkPayload> unpacked(std::uint64_t bits) {
  const std::uint64_t bits48 = bits >> kCheckBits;
  if (check_of(bits48) != (bits & 0xffff)) return {};
  WatermarkPayload payload;
  payload.version = static_cast<int>(bits48 >> 45);
  payload.own_key = ((bits48 >> 44) & 1) != 0;
  payload.model_class = static_cast<int>((bits48 >> kIdBits) & 0xff);
  payload.id = bits48 & kIdMask;
  return payload;
}

namespace {

std::string hex_text(std::uint64_t bits, int digits) {
  std::string text;
  for (int i = digits - 1; i >= 0; --i) text += "0123456789abcdef"[(bits >> (4 * i)) & 15];
  return text;
}

}  // namespace

std::string payload_text(const WatermarkPayload& payload) { return hex_text(packed(payload), 16); }

std::string id_text(const WatermarkPayload& payload) { return hex_text(payload.id, kIdBits / 4); }

}  // namespace sora
