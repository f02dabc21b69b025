// The part of the CUDA driver API that starts kernels, opened at run time.
#pragma once

#include <c10/core/Device.h>

#include <memory>
#include <string>

namespace sora::nn::cuda {

/// A function of a loaded module on one device.
using Function = void*;

/// Errors are Error (unavailable).
class Driver {
 public:
  virtual ~Driver() = default;
  /// major * 10 + minor, such as 90.
  virtual int capability(at::Device device) = 0;
  /// Loads a cubin or PTX for good and finds its function.
  virtual Function load(at::Device device, const std::string& binary, const std::string& name) = 0;
  /// Starts the function on the device's current stream. `arguments` is copied.
  virtual void launch(at::Device device, Function function, unsigned blocks, unsigned threads,
                      const void* arguments) = 0;
};

std::unique_ptr<Driver> open_driver();

/// libtorch's current stream of a device, as CUDA's libraries take it.
void* raw_stream(at::Device device);

}  // namespace sora::nn::cuda
