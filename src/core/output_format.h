// From an output's name and the options --format, --codec and --pix-fmt to a container, a codec and a
// pixel format. Names only: whether the installed libav has the encoder is asked in media/codecs.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sora {

struct OutputFormat {
  std::string container;  ///< libav's name of the muxer (mp4, matroska, webm, mov, gif), or png, jpg, webp,
                          ///< or y4m, rgb24 (raw frames)
  std::string codec;      ///< h264, hevc, av1, vp9, ffv1; gif, png, mjpeg, webp; rawvideo
  std::string pix_fmt;    ///< libav's name
  bool still = false;     ///< an image format: one frame a file
  bool sequence = false;  ///< the name numbers its files, as in frames/%05d.png
  int max_crf = 0;        ///< worst quality of the codec's scale from 0; 0 where crf has no meaning
};

/// Resolves what is left open: the container from `format`, else from the extension of `path`, mp4 for
/// "-"; the codec and pixel format from the container. `format` may also be an extension (mkv, jpeg).
/// Throws usage, naming the choices, when a name is unknown or the three do not go together.
OutputFormat resolve_output(const std::string& path, const std::optional<std::string>& format = {},
                            const std::optional<std::string>& codec = {},
                            const std::optional<std::string>& pix_fmt = {});

/// Refuses (usage) a size that the pixel format cannot have: with halved chroma it must be even.
void check_size(const OutputFormat& format, int width, int height);

/// Whether a container takes sound of this codec (libav's names) as it is.
bool takes_sound(const std::string& container, const std::string& codec);

/// Whether coded frames of a clip and those of an encoder can stand in one stream (--copy).
bool joins_coded_frames(const std::string& codec);

/// Every codec that a container takes, the default first.
std::vector<std::string> codecs_of(const std::string& container);

/// The name of file `number` of a sequence: %d and %05d become the number, %% a percent sign.
/// Sequences are numbered from 1, as ffmpeg does.
std::string sequence_name(const std::string& pattern, std::int64_t number);

struct FrameRate {
  int num = 0;
  int den = 1;
};

/// The exact rate that a decimal stands for: 23.976 is 24000/1001, 12.5 is 25/2. Throws usage unless
/// it lies in 0.01..1000.
FrameRate frame_rate(double fps);

}  // namespace sora
