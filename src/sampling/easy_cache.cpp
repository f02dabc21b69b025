#include "sampling/easy_cache.h"

#include <cstring>
#include <string>

#include "core/text.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr std::size_t kNumbers = 4;
constexpr const char* kDifference = "difference.";

// In float32 throughout, as a saved state is.
float mean_change(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().mean().item<float>(); }

}  // namespace

EasyCache::EasyCache(double threshold, int first_steps, int steps)
    : threshold_(threshold), first_steps_(first_steps), steps_(steps) {}

bool EasyCache::begin_step(const at::Tensor& input) {
  const int step = step_++;
  computes_ = true;
  const bool may_skip = step >= first_steps_ && step < steps_ - 1;
  if (may_skip && rate_ >= 0 && last_input_.defined() && output_.defined()) {
    if (last_input_.sizes() != input.sizes() || output_.sizes() != input.sizes() ||
        computed_input_.sizes() != input.sizes())
      throw Error(ErrorKind::data, "cache",
                  "the saved state of the step cache is of other sizes than the video");
    const auto size = output_.abs().mean().item<float>();
    error_ += rate_ * mean_change(input, last_input_) / size;
    computes_ = !(error_ < threshold_);
  }
  if (computes_) error_ = 0;
  last_input_ = input;
  return computes_;
}

at::Tensor EasyCache::predict(std::size_t branch, bool decides, const at::Tensor& input,
                              const std::function<at::Tensor()>& network) {
  at::Tensor& difference = differences_[branch];
  if (!computes_ && difference.defined()) return with_residual(input, difference);
  at::Tensor output = network();
  const at::Tensor wide = output.to(at::kFloat);
  difference = wide - input;
  if (decides) {
    if (output_.defined()) {
      const float moved = mean_change(input, computed_input_);
      if (moved > 0) rate_ = mean_change(wide, output_) / moved;
    }
    computed_input_ = input;
    output_ = wide;
  }
  return output;
}

void EasyCache::save(CacheState& state) const {
  const std::vector<double> numbers{static_cast<double>(step_), computes_ ? 1.0 : 0.0, error_, rate_};
  state["decisions"] = at::tensor(numbers, at::kDouble);
  const auto add = [&](const std::string& name, const at::Tensor& tensor) {
    if (tensor.defined()) state[name] = tensor;
  };
  add("last_input", last_input_);
  add("computed_input", computed_input_);
  add("output", output_);
  for (const auto& [branch, difference] : differences_) add(kDifference + std::to_string(branch), difference);
}

void EasyCache::load(const CacheState& state) {
  const std::vector<double> numbers = numbers_of(state, "decisions", kNumbers);
  step_ = static_cast<int>(numbers[0]);
  computes_ = numbers[1] != 0;
  error_ = static_cast<float>(numbers[2]);
  rate_ = static_cast<float>(numbers[3]);
  last_input_ = tensor_of(state, "last_input");
  computed_input_ = tensor_of(state, "computed_input");
  output_ = tensor_of(state, "output");
  if (output_.defined() && !computed_input_.defined()) rate_ = -1;
  differences_.clear();
  for (const auto& [name, tensor] : state) {
    std::size_t branch = 0;
    if (name.starts_with(kDifference) && set_from_text(branch, name.substr(std::strlen(kDifference))).empty())
      differences_[branch] = tensor;
  }
}

}  // namespace sora
