#include "core/git_digest.h"

#include <openssl/evp.h>

#include <array>

#include "sora/error.h"

namespace sora {
namespace {

void check(bool worked) {
  if (!worked) throw Error(ErrorKind::internal, "digest", "OpenSSL has no SHA-1; look at its openssl.cnf");
}

}  // namespace

void GitDigest::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

GitDigest::GitDigest(std::uint64_t length) : context_(EVP_MD_CTX_new()) {
  check(context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha1(), nullptr) == 1);
  const std::string head = "blob " + std::to_string(length);
  update(head.c_str(), head.size() + 1);  // with the zero byte
}

void GitDigest::update(const void* data, std::size_t bytes) {
  check(EVP_DigestUpdate(context_.get(), data, bytes) == 1);
}

std::string GitDigest::hex() const {
  GitDigest last(0);
  std::array<unsigned char, 20> digest{};
  check(EVP_MD_CTX_copy_ex(last.context_.get(), context_.get()) == 1 &&
        EVP_DigestFinal_ex(last.context_.get(), digest.data(), nullptr) == 1);
  std::string text;
  for (const unsigned char byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

}  // namespace sora
