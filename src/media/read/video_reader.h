// Reads videos and images as RGB frames. All pictures come into the program this way.
#pragma once

#include <array>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sora {

struct MediaFacts {
  std::string container;  ///< libav's name
  std::string codec;
  std::string pix_fmt;
  int width = 0;  ///< as shown: rotated, with square pixels
  int height = 0;
  int rotation = 0;         ///< clockwise, degrees, as the file says; frames are rotated already
  bool mirrored = false;    ///< as the file says; frames are mirrored already
  double pixel_aspect = 1;  ///< width of a stored pixel over its height
  double fps = 0;           ///< average; 0: not known, or an image
  double nominal_fps = 0;   ///< the lowest rate whose grid has all frames, by libav's guess
  bool variable_frame_rate = false;
  double duration = 0;                             ///< seconds, as claimed; 0: not known, or an image
  std::int64_t frames = 0;                         ///< as claimed; 0: not known
  std::string primaries, transfer, matrix, range;  ///< libav's names; unknown ones are "unknown"
  bool has_alpha = false;
  bool hdr = false;  ///< PQ or HLG
  bool interlaced = false;
  bool has_audio = false;
  std::string audio_codec;                      ///< libav's name; empty: no sound
  std::string audio_kind;                       ///< equal for sounds that can follow one another in a stream
  bool is_image = false;                        ///< a file format with one picture
  std::map<std::string, std::string> metadata;  ///< keys in lower case
};

enum class Fit {
  cover,    ///< fills the size; what is too long is cropped equally on both sides
  contain,  ///< nothing is cropped; bars of the background fill the rest
  stretch,  ///< fills the size, whatever the shape
};

struct ReadSettings {
  /// Size of the frames. Both 0: the file's own, as shown; one 0: it follows from the other.
  int width = 0;
  int height = 0;
  Fit fit = Fit::cover;
  /// sRGB, for transparent pixels and bars.
  std::array<std::uint8_t, 3> background{0, 0, 0};
  /// Frames per second to return: for each time the nearest frame of the file. 0: the file's own frames.
  double fps = 0;
  /// Part of the file, in seconds after its first frame; `end` is exclusive.
  double start = 0;
  double end = std::numeric_limits<double>::infinity();
};

struct VideoFrame {
  int width = 0;
  int height = 0;
  double time = 0;                ///< seconds after the first frame of the file
  std::vector<std::uint8_t> rgb;  ///< [height, width, 3], sRGB
};

/// Reads whatever libav decodes, from files that may come from anyone (Note [Strangers' files] in
/// input_file.h). Pixels are converted to sRGB: by the matrix and range that the file names (without a name,
/// BT.601 up to 576 lines and BT.709 above), rotated and with square pixels as the file says, alpha blended
/// over the background, HDR (PQ, HLG) tone-mapped with a warning. Scaling is Lanczos and antialiased. Colour
/// profiles (ICC) inside images are not applied, and where a GIF clears a part, libavcodec shows the file's
/// background colour unless that is the transparent one.
///
/// Not thread-safe. Frames are decoded on demand; memory does not grow with the length.
///
/// Errors: no_input; usage (a size or range that makes no sense); data (no video, of a kind that is not
/// supported, beyond a limit, or truncated: thrown after the last complete frame, with the time reached); io
/// (a read failed); unavailable (memory). A damaged packet in the middle is a warning.
class VideoReader {
 public:
  explicit VideoReader(const std::filesystem::path& path, const ReadSettings& settings = {});
  VideoReader(VideoReader&&) noexcept;
  VideoReader& operator=(VideoReader&&) noexcept;
  ~VideoReader();

  const MediaFacts& facts() const;

  /// The next frame; false after the last. An image gives one frame, whatever the rate.
  bool next(VideoFrame& frame);

  /// Continues at `seconds` after the file's first frame (within the settings' range), by the container's
  /// index where there is one. With settings.fps, next() returns frames for the times seconds + k / fps.
  void seek(double seconds);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

MediaFacts read_facts(const std::filesystem::path& path);

/// The first `count` frames of the settings' range, or as many as there are; the rest is not decoded.
std::vector<VideoFrame> read_first(const std::filesystem::path& path, const ReadSettings& settings,
                                   int count);

/// The last `count` frames of the file in the order of showing, or as many as there are. With settings.fps
/// their times count back from the file's last frame, so that the last returned frame is always that one; the
/// settings' range is ignored. Of a long file with an index only the end is decoded. A truncated file has no
/// last frame and is an error (data).
std::vector<VideoFrame> read_last(const std::filesystem::path& path, const ReadSettings& settings, int count);

/// The first picture of any file.
VideoFrame read_image(const std::filesystem::path& path, const ReadSettings& settings = {});

}  // namespace sora
