// What the tests of src/media share: pictures to write, a folder of their own, and libav's decoders
// to look at what was written.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "core/output/output_format.h"
#include "file_contents.h"
#include "media/av.h"
#include "media/write/video_writer.h"
#include "temporary_folder.h"

namespace sora {

struct Picture {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> rgb;

  Picture() = default;
  Picture(int w, int h) : width(w), height(h), rgb(static_cast<std::size_t>(w) * h * 3) {}
  std::uint8_t* at(int x, int y) { return &rgb[(static_cast<std::size_t>(y) * width + x) * 3]; }
  const std::uint8_t* at(int x, int y) const { return &rgb[(static_cast<std::size_t>(y) * width + x) * 3]; }
};

/// A smooth picture that moves with `t`: what a video looks like to an encoder.
Picture moving_picture(int width, int height, int t);

/// Equal upright bars.
using Rgb = std::array<int, 3>;
Picture bars(int width, int height, const std::vector<Rgb>& colours);

struct Decoded {
  std::vector<double> times;  // seconds, of each frame
  std::vector<Picture> frames;
  double duration = 0;             // of the container, seconds
  double last_frame_duration = 0;  // seconds
  AVColorSpace matrix = AVCOL_SPC_UNSPECIFIED;
  AVColorRange range = AVCOL_RANGE_UNSPECIFIED;
  AVColorPrimaries primaries = AVCOL_PRI_UNSPECIFIED;
  AVColorTransferCharacteristic transfer = AVCOL_TRC_UNSPECIFIED;
  AVChromaLocation chroma = AVCHROMA_LOC_UNSPECIFIED;
  std::vector<std::array<std::vector<std::uint8_t>, 3>> planes;  // of 8-bit planar frames
};

/// Decodes a file; frames become RGB by the matrix and range that the file names.
Decoded decode(const std::filesystem::path& path);

double psnr(const Picture& a, const Picture& b);

/// Settings for a destination, with the defaults of its name.
VideoSettings settings_for(const std::string& path, int width, int height, double fps = 8,
                           std::optional<std::string> format = {}, std::optional<std::string> codec = {},
                           std::optional<std::string> pix_fmt = {});

Written write_pictures(const VideoSettings& settings, const Destination& destination,
                       const std::vector<Picture>& pictures);

/// Output of a shell command.
std::string run(const std::string& command);

class MediaTest : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      found.push_back(entry.path().filename());
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  const TemporaryFolder folder_;
};

/// The exit code and text of the Error that `f` throws.
template <class F>
std::pair<int, std::string> error_of(F&& f) {
  try {
    f();
  } catch (const Error& e) {
    return {e.exit_code(), e.what()};
  }
  return {0, "no error was thrown"};
}

}  // namespace sora
