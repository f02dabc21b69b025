// A digest of a model that does not read all of its weights.
#pragma once

#include <filesystem>
#include <string>

namespace sora {

/// SHA-256 (hexadecimal) over the names, sizes and contents of a folder's configs, tokenizers and weights. Of
/// a file of more than 64 KiB, sixteen evenly spread samples of 4 KiB are hashed, its start and end among
/// them. `path` may be a single file. Any training changes all weights and so the digest; a change of a few
/// bytes in a large file may not. Throws Error: no_input, io.
std::string model_digest(const std::filesystem::path& path);

}  // namespace sora
