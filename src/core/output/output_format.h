// The container, codec and pixel format of an output, from its name and the options --format, --codec and
// --pix-fmt. Names only: media/codecs.h knows which encoders the installed libav has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sora {

struct OutputFormat {
  std::string container;   ///< libav's name of the muxer (mp4, matroska, webm, mov, gif, avif), or png, jpg,
                           ///< webp, or y4m, rgb24 (raw frames)
  std::string codec;       ///< h264, hevc, av1, vp9, ffv1; gif, png, mjpeg, webp; rawvideo
  std::string pix_fmt;     ///< libav's name
  bool still = false;      ///< an image format: one frame a file
  bool animation = false;  ///< an image format whose file may also have more frames: webp, avif
  bool sequence = false;   ///< numbered files, as in frames/%05d.png
  int max_crf = 0;         ///< largest crf (the worst quality) of the codec; 0: it has no crf
};

/// The container comes from `format`, else from the extension of `path`; for "-" it is mp4. `format` may also
/// be an extension (mkv, jpeg). Codec and pixel format have defaults for each container. Throws Error (usage)
/// that lists the choices when a name is unknown or the three do not go together.
OutputFormat resolve_output(const std::string& path, const std::optional<std::string>& format = {},
                            const std::optional<std::string>& codec = {},
                            const std::optional<std::string>& pix_fmt = {});

/// Throws Error (usage) for a size that the pixel format cannot have: with subsampled chroma it must be even.
void check_size(const OutputFormat& format, int width, int height);

/// Whether a container can have sound of this codec (libav's names).
bool takes_sound(const std::string& container, const std::string& codec);

/// Whether coded frames of a clip and of our encoder can be spliced into one stream (--copy).
bool can_splice(const std::string& codec);

/// The name of file `number` of a sequence: %d and %05d become the number, %% a percent sign.
/// Sequences are numbered from 1, as ffmpeg does.
std::string sequence_name(const std::string& pattern, std::int64_t number);

struct FrameRate {
  int num = 0;
  int den = 1;
};

/// A decimal rate as an exact fraction: 23.976 is 24000/1001, 12.5 is 25/2. Throws Error (usage) unless it is
/// from 0.01 to 1000.
FrameRate frame_rate(double fps);

}  // namespace sora
