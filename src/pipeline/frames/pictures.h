// Pictures beside a video: a contact sheet and a thumbnail, made while the frames are written.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "media/write/video_writer.h"
#include "sora/plan.h"

namespace sora {

/// Which frames a contact sheet shows, row by row without an empty place.
struct SheetLayout {
  std::vector<std::int64_t> frames;  ///< of the file, rising; the first and the last among them
  int columns = 1;
  int tile_width = 0;
  int tile_height = 0;
  int gap = 0;  ///< pixels around and between the tiles

  int rows() const { return static_cast<int>(frames.size()) / columns; }
  int width() const { return columns * (tile_width + gap) + gap; }
  int height() const { return rows() * (tile_height + gap) + gap; }
};

/// At most 16 frames, 25 above 10 s and 36 above a minute, each within 320 x 320 pixels, with its time in the
/// corner. A still is shown unchanged.
SheetLayout sheet_layout(std::int64_t frames, double fps, int width, int height);

/// Wraps `video` so that the pictures which the plan's request names are written too; returns `video` where
/// it names none. The files are opened at once, so that a name that cannot be written fails before the work.
/// Memory does not grow with the length of the video. finish() completes the video first and then the
/// pictures, each whole or not at all. `like` is the video's destination, whose `stop` and `seal` are theirs
/// too. Throws Error as open_writer().
std::unique_ptr<FrameWriter> with_pictures(const Plan& plan, std::unique_ptr<FrameWriter> video,
                                           const Destination& like = {});

}  // namespace sora
