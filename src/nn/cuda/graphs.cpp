#include "nn/cuda/graphs.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "core/log.h"
#include "sora/error.h"

namespace sora::nn::cuda {
namespace {

// Two prompts (with guidance), for windows of two sizes.
constexpr std::size_t kept_graphs = 4;

// Of the largest value. The same kernels ran twice, and some of them sum in no fixed order.
constexpr double tolerance = 1e-2;

bool have_same_shapes(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const at::Tensor& x, const at::Tensor& y) {
    return x.sizes() == y.sizes() && x.scalar_type() == y.scalar_type() && x.device() == y.device();
  });
}

bool are_same(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const at::Tensor& x, const at::Tensor& y) {
    if (!x.defined() || !y.defined()) return x.defined() == y.defined();
    return x.const_data_ptr() == y.const_data_ptr() && x.sizes() == y.sizes() && x.strides() == y.strides();
  });
}

}  // namespace

bool Graphs::are_wanted() {
  const char* value = std::getenv("SORA_GEN_GRAPHS");
  return value != nullptr && std::string(value) == "on";
}

at::Tensor Graphs::Recorded::replay(const std::vector<at::Tensor>& values) const {
  for (std::size_t i = 0; i < values.size(); ++i) inputs[i].copy_(values[i]);
  recorder->replay();
  return output.clone();  // the next replay overwrites it
}

void Graphs::give_up(const std::string& reason) {
  is_on_ = false;
  recent_.clear();
  log(LogLevel::warning, "CUDA graphs are switched off: " + reason);
}

void Graphs::record(const std::vector<at::Tensor>& inputs, const std::vector<at::Tensor>& fixed,
                    const Work& work, const at::Tensor& expected) {
  Recorded made;
  for (const at::Tensor& input : inputs) made.inputs.push_back(input.clone());
  made.fixed = fixed;
  made.recorder = open_(expected.device());
  made.recorder->begin();
  try {
    made.output = work(made.inputs);
  } catch (...) {
    try {
      made.recorder->end();
    } catch (const std::exception&) {
    }
    throw;
  }
  made.recorder->end();
  const at::Tensor found = made.replay(inputs).to(at::kFloat), right = expected.to(at::kFloat);
  const double apart = (found - right).abs().max().item<double>(), largest = right.abs().max().item<double>();
  if (!(apart <= tolerance * largest)) {
    throw Error(ErrorKind::unavailable, "graphs",
                "a replay gives other numbers, by " + std::to_string(apart) + " where the largest is " +
                    std::to_string(largest));
  }
  recent_.push_front(std::move(made));
  if (recent_.size() > kept_graphs) recent_.pop_back();
}

at::Tensor Graphs::run(const std::vector<at::Tensor>& inputs, const std::vector<at::Tensor>& fixed,
                       const Work& work) {
  if (!is_on_) return work(inputs);
  const auto found = std::find_if(recent_.begin(), recent_.end(), [&](const Recorded& recorded) {
    return have_same_shapes(recorded.inputs, inputs) && are_same(recorded.fixed, fixed);
  });
  if (found != recent_.end()) {
    recent_.splice(recent_.begin(), recent_, found);
    return recent_.front().replay(inputs);
  }
  at::Tensor result = work(inputs);  // what is set up at first use has to be, before work is recorded
  try {
    record(inputs, fixed, work, result);
  } catch (const Error& error) {
    give_up(error.message());
  } catch (const c10::Error& error) {
    give_up(error.what_without_backtrace());
  }
  return result;
}

}  // namespace sora::nn::cuda
