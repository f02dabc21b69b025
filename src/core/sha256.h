// SHA-256 (FIPS 180-4), for digests of outputs, jobs and models.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sora {

class Sha256 {
 public:
  void update(const void* data, std::size_t bytes);

  /// The digest of all bytes so far as 64 lower-case hexadecimal digits. More may follow.
  std::string hex() const;

 private:
  void block(const std::uint8_t* data);

  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::uint8_t, 64> pending_{};
  std::uint64_t bytes_ = 0;
};

std::string sha256_hex(std::string_view text);

}  // namespace sora
