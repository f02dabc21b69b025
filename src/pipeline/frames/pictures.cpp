#include "pipeline/frames/pictures.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>

#include "core/output/output_format.h"
#include "media/rgb_picture.h"
#include "pipeline/frames/time_stamp.h"
#include "plan/geometry/size.h"
#include "plan/metadata.h"
#include "plan/verbs/file_frames.h"

namespace sora {
namespace {

constexpr int kTileBox = 320;
constexpr int kGap = 4;
constexpr std::uint8_t kBackground = 20;
constexpr int kThumbnailWidth = 480;

// Opens a picture file of this size for pictures of size `source`.
std::unique_ptr<FrameWriter> open_picture(const Plan& plan, Destination to, Size source, Size size) {
  OutputFormat format = resolve_output(to.path);
  const bool odd = size.width % 2 != 0 || size.height % 2 != 0;
  if (odd && format.container == "avif") format = resolve_output(to.path, {}, {}, "yuv444p");
  VideoSettings settings;
  settings.source_width = source.width;
  settings.source_height = source.height;
  settings.width = size.width;
  settings.height = size.height;
  settings.frames = 1;
  settings.fps = 1;
  settings.container = format.container;
  settings.codec = format.codec;
  settings.pix_fmt = format.pix_fmt;
  settings.metadata = {{"comment", file_metadata(plan)}};
  to.overwrite = plan.request.overwrite;
  return open_writer(settings, to);
}

void write_picture(FrameWriter& writer, const RgbPicture& picture) {
  writer.write(picture.rgb.data(), static_cast<std::ptrdiff_t>(picture.width) * 3);
  writer.finish();
}

class ContactSheet {
 public:
  ContactSheet(const Plan& plan, const Destination& to)
      : plan_(plan),
        frames_(file_frames(plan)),
        layout_(sheet_layout(frames_, plan.timeline.fps, plan.picture.width, plan.picture.height)) {
    const Size size{layout_.width(), layout_.height()};
    Size source = size;
    if (frames_ == 1) {  // the writer resamples it exactly as it does the still itself
      source = {plan.picture.frame_width, plan.picture.frame_height};
      layout_.tile_width = source.width;
      layout_.tile_height = source.height;
    }
    writer_ = open_picture(plan, to, source, size);
    sheet_ = {source.width, source.height, {}};
    sheet_.rgb.assign(static_cast<std::size_t>(sheet_.width) * static_cast<std::size_t>(sheet_.height) * 3,
                      kBackground);
  }

  void take(std::int64_t frame, const std::uint8_t* rgb, std::ptrdiff_t stride) {
    if (next_ == layout_.frames.size() || frame != layout_.frames[next_]) return;
    RgbPicture tile = resampled(rgb, stride, plan_.picture.frame_width, plan_.picture.frame_height,
                                layout_.tile_width, layout_.tile_height);
    if (frames_ > 1) {
      draw_stamp(tile, time_stamp(static_cast<double>(frame) / plan_.timeline.fps,
                                  static_cast<double>(frames_) / plan_.timeline.fps));
    }
    const auto place = static_cast<int>(next_++);
    const int left = layout_.gap + place % layout_.columns * (layout_.tile_width + layout_.gap);
    const int top = layout_.gap + place / layout_.columns * (layout_.tile_height + layout_.gap);
    const auto row = static_cast<std::size_t>(tile.width) * 3;
    for (int y = 0; y < tile.height; ++y) {
      const auto to = (static_cast<std::size_t>(top + y) * static_cast<std::size_t>(sheet_.width) +
                       static_cast<std::size_t>(left)) *
                      3;
      std::memcpy(&sheet_.rgb[to], &tile.rgb[row * static_cast<std::size_t>(y)], row);
    }
  }

  void finish() { write_picture(*writer_, sheet_); }

 private:
  const Plan& plan_;
  std::int64_t frames_;  // as clips say; they may have fewer
  SheetLayout layout_;
  std::unique_ptr<FrameWriter> writer_;
  RgbPicture sheet_;
  std::size_t next_ = 0;
};

// How much detail a picture has: contrast times sharpness, both of the luma, both per pixel.
double interest(const RgbPicture& picture) {
  const auto luma = [&](int x, int y) {
    const auto at = (static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width) +
                     static_cast<std::size_t>(x)) *
                    3;
    const std::uint8_t* p = &picture.rgb[at];
    return 0.2126 * p[0] + 0.7152 * p[1] + 0.0722 * p[2];
  };
  double sum = 0, squares = 0, detail = 0;
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      const double here = luma(x, y);
      sum += here;
      squares += here * here;
      if (x > 0) detail += std::abs(here - luma(x - 1, y));
      if (y > 0) detail += std::abs(here - luma(x, y - 1));
    }
  }
  const double pixels = static_cast<double>(picture.width) * picture.height;
  const double mean = sum / pixels;
  return std::sqrt(std::max(0.0, squares / pixels - mean * mean)) * detail / pixels;
}

