// Names of the hidden temporary files of outputs, and the removal of those that killed processes left.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace sora {

/// The largest number of bytes in a file name in this folder; 255 where that is not known.
std::size_t longest_name(const std::filesystem::path& folder);

/// A new name for a temporary file of `file` in `folder`, at most longest_name() bytes long.
/// ".clip.mp4.1234-k3xw7a@node7.part" belongs to process 1234 of the machine node7.
std::string temporary_name(const std::filesystem::path& folder, const std::string& file);

/// Removes temporary files that killed processes of this machine left in a folder. Those of other machines
/// stay: on some shared file systems their processes and locks cannot be seen from here.
void remove_left_over(const std::filesystem::path& folder);

}  // namespace sora
