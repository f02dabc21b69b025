// Whether a file is shorter than its own structure says.
#pragma once

#include "core/file.h"

namespace sora {

/// Compares the file's length with the sizes that the outermost parts of the container claim: ISO media (mp4,
/// mov), Matroska, RIFF (AVI, WebP), PNG, GIF, JPEG. For formats without such sizes, such as MPEG streams, it
/// returns false.
bool ends_early(const File& file);

}  // namespace sora
