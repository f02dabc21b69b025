// A video is shown before it gets its name, to whoever may refuse it.
#pragma once

#include <memory>

#include "media/write/video_writer.h"
#include "sora/generator.h"

namespace sora {

/// Passes frames on to `video`, and keeps small copies of some from all of them, at most 36 however many
/// come. finish() first writes these into one PNG picture in a folder of its own, gives it to `approve`, and
/// removes it; what `approve` throws leaves the video without a name. Frames are `width` x `height`.
std::unique_ptr<FrameWriter> with_review(std::unique_ptr<FrameWriter> video, int width, int height,
                                         const Approval& approve);

}  // namespace sora
