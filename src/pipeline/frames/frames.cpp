#include "pipeline/frames/frames.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sora {
namespace {

constexpr double kMostStretch = 1.25;  // a larger ratio is another frame rate, which needs no blending
constexpr double kSameFrame = 1e-3;    // frames: a smaller distance counts as the same frame

}  // namespace

at::Tensor to_pixels(const at::Tensor& chunk) {
  return chunk.to(at::kFloat)
      .mul(0.5)
      .add_(0.5)
      .clamp_(0, 1)  // [1, 3, n, H, W]
      .squeeze(0)
      .permute({1, 2, 3, 0})
      .contiguous();  // [n, H, W, 3]
}

at::Tensor to_network(const at::Tensor& pixels) {
  return pixels.permute({3, 0, 1, 2}).unsqueeze(0).mul(2).sub(1).contiguous();
}

std::int64_t FrameSink::source_of(std::int64_t frame) const {
  return std::llround(static_cast<double>(frame) / plan_.timeline.fps * plan_.timeline.model_fps);
}

at::Tensor cropped_bytes(const at::Tensor& pixels, const Plan& plan) {
  const std::int64_t top = (plan.picture.model_height - plan.picture.crop_height) / 2;
  const std::int64_t left = (plan.picture.model_width - plan.picture.crop_width) / 2;
  return pixels.narrow(1, top, plan.picture.crop_height)
      .narrow(2, left, plan.picture.crop_width)
      .mul(255)
      .round_()
      .to(at::kByte)
      .contiguous();
}

double fade(double distance, double length) {
  if (distance >= length) return 0;
  return 0.5 + 0.5 * std::cos(std::numbers::pi * std::max(0.0, distance) / length);
}

double step_of(const at::Tensor& frames) {
  const std::int64_t n = frames.size(0);
  if (n < 2) return std::numeric_limits<double>::infinity();
  return (frames.narrow(0, 1, n - 1) - frames.narrow(0, 0, n - 1)).abs().mean().item<double>();
}

double jump_share(const at::Tensor& last, const at::Tensor& next, double usual) {
  const auto difference = [](const at::Tensor& a, const at::Tensor& b) {
    return (a - b).abs().mean().item<double>();
  };
  const std::int64_t n = last.size(0);
  const at::Tensor nearest = last.narrow(0, n - 1, 1);
  const double before = n > 1 ? difference(nearest, last.narrow(0, n - 2, 1)) : 0;
  const double step = std::min(before, usual), whole = difference(next, nearest);
  return whole > step ? 1 - step / whole : 0;
}

void FrameSink::prepare_end(const at::Tensor& last, const at::Tensor&) {
  jump_ = (first_ - last.narrow(0, last.size(0) - 1, 1)) * jump_share(last, first_);
  dissolve_ = static_cast<double>(plan_.timeline.model_frames - seen_) + 1;
}

// Whether this is a loop for which the network makes a few more or fewer frames than the file has, since it
// makes whole latent frames.
bool FrameSink::is_stretched() const {
  const double apart = plan_.timeline.model_fps / plan_.timeline.fps;  // model frames for one of the file
  const bool loops = !plan_.timeline.windows.empty() && plan_.timeline.windows.back().hidden_end > 0;
  return loops && apart > 1 / kMostStretch && apart < kMostStretch && std::abs(apart - 1) > kSameFrame;
}

// Writes the file's frames up to the model's frame number seen_, [1, H, W, 3]. They are blended, so that none
// is shown twice or left out.
void FrameSink::write_up_to(const at::Tensor& frame) {
  while (!complete()) {
    const double place = static_cast<double>(planned_) * plan_.timeline.model_fps / plan_.timeline.fps;
    const double before = static_cast<double>(seen_) - place;
    if (before < -kSameFrame) break;
    const bool whole = before < kSameFrame || !before_.defined();
    ++planned_;
    bring(whole ? frame : at::lerp(frame, before_, before), {1});
  }
  before_ = frame.clone();
}

void FrameSink::end() {
  if (first_.defined() && is_stretched()) write_up_to(first_);
  under_way_.finish();
  writer_.end_sound();
}

void FrameSink::push(const at::Tensor& made) {
  if (!first_.defined()) first_ = made.narrow(0, 0, 1).clone();
  at::Tensor pixels = made;
  if (jump_.defined()) {
    pixels = made.clone();
    for (std::int64_t i = 0; i < made.size(0); ++i) {
      const auto distance = static_cast<double>(plan_.timeline.model_frames - seen_ - i);
      pixels[i].add_(jump_[0], fade(distance, dissolve_)).clamp_(0, 1);
    }
  }
  if (is_stretched()) {
    for (std::int64_t i = 0; i < pixels.size(0); ++i, ++seen_) write_up_to(pixels.narrow(0, i, 1));
    return;
  }
  std::vector<std::int64_t> times;
  for (std::int64_t i = 0; i < pixels.size(0); ++i, ++seen_) {
    times.push_back(0);
    for (; !complete() && source_of(planned_) == seen_; ++planned_) ++times.back();
  }
  bring(pixels, std::move(times));
}

void FrameSink::bring(const at::Tensor& pixels, std::vector<std::int64_t> times) {
  if (std::ranges::all_of(times, [](std::int64_t n) { return n == 0; })) return;
  at::Tensor bytes = cropped_bytes(pixels, plan_);
  bytes = resize_(bytes);  // where frames are not the crop's, which the writer resamples
  under_way_.bring(bytes, [this, times = std::move(times)](const at::Tensor& rgb) {
    for (std::size_t i = 0; i < times.size(); ++i) {
      for (std::int64_t n = 0; n < times[i]; ++n, ++written_) {
        writer_.write(rgb[static_cast<std::int64_t>(i)].const_data_ptr<std::uint8_t>(), rgb.stride(1));
      }
    }
  });
}

}  // namespace sora
