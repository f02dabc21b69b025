// Objects of OpenSSL that free themselves.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

namespace sora {

template <auto release>
struct Release {
  template <class T>
  void operator()(T* object) const {
    release(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Release<X509_free>>;

}  // namespace sora
