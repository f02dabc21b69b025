// What Git calls a file's contents: SHA-1 of "blob LENGTH", a zero byte, and the bytes. The Hugging Face hub
// lists small files by it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

struct evp_md_ctx_st;

namespace sora {

class GitDigest {
 public:
  explicit GitDigest(std::uint64_t length);

  void update(const void* data, std::size_t bytes);

  /// The digest of all bytes so far as 40 lower-case hexadecimal digits.
  std::string hex() const;

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace sora
