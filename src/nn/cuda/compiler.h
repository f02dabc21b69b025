// NVRTC, NVIDIA's compiler as a library, opened at run time: it comes with libtorch for CUDA.
#pragma once

#include <memory>
#include <string>

namespace sora::nn::cuda {

/// Compiles kernels for a device. Its errors are Error (unavailable).
class Compiler {
 public:
  virtual ~Compiler() = default;
  /// Part of a compiled kernel's identity, such as "nvrtc 13.0".
  virtual std::string version() const = 0;
  /// A cubin for compute capability `capability` (major * 10 + minor, such as 90); for one that is newer than
  /// the compiler, PTX for the newest that it knows.
  virtual std::string compile(const std::string& source, int capability) const = 0;
};

/// `library` is NVRTC's path; empty: beside the CUDA runtime that is loaded, else by name.
std::unique_ptr<Compiler> open_nvrtc(const std::string& library = {});

}  // namespace sora::nn::cuda
