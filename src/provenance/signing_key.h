// Keys and certificates that credentials are signed with.
#pragma once

#include <filesystem>
#include <string>

namespace sora {

struct SigningKey {
  std::string algorithm;     ///< es256, es384, es512, ps256 or ed25519: the library's names
  std::string key;           ///< PEM; never printed
  std::string certificates;  ///< PEM, the key's own first
  bool self_made = false;    ///< by users_signing_key()
};

/// Where the user's own key is: config_folder()/keys/signing.pem. Empty without a home folder.
std::filesystem::path users_key_file();

/// The user's own key. It is made when there is none: an ES256 key, its certificate, and that of a
/// certificate authority of its own, whose key is thrown away; they name neither person nor machine. Folder
/// and file are for the user alone (700, 600), and appear whole; of two processes at once, one makes it and
/// both use it. Throws Error: unavailable (no home folder, others can read the file, it is damaged),
/// cannot_create, io.
SigningKey users_signing_key();

/// A key and its certificates from two PEM files. Throws Error: no_input, io, data (no key that the library
/// can sign with, one with a passphrase, certificates of another key).
SigningKey read_signing_key(const std::filesystem::path& key, const std::filesystem::path& certificates);

}  // namespace sora
