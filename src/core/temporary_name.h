// Names of the hidden files that outputs are written under, and the removal of those that nobody writes any
// more.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace sora {

/// How many bytes a name may have in a folder; 255 where that is not known.
std::size_t longest_name(const std::filesystem::path& folder);

/// A new name for a temporary of `file` in `folder`, no longer than names may be there:
/// ".clip.mp4.1234-k3xw7a@node7.part" is written by process 1234 of the machine node7.
std::string temporary_name(const std::filesystem::path& folder, const std::string& file);

/// Removes what killed processes of this machine left in a folder. What another machine writes there stays:
/// whether its process lives, and holds its lock, cannot be seen on every shared file system.
void remove_left_over(const std::filesystem::path& folder);

}  // namespace sora
