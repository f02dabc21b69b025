// Runs of the whole program on the simulated device, beside the same runs on the CPU.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "simulated_device.h"
#include "sora/generator.h"
#include "sora/request.h"
#include "temporary_folder.h"

namespace sora {

class DeviceCase : public testing::Test {
 protected:
  DeviceCase();
  ~DeviceCase() override;

  /// A copy of a tiny model (tests/data/pipeline) whose videos soon have windows, or the folder itself of
  /// others, such as "image/i2v".
  std::string model(const std::string& name);
  /// A run of that model: two steps with guidance, lossless, 64 x 32, float32.
  Request request(const std::string& model_name, const std::string& verb = "generate");
  /// Smooth colours that move to the right, lossless, 64 x 32 at 8 frames a second.
  std::string clip(const std::string& name, int frames, int phase = 0);

  struct Made {
    at::Tensor noise_pred, latents, video;  // as --dump-tensors writes them
    at::Tensor frames;                      // of the file, [n, H, W, 3] bytes
    Plan plan;
    sim::Counters counters;
  };
  /// Runs it with a generator of its own, or with `generator`.
  Made made_on(const std::string& device, Request request, Generator* generator = nullptr,
               const RunHooks& hooks = {});
  /// Runs it on both and compares all that comes out: tensors at 1e-5 relative, bytes at `bytes` on average.
  /// Returns what the device made.
  Made expect_equal(const Request& request, double bytes = 1e-3);

  const TemporaryFolder folder_;
  std::function<void(Plan&)> change_plan_;  // may be empty
};

/// || a - b || / || b ||
double relative(const at::Tensor& a, const at::Tensor& b);

}  // namespace sora
