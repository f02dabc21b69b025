#include "pipeline/frames/watermark_writer.h"

#include <cstring>
#include <utility>
#include <vector>

#include "watermark/embed.h"

namespace sora {
namespace {

class WatermarkWriter final : public FrameWriter {
 public:
  WatermarkWriter(std::unique_ptr<FrameWriter> video, WatermarkEmbedder embedder, int width, int height)
      : video_(std::move(video)),
        embedder_(std::move(embedder)),
        row_(static_cast<std::size_t>(width) * 3),
        frame_(row_ * static_cast<std::size_t>(height)) {}

  void write(const std::uint8_t* rgb, std::ptrdiff_t stride) override {
    if (in_clip_) return video_->write(rgb, stride);
    for (std::size_t at = 0; at < frame_.size(); at += row_, rgb += stride)
      std::memcpy(&frame_[at], rgb, row_);
    embedder_.mark(frame_.data(), static_cast<std::ptrdiff_t>(row_));
    video_->write(frame_.data(), static_cast<std::ptrdiff_t>(row_));
  }

  void begin_clip() override {
    in_clip_ = true;
    video_->begin_clip();
  }
  void end_clip() override {
    in_clip_ = false;
    video_->end_clip();
  }
  void begin_sound(std::size_t index) override { video_->begin_sound(index); }
  void end_sound() override { video_->end_sound(); }
  void copy(std::size_t index) override { video_->copy(index); }
  Written finish() override { return video_->finish(); }

 private:
  std::unique_ptr<FrameWriter> video_;
  WatermarkEmbedder embedder_;
  std::size_t row_;  // bytes
  std::vector<std::uint8_t> frame_;
  bool in_clip_ = false;
};

}  // namespace

WatermarkPayload watermark_payload(const Plan& plan, bool own_key) {
  return payload_of(*plan.request.seed, plan.model.digest, own_key);
}

std::unique_ptr<FrameWriter> with_watermark(std::unique_ptr<FrameWriter> video, const Plan& plan,
                                            const std::string& key) {
  const bool own = !key.empty();
  const WatermarkKey used = own ? WatermarkKey{key, true} : common_watermark_key();
  const int width = plan.picture.frame_width, height = plan.picture.frame_height;
  WatermarkEmbedder embedder(used, watermark_payload(plan, own), width, height);
  return std::make_unique<WatermarkWriter>(std::move(video), std::move(embedder), width, height);
}

}  // namespace sora
