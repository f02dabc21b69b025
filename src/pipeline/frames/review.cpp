#include "pipeline/frames/review.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "core/output/output_format.h"
#include "core/output/private_folder.h"
#include "media/rgb_picture.h"
#include "plan/geometry/size.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr int kTileBox = 320;
constexpr std::size_t kMostTiles = 36;

void write_png(const RgbPicture& picture, const fs::path& path) {
  const OutputFormat format = resolve_output(path.string());
  VideoSettings settings;
  settings.source_width = settings.width = picture.width;
  settings.source_height = settings.height = picture.height;
  settings.frames = 1;
  settings.fps = 1;
  settings.container = format.container;
  settings.codec = format.codec;
  settings.pix_fmt = format.pix_fmt;
  Destination destination;
  destination.path = path.string();
  const auto writer = open_writer(settings, destination);
  writer->write(picture.rgb.data(), static_cast<std::ptrdiff_t>(picture.width) * 3);
  writer->finish();
}

class ReviewWriter final : public FrameWriter {
 public:
  ReviewWriter(std::unique_ptr<FrameWriter> video, int width, int height, Approval approve)
      : video_(std::move(video)),
        width_(width),
        height_(height),
        tile_(fitted({width, height}, {kTileBox, kTileBox})),
        approve_(std::move(approve)) {}

  void write(const std::uint8_t* rgb, std::ptrdiff_t stride) override {
    video_->write(rgb, stride);
    last_ = resampled(rgb, stride, width_, height_, tile_.width, tile_.height);
    if (frames_++ % every_ != 0) return;
    tiles_.push_back(last_);
    if (tiles_.size() < kMostTiles) return;
    for (std::size_t i = 1; 2 * i < tiles_.size(); ++i) tiles_[i] = std::move(tiles_[2 * i]);
    tiles_.resize((tiles_.size() + 1) / 2);
    every_ *= 2;
  }

  void begin_sound(std::size_t index) override { video_->begin_sound(index); }
  void end_sound() override { video_->end_sound(); }
  void copy(std::size_t index) override { video_->copy(index); }

  Written finish() override {
    if (frames_ > 0 && (frames_ - 1) % every_ != 0) tiles_.push_back(std::move(last_));
    if (!tiles_.empty()) {
      const PrivateFolder folder("output");
      const fs::path path = folder.path() / "frames.png";
      write_png(sheet(), path);
      approve_(path);
    }
    return video_->finish();
  }

 private:
  RgbPicture sheet() const {
    const int columns = static_cast<int>(std::ceil(std::sqrt(static_cast<double>(tiles_.size()))));
    const int rows = (static_cast<int>(tiles_.size()) + columns - 1) / columns;
    RgbPicture picture{columns * tile_.width, rows * tile_.height, {}};
    const auto row = static_cast<std::size_t>(tile_.width) * 3;
    picture.rgb.resize(row * static_cast<std::size_t>(columns) * static_cast<std::size_t>(picture.height));
    for (std::size_t i = 0; i < tiles_.size(); ++i) {
      const auto left = i % static_cast<std::size_t>(columns);
      const auto top = i / static_cast<std::size_t>(columns) * static_cast<std::size_t>(tile_.height);
      for (std::size_t y = 0; y < static_cast<std::size_t>(tile_.height); ++y) {
        std::memcpy(&picture.rgb[((top + y) * static_cast<std::size_t>(columns) + left) * row],
                    &tiles_[i].rgb[y * row], row);
      }
    }
    return picture;
  }

  std::unique_ptr<FrameWriter> video_;
  int width_, height_;
  Size tile_;
  Approval approve_;
  std::vector<RgbPicture> tiles_;  // of every `every_`-th frame
  RgbPicture last_;
  std::int64_t frames_ = 0;
  std::int64_t every_ = 1;
};

}  // namespace

std::unique_ptr<FrameWriter> with_review(std::unique_ptr<FrameWriter> video, int width, int height,
                                         const Approval& approve) {
  return std::make_unique<ReviewWriter>(std::move(video), width, height, approve);
}

}  // namespace sora
