// A digest that tells models apart without reading all of their weights.
#pragma once

#include <filesystem>
#include <string>

namespace sora {

/// SHA-256 (hexadecimal) over the names, sizes and contents of a folder's configs, tokenizers and weights; of
/// a file of more than 64 KiB sixteen samples of 4 KiB, evenly spread, its start and end among them. `path`
/// may be a single file. Two models whose weights differ everywhere, as after any training, differ in it; a
/// change of a few bytes in a large file may go unseen. Throws Error: no_input, io.
std::string model_digest(const std::filesystem::path& path);

}  // namespace sora
