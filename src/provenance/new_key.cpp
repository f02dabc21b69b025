// C2PA wants a certificate that is not signed by itself, for signing only, with the purpose "claim signing";
// so there are two: a certificate authority, whose key is forgotten at once, and the one that signs.
#include "provenance/new_key.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

#include "provenance/openssl_pointers.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr const char* kOrganization = "sora-gen self-made";
constexpr const char* kAuthorityName = "sora-gen self-made authority";
constexpr const char* kPurposes = "1.3.6.1.4.1.62558.2.1,emailProtection";  // the first: C2PA claim signing
constexpr long kDays = 30 * 365;  // without a time stamp, credentials end with their certificate
constexpr int kSerialBits = 127;

void check(bool good, const char* what) {
  if (good) return;
  const char* reason = ERR_reason_error_string(ERR_get_error());
  throw Error(ErrorKind::internal, "credentials",
              std::string("no key could be made: ") + what + ": " + (reason != nullptr ? reason : "failed"));
}

Key new_key() {
  Key key(EVP_EC_gen("P-256"));
  check(key != nullptr, "key");
  return key;
}

void name(X509_NAME* name, const char* common_name) {
  const auto add = [&](const char* field, const char* text) {
    check(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text),
                                     -1, -1, 0) == 1,
          "name");
  };
  add("O", kOrganization);
  add("CN", common_name);
}

void number(X509* certificate) {
  const std::unique_ptr<BIGNUM, Release<BN_free>> random(BN_new());
  check(random && BN_rand(random.get(), kSerialBits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
            BN_to_ASN1_INTEGER(random.get(), X509_get_serialNumber(certificate)) != nullptr,
        "number");
}

void extend(X509* certificate, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Release<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value));
  check(extension && X509_add_ext(certificate, extension.get(), -1) == 1, value);
}

// Valid from the last midnight (UTC), so that the hour of a first use is nobody's business.
Certificate new_certificate(EVP_PKEY* key, const char* common_name) {
  constexpr std::time_t kDay = 24 * 60 * 60;
  Certificate certificate(X509_new());
  check(certificate != nullptr, "certificate");
  const std::time_t midnight = std::time(nullptr) / kDay * kDay;
  const bool set =
      X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
      ASN1_TIME_set(X509_getm_notBefore(certificate.get()), midnight) != nullptr &&
      ASN1_TIME_adj(X509_getm_notAfter(certificate.get()), midnight, static_cast<int>(kDays), 0) != nullptr &&
      X509_set_pubkey(certificate.get(), key) == 1;
  check(set, "certificate");
  number(certificate.get());
  name(X509_get_subject_name(certificate.get()), common_name);
  return certificate;
}

void sign(X509* certificate, X509* issuer, EVP_PKEY* key) {
  check(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
            X509_sign(certificate, key, EVP_sha256()) > 0,
        "signature");
}

}  // namespace

std::string new_key_with_certificates() {
  const Key authority_key = new_key(), key = new_key();
  const Certificate authority = new_certificate(authority_key.get(), kAuthorityName);
  extend(authority.get(), authority.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  extend(authority.get(), authority.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(authority.get(), authority.get(), NID_subject_key_identifier, "hash");
  sign(authority.get(), authority.get(), authority_key.get());

  const Certificate own = new_certificate(key.get(), kSelfMadeName);
  extend(own.get(), authority.get(), NID_basic_constraints, "critical,CA:FALSE");
  extend(own.get(), authority.get(), NID_key_usage, "critical,digitalSignature");
  extend(own.get(), authority.get(), NID_ext_key_usage, kPurposes);
  extend(own.get(), authority.get(), NID_subject_key_identifier, "hash");
  extend(own.get(), authority.get(), NID_authority_key_identifier, "keyid:always");
  sign(own.get(), authority.get(), authority_key.get());

  const std::unique_ptr<BIO, Release<BIO_free_all>> text(BIO_new(BIO_s_mem()));
  check(
      text &&
          PEM_write_bio_PKCS8PrivateKey(text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1 &&
          PEM_write_bio_X509(text.get(), own.get()) == 1 &&
          PEM_write_bio_X509(text.get(), authority.get()) == 1,
      "text");
  char* data = nullptr;
  const long bytes = BIO_get_mem_data(text.get(), &data);
  return {data, static_cast<std::size_t>(bytes)};
}

}  // namespace sora
