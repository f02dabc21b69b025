// The mark of --visible-mark: the letters AI in a corner of every picture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "media/write/video_writer.h"

namespace sora {

/// Draws the mark into the lower right corner of a picture of RGB pixels. Its height is a twentieth of the
/// shorter side, and at least that of its letters in pixels; pictures too small for it have none.
void draw_mark(std::uint8_t* rgb, std::ptrdiff_t stride, int width, int height);

/// Draws the mark on all frames before they go on to `video`. Coded frames that are copied have none.
std::unique_ptr<FrameWriter> with_mark(std::unique_ptr<FrameWriter> video, int width, int height);

}  // namespace sora
