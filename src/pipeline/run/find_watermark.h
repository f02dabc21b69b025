// Looks for the watermark in a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "sora/progress.h"
#include "watermark/read.h"

namespace sora {

/// Decodes the frames of a video or picture, until the payload of a mark is read, or `most` of them. Of a
/// long video not every frame is looked at. Memory does not grow with its length. Throws Error: no_input,
/// data (libav cannot read it), interrupted.
FoundWatermark find_watermark(const std::filesystem::path& file, const std::vector<WatermarkKey>& keys,
                              std::int64_t most, const StopRequest& stop);

}  // namespace sora
