// Reads the goldens of scripts/goldens/sampling.py.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Version.h>

#include <filesystem>
#include <string>
#include <vector>

#include "checkpoint/safetensors.h"
#include "places.h"
#include "sampling/config/scheduler_config.h"

namespace sora {

inline std::filesystem::path golden_path(const std::string& name) { return test_data() / "sampling" / name; }

inline SchedulerConfig golden_config(const std::string& name) {
  return read_scheduler_config(golden_path("configs/" + name + ".json"));
}

/// A float32 or int64 tensor.
inline at::Tensor golden_tensor(const SafetensorsFile& file, const std::string& name) {
  const TensorInfo& info = file.tensors().at(name);
  at::Tensor tensor = at::empty(info.shape, info.dtype == DType::i64 ? at::kLong : at::kFloat);
  file.read(info, tensor.mutable_data_ptr());
  return tensor;
}

/// The goldens come from PyTorch's AVX2 kernels. Others may round a logarithm, a sum of products or the
/// transform of the noise differently; sums, products and quotients are the same everywhere.
inline bool has_kernels_of_goldens() { return at::get_cpu_capability() == "AVX2"; }

/// One run of a scheduler: a row of cases.tsv.
struct GoldenCase {
  int number = 0;  ///< prefix of its tensors in schedulers.safetensors
  std::string config, scheduler;
  int steps = 0;
  double flow_shift = 1;
  int start = 0;  ///< first step

  std::string text() const {
    return std::to_string(number) + ": " + scheduler + " on " + config + ", " + std::to_string(steps) +
           " steps, shift " + std::to_string(flow_shift) + ", from step " + std::to_string(start);
  }
};

std::vector<GoldenCase> golden_cases();

}  // namespace sora