// The middle frame, or a neighbour that has clearly more detail.
class Thumbnail {
 public:
  Thumbnail(const Plan& plan, const Destination& to)
      : plan_(plan),
        size_(fitted({plan.picture.width, plan.picture.height}, {kThumbnailWidth, plan.picture.height})),
        writer_(open_picture(plan, to, size_, size_)) {
    constexpr std::array<double, 5> places{0.25, 0.375, 0.5, 0.625, 0.75};
    for (const double place : places) {
      const std::int64_t frame = std::llround(place * static_cast<double>(file_frames(plan) - 1));
      if (place == 0.5) middle_ = frame;
      if (candidates_.empty() || candidates_.back() != frame) candidates_.push_back(frame);
    }
  }

  void take(std::int64_t frame, const std::uint8_t* rgb, std::ptrdiff_t stride) {
    const bool chosen = std::find(candidates_.begin(), candidates_.end(), frame) != candidates_.end();
    if (!chosen && !best_.rgb.empty()) return;  // the first frame is there in case that no other comes
    RgbPicture picture = resampled(rgb, stride, plan_.picture.frame_width, plan_.picture.frame_height,
                                   size_.width, size_.height);
    constexpr double kMiddleFirst = 1.2;
    const double score = chosen ? interest(picture) * (frame == middle_ ? kMiddleFirst : 1) : -1;
    if (best_.rgb.empty() || score > score_) {
      best_ = std::move(picture);
      score_ = score;
    }
  }

  void finish() { write_picture(*writer_, best_); }

 private:
  const Plan& plan_;
  Size size_;
  std::unique_ptr<FrameWriter> writer_;
  std::vector<std::int64_t> candidates_;
  std::int64_t middle_ = 0;
  RgbPicture best_;
  double score_ = 0;
};

class WriterWithPictures final : public FrameWriter {
 public:
  WriterWithPictures(const Plan& plan, std::unique_ptr<FrameWriter> video, Destination to)
      : video_(std::move(video)) {
    if (const auto& path = plan.request.contact_sheet) {
      to.path = *path;
      sheet_ = std::make_unique<ContactSheet>(plan, to);
    }
    if (const auto& path = plan.request.thumbnail) {
      to.path = *path;
      thumbnail_ = std::make_unique<Thumbnail>(plan, to);
    }
  }

  void write(const std::uint8_t* rgb, std::ptrdiff_t stride) override {
    video_->write(rgb, stride);
    if (sheet_) sheet_->take(frame_, rgb, stride);
    if (thumbnail_) thumbnail_->take(frame_, rgb, stride);
    ++frame_;
  }

  void begin_sound(std::size_t index) override { video_->begin_sound(index); }
  void end_sound() override { video_->end_sound(); }

  Written finish() override {
    Written written = video_->finish();
    if (sheet_) sheet_->finish();
    if (thumbnail_) thumbnail_->finish();
    return written;
  }

 private:
  std::unique_ptr<FrameWriter> video_;
  std::unique_ptr<ContactSheet> sheet_;
  std::unique_ptr<Thumbnail> thumbnail_;
  std::int64_t frame_ = 0;
};

}  // namespace

SheetLayout sheet_layout(std::int64_t frames, double fps, int width, int height) {
  const double seconds = static_cast<double>(frames) / fps;
  const int most = seconds > 60 ? 36 : seconds > 10 ? 25 : 16;
  // Grids with no empty place: tiles, columns.
  constexpr std::array<std::pair<int, int>, 11> grids{
      {{36, 6}, {25, 5}, {16, 4}, {12, 4}, {9, 3}, {8, 4}, {6, 3}, {4, 2}, {3, 3}, {2, 2}, {1, 1}}};
  const auto grid = std::find_if(grids.begin(), grids.end(),
                                 [&](const auto& g) { return g.first <= most && g.first <= frames; });
  SheetLayout layout;
  layout.columns = grid->second;
  for (int i = 0; i < grid->first; ++i) {
    layout.frames.push_back(grid->first == 1 ? 0 : i * (frames - 1) / (grid->first - 1));
  }
  const bool still = grid->first == 1;
  const Size tile = still ? Size{width, height} : fitted({width, height}, {kTileBox, kTileBox});
  layout.tile_width = tile.width;
  layout.tile_height = tile.height;
  layout.gap = still ? 0 : kGap;
  return layout;
}

std::unique_ptr<FrameWriter> with_pictures(const Plan& plan, std::unique_ptr<FrameWriter> video,
                                           const Destination& like) {
  if (!plan.request.contact_sheet && !plan.request.thumbnail) return video;
  return std::make_unique<WriterWithPictures>(plan, std::move(video), like);
}

}  // namespace sora
