#include "nn/device_check.h"

#include <c10/core/InferenceMode.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>

#include "core/text.h"
#include "nn/attention.h"
#include "nn/causal_conv3d.h"
#include "nn/device.h"
#include "nn/linear.h"

namespace sora {
namespace {

constexpr double kLongEnough = 0.01;  // seconds: a run as long as this is measured well enough

// The largest relative difference (L2) from double precision that is not a fault.
double tolerance(at::ScalarType type) { return type == at::kFloat ? 1e-3 : 3e-2; }

double apart(const at::Tensor& found, const at::Tensor& expected) {
  const at::Tensor here = found.to(at::kCPU, at::kDouble).reshape_as(expected);
  return ((here - expected).norm() / expected.norm()).item<double>();
}

at::Tensor in_double(const at::Tensor& x) { return x.to(at::kCPU, at::kDouble); }

class Tester {
 public:
  explicit Tester(const std::string& name) : placement_(make_placement(name, "")) {}

  DeviceTest product() const {
    return attempt("product", "FLOP/s", [&](DeviceTest& test) {
      for (std::int64_t n = 256; n <= 8192; n *= 2) {
        nn::Linear layer;
        layer.weight = random({n, n}, placement_.dtype);
        layer.bias = at::zeros({n}, options(placement_.dtype));
        const at::Tensor x = random({n, n}, placement_.dtype);
        at::Tensor y;
        const double time = seconds([&] { y = layer(x); });
        const double cube = static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n);
        test.rate = 2 * cube / time;
        const at::Tensor expected =
            at::matmul(in_double(x.narrow(0, 0, 4)), in_double(layer.weight.narrow(0, 0, 64)).t());
        compare(test, y.narrow(0, 0, 4).narrow(1, 0, 64), expected, placement_.dtype);
        if (time >= kLongEnough || !test.problem.empty()) break;
      }
    });
  }

  DeviceTest attention() const {
    return attempt("attention", "FLOP/s", [&](DeviceTest& test) {
      constexpr std::int64_t kHeads = 4, kDim = 128;  // of a head, as in all Wan models
      for (std::int64_t length = 128; length <= 8192; length *= 2) {
        const std::vector<std::int64_t> shape{1, kHeads, length, kDim};
        const at::Tensor q = random(shape, placement_.dtype), k = random(shape, placement_.dtype),
                         v = random(shape, placement_.dtype);
        at::Tensor y;
        const double time = seconds([&] { y = nn::attention(q, k, v); });
        test.rate = 4.0 * kHeads * kDim * static_cast<double>(length) * static_cast<double>(length) / time;
        const auto of_first_head = [](const at::Tensor& x) { return in_double(x.select(1, 0)); };
        const at::Tensor scores =
            at::matmul(of_first_head(q).narrow(1, 0, 4), of_first_head(k).transpose(1, 2)) /
            std::sqrt(static_cast<double>(kDim));
        compare(test, y.select(1, 0).narrow(1, 0, 4), at::matmul(at::softmax(scores, -1), of_first_head(v)),
                placement_.dtype);
        if (time >= kLongEnough || !test.problem.empty()) break;
      }
    });
  }

  // In fp32, as video autoencoders compute.
  DeviceTest convolution() const {
    return attempt("convolution", "FLOP/s", [&](DeviceTest& test) {
      constexpr std::int64_t kChannels = 96;
      const at::Tensor weight = random({kChannels, kChannels, 3, 3}, at::kFloat),
                       bias = at::zeros({kChannels}, options(at::kFloat));
      for (std::int64_t side = 32; side <= 1024; side *= 2) {
        const at::Tensor x = random({1, side, side, kChannels}, at::kFloat);
        at::Tensor y;
        const double time = seconds([&] { y = nn::conv2d_frames(x, weight, bias, 1, 1); });
        test.rate = 2.0 * 9 * kChannels * kChannels * static_cast<double>(side * side) / time;
        const at::Tensor patch = in_double(x.select(0, 0).narrow(0, 0, 3).narrow(1, 0, 3)).permute({2, 0, 1});
        // TF32, where it is used, has few bits.
        compare(test, y[0][1][1], (in_double(weight) * patch).sum({1, 2, 3}),
                placement_.device.is_cpu() ? at::kFloat : placement_.dtype);
        if (time >= kLongEnough || !test.problem.empty()) break;
      }
    });
  }

  /// To the device and back.
  std::vector<DeviceTest> copies() const {
    if (!traits_of(placement_.device).own_memory) return {};
    double rate_back = 0;
    DeviceTest to = attempt("copy to it", "B/s", [&](DeviceTest& test) {
      for (std::int64_t bytes = 1 << 20; bytes <= 1 << 26; bytes *= 2) {
        const bool pinned = traits_of(placement_.device).pinned_memory;
        const auto here = at::TensorOptions(at::kByte).pinned_memory(pinned);
        at::Tensor from = at::empty({bytes}, here), back = at::empty({bytes}, here);
        from.view(at::kInt).copy_(at::arange(bytes / 4, at::kInt));
        at::Tensor there = at::empty({bytes}, options(at::kByte));
        const double time = seconds([&] { there.copy_(from, /*non_blocking=*/true); });
        test.rate = static_cast<double>(bytes) / time;
        rate_back = static_cast<double>(bytes) / seconds([&] { back.copy_(there, /*non_blocking=*/true); });
        if (!at::equal(from, back)) test.problem = "other bytes come back";
        if (time >= kLongEnough || !test.problem.empty()) break;
      }
    });
    DeviceTest back{"copy back", to.problem, rate_back, "B/s"};
    return {to, back};
  }

 private:
  at::TensorOptions options(at::ScalarType type) const {
    return at::TensorOptions(placement_.device).dtype(type);
  }

  at::Tensor random(at::IntArrayRef shape, at::ScalarType type) const {
    return at::empty(shape, options(at::kFloat)).normal_().to(type);
  }

  // Of the second run: the first one may load or compile something.
  double seconds(const std::function<void()>& f) const {
    const auto wait = [&] {
      if (placement_.device.is_cpu()) return;
      c10::impl::VirtualGuardImpl(placement_.device.type()).synchronizeDevice(placement_.device.index());
    };
    f();
    wait();
    const auto start = std::chrono::steady_clock::now();
    f();
    wait();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  static void compare(DeviceTest& test, const at::Tensor& found, const at::Tensor& expected,
                      at::ScalarType type) {
    const double difference = apart(found, expected);
    if (difference <= tolerance(type)) return;
    test.problem = "wrong numbers: " + fixed_text(difference, 4) + " apart, expected at most " +
                   fixed_text(tolerance(type), 4);
  }

  template <class F>
  static DeviceTest attempt(const char* name, const char* unit, const F& f) {
    constexpr std::size_t kMost = 200;
    DeviceTest test{name, "", 0, unit};
    try {
      f(test);
    } catch (const c10::Error& error) {
      test.problem = error.what_without_backtrace();
    } catch (const std::exception& error) {
      test.problem = error.what();
    }
    test.problem = test.problem.substr(0, std::min(test.problem.find('\n'), kMost));
    return test;
  }

  Placement placement_;
};

}  // namespace

std::vector<DeviceTest> check_device(const std::string& name) {
  const c10::InferenceMode inference;
  try {
    const Tester tester(name);
    std::vector<DeviceTest> all{tester.product(), tester.attention(), tester.convolution()};
    for (DeviceTest& copy : tester.copies()) all.push_back(std::move(copy));
    return all;
  } catch (const std::exception& error) {
    return {{"start", error.what(), 0, ""}};
  }
}

}  // namespace sora
