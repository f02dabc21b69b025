// Content credentials for people and for programs.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "provenance/credentials.h"

namespace sora {

/// As read_credentials(); without the library, credentials of the state `unreadable` that say so.
Credentials look_for_credentials(const std::filesystem::path& file, const std::string& trust_list = {});

/// Whether they say that the file, or one that it was made from, was made by a generator.
bool say_generated(const Credentials& credentials);

/// Lines that say what they are and what that proves. Texts of the file are in them: for write_stdout().
std::vector<std::string> credentials_lines(const Credentials& credentials);

nlohmann::ordered_json credentials_json(const Credentials& credentials);

}  // namespace sora
