#include "pipeline/denoise/previewer.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>
#include <vector>

#include "media/rgb_picture.h"
#include "pipeline/frames/frames.h"
#include "plan/geometry/size.h"

namespace sora {
namespace {

constexpr double kShare = 0.1;       // of the time, for previews
constexpr double kPause = 0.2;       // least time between two, seconds
constexpr int kFirstStep = 2;        // before it there is little but noise
constexpr double kStepsBetween = 4;  // at most, for previews of three frames
constexpr Size kBox{320, 320};       // of one frame's picture

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

RgbPicture side_by_side(const std::vector<RgbPicture>& pictures) {
  RgbPicture all{0, pictures.front().height, {}};
  for (const RgbPicture& picture : pictures) all.width += picture.width;
  all.rgb.resize(static_cast<std::size_t>(all.width) * static_cast<std::size_t>(all.height) * 3);
  std::size_t left = 0;  // bytes
  for (const RgbPicture& picture : pictures) {
    const auto row = static_cast<std::size_t>(picture.width) * 3;
    for (std::size_t y = 0; y < static_cast<std::size_t>(all.height); ++y) {
      std::memcpy(&all.rgb[y * static_cast<std::size_t>(all.width) * 3 + left], &picture.rgb[y * row], row);
    }
    left += row;
  }
  return all;
}

}  // namespace

Previewer::Previewer(const Plan& plan, const VideoAutoencoder& vae, const PreviewSink& sink,
                     std::function<double()> clock)
    : plan_(plan),
      vae_(vae),
      sink_(sink),
      clock_(clock ? std::move(clock) : steady_seconds),
      start_(clock_()),
      steps_((plan.sampling.steps - plan.sampling.first_step) *
             static_cast<int>(plan.timeline.windows.size())) {}

void Previewer::offer(const std::function<at::Tensor()>& clean, std::int64_t conditioning,
                      std::int64_t conditioning_end) {
  ++step_;
  if (!is_time()) return;
  const double begin = clock_();
  show(clean(), conditioning, conditioning_end);
  shown_ = clock_();
  spent_ += shown_ - begin;
}

bool Previewer::is_time() const {
  if (cost_ == 0) return step_ >= std::min(kFirstStep, steps_);
  // The picture of the last step is always shown, since it stays on the screen.
  if (step_ < steps_ && clock_() - shown_ < kPause) return false;
  return spent_ + cost_ * (three_are_cheap() ? 3 : 1) <= kShare * (clock_() - start_);
}

bool Previewer::three_are_cheap() const {
  return cost_ > 0 && 3 * cost_ <= kShare * kStepsBetween * (clock_() - start_) / step_;
}

void Previewer::show(const at::Tensor& latents, std::int64_t conditioning, std::int64_t conditioning_end) {
  const std::int64_t first = std::min(conditioning, latents.size(2) - 1);
  const std::int64_t last = std::max(first, latents.size(2) - 1 - conditioning_end);
  std::vector<std::int64_t> chosen{(first + last) / 2};
  if (last - first >= 2 && three_are_cheap()) chosen = {first, chosen[0], last};

  const double begin = clock_();
  std::vector<RgbPicture> pictures;
  for (const std::int64_t t : chosen) {
    const at::Tensor pixels = to_pixels(vae_.decode(latents.narrow(2, t, 1)));  // [1, H, W, 3]
    const at::Tensor bytes = cropped_bytes(pixels, plan_).to(at::kCPU);  // [1, crop_height, crop_width, 3]
    const Size size = fitted({plan_.picture.crop_width, plan_.picture.crop_height}, kBox);
    pictures.push_back(resampled(bytes.const_data_ptr<std::uint8_t>(), bytes.stride(1),
                                 plan_.picture.crop_width, plan_.picture.crop_height, size.width,
                                 size.height));
  }
  RgbPicture all = side_by_side(pictures);
  sink_({all.width, all.height, std::move(all.rgb), step_, steps_});
  cost_ = (clock_() - begin) / static_cast<double>(chosen.size());
}

}  // namespace sora
