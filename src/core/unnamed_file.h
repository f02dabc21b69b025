// Files without a name, for what is too large for memory and nobody else's business.
#pragma once

#include <filesystem>

#include "core/unique_fd.h"

namespace sora {

/// Where temporary files go: TMPDIR, else /tmp.
std::filesystem::path temporary_folder();

/// Opens a file without a name there, for reading and writing; it is gone when it is closed. None, and
/// errno, where there can be none.
UniqueFd open_unnamed_file();

}  // namespace sora
