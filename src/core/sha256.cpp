#include "core/sha256.h"

#include <openssl/evp.h>

#include <array>

#include "sora/error.h"

namespace sora {
namespace {

void check(bool worked) {
  if (!worked) throw Error(ErrorKind::internal, "sha256", "OpenSSL has no SHA-256; check its openssl.cnf");
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  check(context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

void Sha256::update(const void* data, std::size_t bytes) {
  check(EVP_DigestUpdate(context_.get(), data, bytes) == 1);
}

std::string Sha256::hex() const {
  Sha256 last;
  std::array<unsigned char, 32> digest{};
  check(EVP_MD_CTX_copy_ex(last.context_.get(), context_.get()) == 1 &&
        EVP_DigestFinal_ex(last.context_.get(), digest.data(), nullptr) == 1);
  std::string text;
  for (const unsigned char byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::string sha256_hex(std::string_view text) {
  Sha256 digest;
  digest.update(text.data(), text.size());
  return digest.hex();
}

}  // namespace sora
