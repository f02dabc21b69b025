// A new key with certificates.
#pragma once

#include <string>

namespace sora {

/// The common name in self-made certificates.
constexpr const char* kSelfMadeName = "sora-gen self-made credential";

/// A new ES256 key, its certificate, and that of the certificate authority that signed it, as PEM one after
/// another. Throws Error (internal) when OpenSSL fails.
std::string new_key_with_certificates();

}  // namespace sora
