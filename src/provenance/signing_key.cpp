#include "provenance/signing_key.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "core/file.h"
#include "core/folders.h"
#include "core/unique_fd.h"
#include "provenance/new_key.h"
#include "provenance/openssl_pointers.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr std::uint64_t kMostBytes = 1 << 16;  // of a PEM file

using Bio = std::unique_ptr<BIO, Release<BIO_free_all>>;

[[noreturn]] void fail(ErrorKind kind, const std::string& message) {
  throw Error(kind, "credentials", message);
}

// A reader of PEM that asks for no passphrase: this program may have no terminal.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

// The library's name of the algorithm for this key; empty: it has none.
std::string algorithm_of(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "ED25519") == 1) return "ed25519";
  if (EVP_PKEY_is_a(key, "RSA") == 1 || EVP_PKEY_is_a(key, "RSA-PSS") == 1)
    return EVP_PKEY_get_bits(key) >= 2048 ? "ps256" : "";
  if (EVP_PKEY_is_a(key, "EC") != 1) return {};
  char group[64]{};
  if (EVP_PKEY_get_group_name(key, group, sizeof group, nullptr) != 1) return {};
  const std::string name = group;
  if (name == "prime256v1") return "es256";
  if (name == "secp384r1") return "es384";
  return name == "secp521r1" ? "es512" : "";
}

std::string pem_of(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  char* data = nullptr;
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    fail(ErrorKind::internal, "a key cannot be written as PEM");
  const long bytes = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(bytes)};
}

// All certificates of a text as PEM, the first of which has to be the key's.
std::string certificates_of(const std::string& text, EVP_PKEY* key, const std::string& name) {
  const Bio in(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))), out(BIO_new(BIO_s_mem()));
  int count = 0;
  for (;; ++count) {
    const Certificate certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
    if (!certificate) break;
    if (count == 0 && X509_check_private_key(certificate.get(), key) != 1) {
      ERR_clear_error();
      fail(ErrorKind::data,
           name + ": its first certificate is not that of the key; give the key's own first");
    }
    PEM_write_bio_X509(out.get(), certificate.get());
  }
  ERR_clear_error();
  if (count == 0) fail(ErrorKind::data, name + ": has no certificate, expected PEM (BEGIN CERTIFICATE)");
  char* data = nullptr;
  const long bytes = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(bytes)};
}

SigningKey parse(const std::string& key_text, const std::string& key_name, const std::string& text,
                 const std::string& name) {
  const Bio bio(BIO_new_mem_buf(key_text.data(), static_cast<int>(key_text.size())));
  bool asked = false;
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, &asked));
  ERR_clear_error();
  if (!key && asked) {
    fail(ErrorKind::data, key_name +
                              ": the key has a passphrase; give one without, in a file that only you "
                              "can read (openssl pkey -in " +
                              key_name + " -out ...)");
  }
  if (!key) fail(ErrorKind::data, key_name + ": has no private key, expected PEM (BEGIN PRIVATE KEY)");
  SigningKey signing;
  signing.algorithm = algorithm_of(key.get());
  if (signing.algorithm.empty()) {
    fail(ErrorKind::data, key_name +
                              ": C2PA knows no signatures of such a key; expected ECDSA of P-256, P-384 "
                              "or P-521, Ed25519, or RSA of at least 2048 bits");
  }
  signing.key = pem_of(key.get());
  signing.certificates = certificates_of(text, key.get(), name);
  return signing;
}

void make_folder(const fs::path& folder) {
  std::error_code code;
  fs::create_directories(folder.parent_path(), code);
  if (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return;
  fail(ErrorKind::cannot_create, folder.string() + ": cannot be created: " + std::strerror(errno));
}

void write_all(int fd, const std::string& text, const fs::path& file) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail(ErrorKind::io, file.string() + ": write failed: " + std::strerror(errno));
    done += static_cast<std::size_t>(n);
  }
  if (::fsync(fd) != 0 && errno != EINVAL)
    fail(ErrorKind::io, file.string() + ": sync failed: " + std::strerror(errno));
}

// Written under another name and then given its own, unless another process was faster.
void make_key_file(const fs::path& file) {
  make_folder(file.parent_path());
  std::string name = file.string() + ".XXXXXX";
  UniqueFd fd(::mkostemp(name.data(), O_CLOEXEC));  // with mode 600
  if (!fd) fail(ErrorKind::cannot_create, file.string() + ": cannot be created: " + std::strerror(errno));
  struct Removed {
    const std::string& name;
    ~Removed() { ::unlink(name.c_str()); }
  } removed{name};
  ::fchmod(fd.get(), 0600);
  write_all(fd.get(), new_key_with_certificates(), file);
  fd.reset();
  if (::renameat2(AT_FDCWD, name.c_str(), AT_FDCWD, file.c_str(), RENAME_NOREPLACE) == 0) return;
  if (errno == EEXIST || ::link(name.c_str(), file.c_str()) == 0 || errno == EEXIST) return;
  fail(ErrorKind::cannot_create, file.string() + ": cannot be created: " + std::strerror(errno));
}

}  // namespace

fs::path users_key_file() {
  const fs::path folder = config_folder();
  return folder.empty() ? fs::path() : folder / "keys" / "signing.pem";
}

SigningKey users_signing_key() {
  const fs::path file = users_key_file();
  if (file.empty()) {
    fail(ErrorKind::unavailable,
         "there is no home folder for a key (HOME and XDG_CONFIG_HOME are not set); give --sign-key and "
         "--sign-cert");
  }
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) {
    make_key_file(file);
    if (::stat(file.c_str(), &info) != 0)
      fail(ErrorKind::io, file.string() + ": cannot be read: " + std::strerror(errno));
  }
  if ((info.st_mode & 077) != 0) {
    fail(ErrorKind::unavailable,
         file.string() +
             ": others can read this key; if nobody did, chmod 600 it, else remove it, and a new "
             "one is made");
  }
  try {
    const std::string text = read_text(file, "credentials", kMostBytes);
    SigningKey signing = parse(text, file.string(), text, file.string());
    signing.self_made = true;
    return signing;
  } catch (const Error& error) {
    fail(ErrorKind::unavailable, error.message() + "; remove the file, and a new key is made");
  }
}

SigningKey read_signing_key(const fs::path& key, const fs::path& certificates) {
  return parse(read_text(key, "credentials", kMostBytes), key.string(),
               read_text(certificates, "credentials", kMostBytes), certificates.string());
}

}  // namespace sora
