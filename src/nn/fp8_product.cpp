#include "nn/fp8_product.h"

#include <atomic>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "core/log.h"
#include "core/text.h"
#include "weights/device_traits.h"

namespace sora::nn {
namespace {

constexpr double kLargest = 448;     // of E4M3
constexpr double kMostApart = 0.08;  // relative difference (L2) from the product of the widened weights

class Switch {
 public:
  static Switch& get() {
    static Switch all;
    return all;
  }

  bool is_on() const { return is_on_; }
  void set(bool is_on) {
    const std::lock_guard lock(mutex_);
    is_on_ = is_on;
    checked_.clear();
  }

  void give_up(const std::string& reason) {
    const std::lock_guard lock(mutex_);
    if (!is_on_) return;
    is_on_ = false;
    log(LogLevel::warning, "products of fp8 are switched off: " + reason.substr(0, reason.find('\n')));
  }

  /// True at the first call for a device.
  bool is_first(at::Device device) {
    const std::lock_guard lock(mutex_);
    return checked_.insert(device.index()).second;
  }

 private:
  static bool wanted() {
    const char* value = std::getenv("SORA_GEN_FP8");
    return value != nullptr && std::string(value) == "on";
  }

  std::atomic<bool> is_on_ = wanted();
  std::set<int> checked_;
  std::mutex mutex_;
};

// A number on the device, made there: nothing waits for it.
at::Tensor scale_of(double value, at::Device device) {
  return at::full({}, value, at::TensorOptions(device).dtype(at::kFloat));
}

// Rows of x in fp8, and what they are to be multiplied with.
struct Scaled {
  at::Tensor values, scale;
};
Scaled in_fp8(const at::Tensor& rows) {
  const at::Tensor largest =
      at::linalg_vector_norm(rows, std::numeric_limits<double>::infinity(), {}, false, at::kFloat);
  const at::Tensor scale = largest.div(kLargest).clamp_min(1e-12);
  return {rows.mul(scale.reciprocal()).clamp_(-kLargest, kLargest).to(at::kFloat8_e4m3fn), scale};
}

at::Tensor product(const StoredWeight& weight, const at::Tensor& x, const at::Tensor& bias) {
  const Scaled rows = in_fp8(x.reshape({-1, x.size(-1)}));
  const std::vector<at::Tensor> stored = weight.plain();
  std::vector<at::Tensor> parts;
  std::int64_t first = 0;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const std::int64_t count = weight.parts[i].rows;
    std::optional<at::Tensor> its_bias;
    if (bias.defined()) its_bias = bias.narrow(0, first, count).to(at::kBFloat16);
    parts.push_back(at::_scaled_mm(rows.values, stored[i].t(), rows.scale,
                                   scale_of(weight.parts[i].scale->values[0], x.device()), its_bias,
                                   std::nullopt, at::kBFloat16));
    first += count;
  }
  std::vector<std::int64_t> shape = x.sizes().vec();
  shape.back() = first;
  return (parts.size() == 1 ? parts[0] : at::cat(parts, -1)).view(shape);
}

void check(const StoredWeight& weight, const at::Tensor& x, const at::Tensor& bias, const at::Tensor& found) {
  const at::Tensor expected = at::linear(x, weight.widened(), bias).to(at::kFloat);
  const double apart = ((found.to(at::kFloat) - expected).norm() / expected.norm()).item<double>();
  if (!(apart <= kMostApart))  // also where it is no number
    Switch::get().give_up("the first product is " + fixed_text(apart, 3) +
                          " from that of the widened weights");
}

}  // namespace

void use_fp8_products(bool is_on) { Switch::get().set(is_on); }

bool takes_fp8(const StoredWeight& weight, const at::Tensor& x) {
  return Switch::get().is_on() && x.scalar_type() == at::kBFloat16 && x.numel() > 0 &&
         weight.is_scaled_fp8() && has_fp8_products(x.device());
}

std::optional<at::Tensor> fp8_product(const StoredWeight& weight, const at::Tensor& x,
                                      const at::Tensor& bias) {
  try {
    at::Tensor made = product(weight, x, bias);
    if (Switch::get().is_first(x.device())) check(weight, x, bias, made);
    if (Switch::get().is_on()) return made;
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const c10::Error& error) {
    Switch::get().give_up(error.what_without_backtrace());
  }
  return {};
}

}  // namespace sora::nn
