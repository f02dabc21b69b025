// Opens a video or image file that may come from anyone: which kinds are accepted, and how large they may be.
#pragma once

#include <cstdint>
#include <exception>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "core/file.h"
#include "media/av.h"
#include "media/read/image_header.h"

namespace sora {

// Note [Strangers' files]
// libav is given bytes and never a name: it reads through InputFile, and everything else that it tries to
// open (a playlist's parts, a QuickTime reference) is refused. The container is recognised by content, not by
// the file's name; container and decoder must be in the lists of input_file.cpp. Sizes are checked against
// these limits before a frame is decoded.
constexpr int kMostSide = 16384;                          // pixels
constexpr std::int64_t kMostPixels = 100'000'000;         // of a frame
constexpr int kMostStreams = 128;                         // of a file
constexpr double kMostSeconds = 7 * 24 * 3600.0;          // of a video
constexpr std::uint64_t kMostImageBytes = 256ULL << 20U;  // of an image file

class InputFile {
 public:
  /// Opens the file and reads its header. Throws no_input, data (the file is not accepted, and why), io.
  explicit InputFile(const std::filesystem::path& path);
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  AVFormatContext& format() const { return *format_; }
  /// The video stream, which is never the cover picture of a song.
  AVStream& video() const { return *video_; }
  bool has_audio() const;
  /// The sound that goes with the video; null: there is none.
  AVStream* sound() const;
  /// PNG, JPEG, WebP, TIFF, BMP and their like: one picture, not a video.
  bool is_image() const { return is_image_; }
  const ImageHeader& image() const { return image_; }
  const File& file() const { return file_; }

  /// Reads on until the streams' parameters are known; decodes the first frames, within the limits.
  void find_parameters();

  /// A decoder of the list for the video stream, not yet open. Throws data.
  const AVCodec* decoder() const;

  /// Throws the error of a failed read of the file, which libav only reports as a code.
  void rethrow() const;

 private:
  const AVInputFormat* find_format();
  void check_image();
  void check_duration() const;
  void open(const AVInputFormat* demuxer);

  static int on_read(void* self, std::uint8_t* data, int bytes);
  static std::int64_t on_seek(void* self, std::int64_t offset, int whence);
  static int on_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**);

  File file_;
  std::int64_t position_ = 0;
  std::exception_ptr error_;  // thrown inside libav's callbacks
  ImageHeader image_;
  bool is_image_ = false;
  av::IoPtr io_;
  av::InputPtr format_;
  AVStream* video_ = nullptr;
};

/// Throws data when a picture of that size is over the limits.
void check_size(const std::string& name, std::int64_t width, std::int64_t height);

/// Keys in lower case; of equal keys the first is kept.
void add_metadata(const AVDictionary* entries, std::map<std::string, std::string>& metadata);

}  // namespace sora
