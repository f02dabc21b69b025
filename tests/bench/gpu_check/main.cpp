// Parity and speed on a device, one part at a time; scripts/gpu-check runs them.
//
//   gpu_check PART DEVICE DATA FOLDER [tiny]
//
// PART is parity, kernels, small, transformers, transformers-480p (the smaller size alone), autoencoders or
// offload. DATA is tests/data, FOLDER is for files that a part writes. Prints JSON lines.
#include <ATen/Context.h>
#include <c10/core/InferenceMode.h>

#include <cstdio>
#include <exception>

#include "core/log.h"
#include "measures.h"
#include "nn/device.h"

int main(int count, char** arguments) {
  using namespace sora::gpu_check;
  static const std::map<std::string, void (*)(const Options&)> parts{
      {"parity", check_parity},
      {"kernels", check_kernels},
      {"small", measure_small},
      {"transformers", measure_transformers},
      {"transformers-480p", measure_transformers},
      {"autoencoders", measure_autoencoders},
      {"offload", measure_offload}};
  if (count < 5 || parts.count(arguments[1]) == 0) {
    std::fprintf(stderr, "gpu_check PART DEVICE DATA FOLDER [tiny]\n");
    return 64;
  }
  try {
    Options options{arguments[1], at::kCPU, arguments[3], arguments[4], count > 5};
    options.device = sora::make_placement(arguments[2], "").device;
    if (options.device.type() != at::kCPU && !options.device.has_index()) options.device.set_index(0);
    at::globalContext().setAllowTF32CuBLAS(false);
    at::globalContext().setAllowTF32CuDNN(false);
    sora::set_log_sink([](sora::LogLevel level, const std::string& text) {
      if (level == sora::LogLevel::warning) print_line({{"part", "warning"}, {"text", text}});
    });
    const c10::InferenceMode inference;
    parts.at(options.part)(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "gpu_check: %s\n", error.what());
    return 1;
  }
}
