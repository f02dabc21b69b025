#include "pipeline/frames/even_steps.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace sora {
namespace {

constexpr std::size_t kMostFrames = 96;
constexpr double kUsual = 1.5;            // a larger step, in median steps, is a jump
constexpr double kLeastStep = 0.5 / 255;  // a smaller median counts as this much

at::Tensor bytes_of(const at::Tensor& frame) { return frame.clamp(0, 1).mul(255).round_().to(at::kByte); }

at::Tensor picture_of(const at::Tensor& bytes) { return bytes.to(at::kFloat).div_(255); }

// The part of a step between two frames that exceeds the usual size.
at::Tensor excess(const at::Tensor& step, double usual) {
  const double size = step.abs().mean().item<double>();
  return step * (size > usual ? 1 - usual / size : 0);
}

}  // namespace

EvenSteps::EvenSteps(const at::Tensor& before) : before_(before) {}

std::vector<at::Tensor> EvenSteps::push(const at::Tensor& frame) {
  frames_.push_back(bytes_of(frame));
  if (frames_.size() <= kMostFrames) return {};
  const std::vector<at::Tensor> first{frames_.front()};
  before_ = picture_of(frames_.front());
  frames_.erase(frames_.begin());
  return first;
}

std::vector<at::Tensor> EvenSteps::end(const at::Tensor& after) {
  std::vector<at::Tensor> shown = std::move(frames_);
  frames_.clear();
  if (shown.empty()) return shown;
  const std::size_t count = shown.size();
  const auto frame = [&](std::size_t i) {  // 0: the one before
    return i == 0 ? before_ : i <= count ? picture_of(shown[i - 1]) : after;
  };
  std::vector<double> sizes;
  for (std::size_t i = 1; i <= count + 1; ++i)
    sizes.push_back((frame(i) - frame(i - 1)).abs().mean().item<double>());
  std::nth_element(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2), sizes.end());
  const double usual = kUsual * std::max(kLeastStep, sizes[sizes.size() / 2]);

  at::Tensor all = at::zeros_like(after);
  for (std::size_t i = 1; i <= count + 1; ++i) all += excess(frame(i) - frame(i - 1), usual);
  at::Tensor taken = at::zeros_like(after), previous = before_;
  for (std::size_t i = 1; i <= count; ++i) {
    const at::Tensor now = frame(i);
    taken += excess(now - previous, usual);
    previous = now;
    const double share = static_cast<double>(i) / static_cast<double>(count + 1);
    shown[i - 1] = bytes_of(now - taken + share * all);
  }
  return shown;
}

}  // namespace sora
