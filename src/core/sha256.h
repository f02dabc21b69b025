// SHA-256 (FIPS 180-4) by OpenSSL, for digests of outputs, jobs and models.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace sora {

class Sha256 {
 public:
  Sha256();

  void update(const void* data, std::size_t bytes);

  /// The digest of all bytes so far, as 64 lower-case hexadecimal digits. More bytes may be added afterwards.
  std::string hex() const;

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

std::string sha256_hex(std::string_view text);

}  // namespace sora
