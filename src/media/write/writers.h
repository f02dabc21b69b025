// The kinds of FrameWriter that open_writer() chooses from. They run on the caller's thread, and expect
// 64 bytes of padding after each row.
#pragma once

#include <memory>

#include "media/write/video_writer.h"

namespace sora {

/// A video through an encoder and a muxer.
std::unique_ptr<FrameWriter> make_movie_writer(const VideoSettings& settings, const Destination& destination);

/// One image, or a file for each frame when the destination's name has a number.
std::unique_ptr<FrameWriter> make_image_writer(const VideoSettings& settings, const Destination& destination);

/// An AVIF file for each frame.
std::unique_ptr<FrameWriter> make_avif_sequence(const VideoSettings& settings,
                                                const Destination& destination);

/// One WebP, still or animated.
std::unique_ptr<FrameWriter> make_webp_writer(const VideoSettings& settings, const Destination& destination);

/// YUV4MPEG2 or bare RGB frames.
std::unique_ptr<FrameWriter> make_raw_writer(const VideoSettings& settings, const Destination& destination);

/// Runs `inner` on a thread of its own behind a short queue.
std::unique_ptr<FrameWriter> make_queued_writer(std::unique_ptr<FrameWriter> inner, int width, int height);

}  // namespace sora
