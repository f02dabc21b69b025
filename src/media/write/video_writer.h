// Writes frames to a video or to images. All pictures leave the program this way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "media/video_settings.h"

namespace sora {

struct Written {
  std::int64_t frames = 0;
  std::uint64_t bytes = 0;
  std::string sha256;  ///< of all bytes; for a sequence, of its files one after another
};

/// Not thread-safe. If it is destroyed before finish(), nothing is left on disk.
class FrameWriter {
 public:
  virtual ~FrameWriter() = default;

  /// One frame, [source_height, source_width, 3] uint8 sRGB; `stride` is the distance of its rows in
  /// bytes. The frame is copied.
  virtual void write(const std::uint8_t* rgb, std::ptrdiff_t stride) = 0;

  /// The sound of settings.sounds[index] begins with the next frame and lasts up to end_sound(). Stills and
  /// raw frames have no sound.
  virtual void begin_sound(std::size_t index) {}
  virtual void end_sound() {}

  /// The next frames, up to end_clip(), are those of an input, and not made here.
  virtual void begin_clip() {}
  virtual void end_clip() {}

  /// Appends the coded frames of settings.copies[index]. After a copy that follows frames of write(), write()
  /// must not be called again.
  virtual void copy(std::size_t index) {}

  /// Writes what is left and gives the file its final name.
  virtual Written finish() = 0;
};

/// Opens the destination and the encoder. Encoding runs on its own thread behind a queue of a few
/// frames, so write() returns at once unless the encoder falls behind; an error of the encoder or the
/// disk is thrown by the next write() or finish().
///
/// The same frames and settings give the same bytes, whatever the number of cores.
/// Video is BT.709 limited range, tagged so; y4m, which has no such tag, is BT.601. To a pipe, mp4 is
/// fragmented and every fragment is at most half a second long; y4m and rgb24 are raw frames.
///
/// Errors: usage (odd size, names that do not fit), unavailable (no such encoder), cannot_create, io,
/// reader_gone (the other end of the pipe was closed).
std::unique_ptr<FrameWriter> open_writer(const VideoSettings& settings, const Destination& destination);

}  // namespace sora
