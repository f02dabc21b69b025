// The content credentials (C2PA) of a file, and what they prove.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace sora {

struct Credentials {
  enum class State {
    none,        ///< the file has no credentials
    unreadable,  ///< it has some, or the library failed: `problem` says why
    invalid,     ///< the file or its credentials were altered after they were signed, or never fitted
    untrusted,   ///< whole, and signed by someone who is on no trust list; anyone can sign like that
    trusted,     ///< whole, and signed by someone on the trust list
  };
  State state = State::none;
  bool altered = false;         ///< the contents are not those that were signed
  bool beside = false;          ///< they are in a file beside it
  bool own_key = false;         ///< signed with this user's own key
  bool self_made = false;       ///< by the certificate's name, which anyone can choose
  std::string problem;          ///< for people
  std::string signer;           ///< organization and name in the certificate
  std::string generator;        ///< program that made the claim
  std::string time;             ///< of a trusted time stamp; empty: there is none
  std::string source;           ///< trainedAlgorithmicMedia or another kind of digital source
  bool generated = false;       ///< the file, or a part of it, was made by a trained model or an algorithm
  bool from_generated = false;  ///< one of the files that it was made from was
  std::string model;            ///< as sora-gen's own credentials say
  std::string prompt;
  std::vector<std::string> ingredients;  ///< titles of the files that it was made from
  std::vector<std::string> faults;       ///< the library's codes: assertion.bmffHash.mismatch
};

/// The names of the states: none, unreadable, invalid, untrusted, trusted.
const char* state_name(Credentials::State state);

/// Reads and checks the credentials in a file, or in the file NAME.c2pa beside it. Never uses the network.
/// All texts are as the file has them: print them through one_line(). `trust_list`: PEM certificates of those
/// who are trusted; empty: nobody is. Throws Error: no_input, io, data (the file is no regular file),
/// unavailable (there is no library).
Credentials read_credentials(const std::filesystem::path& file, const std::string& trust_list = {});

}  // namespace sora
