#include "pipeline/frames/device_resize.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sora {
namespace {

constexpr double kLobes = 3;

double sinc(double x) {
  if (std::abs(x) < 1e-9) return 1;
  return std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
}

// [to, from]: what each sample of the result takes of those before. On the host.
at::Tensor weights(std::int64_t from, std::int64_t to) {
  at::Tensor all = at::zeros({to, from}, at::kFloat);
  auto* row = all.mutable_data_ptr<float>();
  const double step = static_cast<double>(from) / static_cast<double>(to), wide = std::max(1.0, step);
  for (std::int64_t i = 0; i < to; ++i, row += from) {
    const double centre = (static_cast<double>(i) + 0.5) * step - 0.5;
    const auto first = static_cast<std::int64_t>(std::ceil(centre - kLobes * wide)),
               last = static_cast<std::int64_t>(std::floor(centre + kLobes * wide));
    double sum = 0;
    const auto weight = [&](std::int64_t at) {
      const double x = (static_cast<double>(at) - centre) / wide;
      return std::abs(x) < kLobes ? sinc(x) * sinc(x / kLobes) : 0;
    };
    for (std::int64_t at = first; at <= last; ++at) sum += weight(at);
    for (std::int64_t at = first; at <= last; ++at)
      row[std::clamp<std::int64_t>(at, 0, from - 1)] += static_cast<float>(weight(at) / sum);
  }
  return all;
}

}  // namespace

at::Tensor DeviceResize::operator()(const at::Tensor& bytes) {
  if (bytes.size(1) == height_ && bytes.size(2) == width_) return bytes;
  if (!rows_.defined()) {
    rows_ = weights(bytes.size(1), height_).to(bytes.device());
    columns_ = weights(bytes.size(2), width_).to(bytes.device());
  }
  const at::Tensor planes = bytes.to(at::kFloat).permute({0, 3, 1, 2});  // [n, 3, h, w]
  const at::Tensor wide = at::matmul(planes, columns_.t());              // [n, 3, h, W]
  at::Tensor made = at::matmul(rows_, wide);                             // [n, 3, H, W]
  return made.round_().clamp_(0, 255).to(at::kByte).permute({0, 2, 3, 1}).contiguous();
}

}  // namespace sora
