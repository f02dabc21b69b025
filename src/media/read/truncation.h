// Whether a file ends before its own structure says that it does.
#pragma once

#include "core/file.h"

namespace sora {

/// Reads the sizes that the container's outermost parts claim: ISO media (mp4, mov), Matroska, RIFF (AVI,
/// WebP), PNG, GIF, JPEG. Formats without such sizes, MPEG streams among them, are never called truncated.
bool ends_early(const File& file);

}  // namespace sora
