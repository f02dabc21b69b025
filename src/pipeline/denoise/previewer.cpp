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

Previewer::Previewer(const Plan& plan, const VideoAutoencoder& vae, const VideoAutoencoder* tiny,
                     const PreviewSink& sink, std::function<double()> clock)
    : plan_(plan),
      vae_(tiny != nullptr ? *tiny : vae),
      in_motion_(tiny != nullptr),
      sink_(sink),
      clock_(clock ? std::move(clock) : steady_seconds),
      start_(clock_()),
      steps_((plan.sampling.steps - plan.sampling.first_step) *
             static_cast<int>(plan.timeline.windows.size())) {
  for (const Window& window : plan.timeline.windows)
    longest_ = std::max<std::int64_t>(longest_, window.count);
}

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
  return spent_ + cost_ * static_cast<double>(usual_count()) <= kShare * (clock_() - start_);
}

// Whether previews of so many latent frames come often enough.
bool Previewer::are_cheap(std::int64_t count) const {
  return cost_ > 0 &&
         static_cast<double>(count) * cost_ <= kShare * kStepsBetween * (clock_() - start_) / step_;
}

// Latent frames of the next preview.
std::int64_t Previewer::usual_count() const {
  if (in_motion_ && are_cheap(longest_)) return longest_;
  return are_cheap(3) ? 3 : 1;
}

// Frame by frame, so that memory does not grow with their number.
std::vector<RgbPicture> Previewer::pictures_of(const at::Tensor& latents) const {
  const int width = plan_.picture.crop_width, height = plan_.picture.crop_height;
  const Size size = fitted({width, height}, kBox);
  std::vector<RgbPicture> pictures;
  const auto add = [&](const at::Tensor& decoded) {
    const at::Tensor bytes = cropped_bytes(to_pixels(decoded), plan_).to(at::kCPU);  // [n, H, W, 3]
    for (std::int64_t i = 0; i < bytes.size(0); ++i) {
      const at::Tensor frame = bytes[i];
      pictures.push_back(resampled(frame.const_data_ptr<std::uint8_t>(), frame.stride(0), width, height,
                                   size.width, size.height));
    }
  };
  const auto stream = vae_.decoder();
  for (std::int64_t t = 0; t < latents.size(2); ++t) {
    if (at::Tensor decoded = stream->next(latents.narrow(2, t, 1)); decoded.defined()) add(decoded);
  }
  for (at::Tensor decoded = stream->finish(); decoded.defined(); decoded = stream->finish()) add(decoded);
  return pictures;
}

void Previewer::show(const at::Tensor& latents, std::int64_t conditioning, std::int64_t conditioning_end) {
  const std::int64_t first = std::min(conditioning, latents.size(2) - 1);
  const std::int64_t last = std::max(first, latents.size(2) - 1 - conditioning_end);
  const double begin = clock_();
  std::int64_t decoded = last - first + 1;
  Preview preview;
  if (in_motion_ && decoded > 1 && are_cheap(decoded)) {
    std::vector<RgbPicture> pictures = pictures_of(latents.narrow(2, first, decoded));
    preview = {pictures[0].width, pictures[0].height, std::move(pictures[0].rgb), step_, steps_, {}, 0};
    for (std::size_t i = 1; i < pictures.size(); ++i) preview.next.push_back(std::move(pictures[i].rgb));
    preview.fps = plan_.timeline.model_fps;
  } else {
    std::vector<std::int64_t> chosen{(first + last) / 2};
    if (decoded > 2 && are_cheap(3)) chosen = {first, chosen[0], last};
    decoded = static_cast<std::int64_t>(chosen.size());
    std::vector<RgbPicture> pictures;
    for (const std::int64_t t : chosen) pictures.push_back(pictures_of(latents.narrow(2, t, 1)).front());
    RgbPicture all = side_by_side(pictures);
    preview = {all.width, all.height, std::move(all.rgb), step_, steps_, {}, 0};
  }
  sink_(preview);
  cost_ = (clock_() - begin) / static_cast<double>(decoded);
}

}  // namespace sora
