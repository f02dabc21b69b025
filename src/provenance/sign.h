// Signing: content credentials (C2PA) for an output.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "provenance/signing_key.h"

namespace sora {

/// A file that an output was made from.
struct Ingredient {
  enum class Role {
    opened,  ///< the output is this file, edited; at most one
    placed,  ///< its frames are in the output
    input,   ///< it was shown to the model
  };
  std::filesystem::path path;
  std::string title;  ///< a name for people, without folders
  Role role = Role::input;
};

/// What the credentials of an output say.
struct Statement {
  std::string title;
  std::string verb;
  std::string model;
  std::string model_digest;
  std::optional<std::string> prompt;
  bool composite = false;  ///< frames of an ingredient are in it beside those of the model
  std::vector<Ingredient> ingredients;
};

/// What is signed, as the library's manifest definition, but for the ingredients, whose labels are input-1,
/// input-2, ...
nlohmann::ordered_json manifest_definition(const Statement& statement, const std::string& media_type);

/// Writes `source` with its credentials in it into `target`, which exists and is empty. An ingredient's own
/// credentials are kept; where it cannot be read, its name alone is recorded. Works in a child process.
/// Throws Error: unavailable, io.
void sign_file(const std::filesystem::path& source, const std::filesystem::path& target,
               const std::string& media_type, const Statement& statement, const SigningKey& key);

/// Signs something with a key, so that a key that the library does not take is found before any work. Throws
/// Error (unavailable).
void try_key(const SigningKey& key);

/// The credentials of `source` as the contents of a file beside it.
std::string credentials_for(const std::filesystem::path& source, const std::string& media_type,
                            const Statement& statement, const SigningKey& key);

}  // namespace sora
