// Temporary files without a name, for data that is too large for memory and private to the process.
#pragma once

#include <filesystem>

#include "core/unique_fd.h"

namespace sora {

/// Where temporary files go: TMPDIR, else /tmp.
std::filesystem::path temporary_folder();

/// Opens a file without a name in temporary_folder(), for reading and writing; it disappears when it is
/// closed. Not open, with errno set, if that fails.
UniqueFd open_unnamed_file();

}  // namespace sora
