// What the tests of the readers share: files made by the ffmpeg program, and reading them whole.
#pragma once

#include <cmath>

#include "media/media_test.h"
#include "media/read/video_reader.h"

namespace sora {

class ReaderTest : public MediaTest {
 protected:
  void SetUp() override {
    if (run("which ffmpeg").empty()) GTEST_SKIP() << "no ffmpeg here to make the files";
  }

  /// Runs ffmpeg; the last argument is the file's name in the test's folder, whose path comes back.
  std::string ffmpeg(const std::string& arguments, const std::string& name) const {
    const std::string file = path(name);
    const std::string command = "ffmpeg -nostdin -v error -y " + arguments + " '" + file + "' 2>&1";
    const std::string said = run(command);
    if (!std::filesystem::exists(file)) ADD_FAILURE() << command << "\n" << said;
    return file;
  }

  /// A picture as a PNG, for ffmpeg to start from.
  std::string png(const std::string& name, const Picture& picture) const {
    write_pictures(settings_for(name, picture.width, picture.height), {path(name), true}, {picture});
    return path(name);
  }

  std::string file_of(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }
};

inline Picture picture_of(const VideoFrame& frame) {
  Picture picture(frame.width, frame.height);
  picture.rgb = frame.rgb;
  return picture;
}

inline std::vector<VideoFrame> read_all(const std::string& path, const ReadSettings& settings = {}) {
  VideoReader reader(path, settings);
  std::vector<VideoFrame> frames;
  for (VideoFrame frame; reader.next(frame);) frames.push_back(frame);
  return frames;
}

inline std::array<int, 3> pixel(const VideoFrame& frame, int x, int y) {
  const std::uint8_t* p = &frame.rgb[(static_cast<std::size_t>(y) * frame.width + x) * 3];
  return {p[0], p[1], p[2]};
}

/// The largest difference of a channel.
inline int distance(const std::array<int, 3>& a, const std::array<int, 3>& b) {
  int most = 0;
  for (std::size_t c = 0; c < 3; ++c) most = std::max(most, std::abs(a[c] - b[c]));
  return most;
}

}  // namespace sora
