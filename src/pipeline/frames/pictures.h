// The pictures beside a video: a contact sheet and a thumbnail, made of the frames on their way to the file.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "media/write/video_writer.h"
#include "sora/plan.h"

namespace sora {

/// Which frames a contact sheet shows and how they lie: row by row, every place taken.
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
/// corner. A still is shown as it is.
SheetLayout sheet_layout(std::int64_t frames, double fps, int width, int height);

/// `video` with the pictures that the plan's request names (or as it is when it names none): they are opened
/// at once, so that a name that cannot be written is found before the work. Memory does not grow with the
/// length of the video. finish() puts the video in place first and the pictures after it, each whole or not
/// at all. Throws Error as open_writer().
std::unique_ptr<FrameWriter> with_pictures(const Plan& plan, std::unique_ptr<FrameWriter> video);

}  // namespace sora
