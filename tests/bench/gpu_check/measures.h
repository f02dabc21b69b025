// What the parts of gpu_check share: options, JSON lines, clocks and counters of a device, random weights.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <variant>

#include "sampling/config/scheduler_config.h"
#include "weights/weights.h"

namespace sora::gpu_check {

struct Options {
  std::string part;
  at::Device device = at::kCPU;
  std::filesystem::path data;    ///< tests/data
  std::filesystem::path folder;  ///< for files that a part writes
  bool is_tiny = false;          ///< sizes for a test of this program
};

/// The parts; each prints lines as it goes, so that what was measured is known if time runs out.
void check_parity(const Options& options);
void check_kernels(const Options& options);
void measure_transformers(const Options& options);
void measure_small(const Options& options);  ///< a transformer whose kernels take less time than their start
void measure_autoencoders(const Options& options);
void measure_offload(const Options& options);

using Value = std::variant<double, bool, std::string>;
/// Prints one JSON object on a line of stdout.
void print_line(const std::map<std::string, Value>& values);

bool is_cpu(at::Device device);
void synchronize(at::Device device);
/// Wall seconds of f(), all work of the device included.
double seconds(at::Device device, const std::function<void()>& f);
/// The least of `rounds`, after one that is not counted.
double best_seconds(at::Device device, int rounds, const std::function<void()>& f);

/// Peak bytes of tensors on the device since reset_peak(); 0 where that is not known.
void reset_peak(at::Device device);
double peak_bytes(at::Device device);

double relative_l2(const at::Tensor& x, const at::Tensor& expected);

/// Where the time of operations goes, and how often the host waits for the device.
struct Shares {
  double products = 0, attention = 0, other_operations = 0;  ///< seconds
  std::int64_t waits = 0;  ///< values or tensors that the host reads from the device
};
Shares shares_of(at::Device device, const std::function<void()>& f);

/// Small random weights of any shape, made on the device.
Weights random_weights(at::Device device, at::ScalarType dtype);

/// The scheduler's settings of the Wan models.
inline SchedulerConfig flow_matching() {
  SchedulerConfig config;
  config.prediction_type = PredictionType::flow_prediction;
  config.use_flow_sigmas = true;
  return config;
}

}  // namespace sora::gpu_check
