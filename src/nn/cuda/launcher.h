// Compiles, loads, checks and starts the kernels; and gives up on them where they fail.
//
// Note [Giving up]: every kernel has a form of ATen's operations beside it, which every other device uses.
// The first time that a kernel runs on a device, both are computed and compared. A kernel that cannot be
// compiled, loaded or started, or that gives other numbers, switches all of them off for the rest of the
// process, with one warning; the results are then ATen's. SORA_GEN_FUSED=off in the environment switches them
// off from the start.
#pragma once

#include <ATen/ATen.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "nn/cuda/binary_cache.h"
#include "nn/cuda/compiler.h"
#include "nn/cuda/driver.h"
#include "nn/cuda/kernel.h"

namespace sora::nn::cuda {

/// A kernel with the arguments of one use.
struct Launch {
  Kernel kernel;
  const void* arguments = nullptr;
  std::int64_t rows = 0;
  std::vector<at::Tensor> outputs;  ///< what it writes; defined ones
};

class Launcher {
 public:
  /// `open` gives driver and compiler when the first kernel is needed. The kernels are for `device_type`.
  using Tools = std::pair<std::unique_ptr<Driver>, std::unique_ptr<Compiler>>;
  Launcher(at::DeviceType device_type, std::function<Tools()> open, BinaryCache cache);

  /// Whether kernels run on this tensor's device, and have not been switched off.
  bool takes(const at::Tensor& x) const { return is_on_ && x.device().type() == device_type_; }

  /// Starts the kernel. `reference` computes the same outputs without changing any tensor that exists.
  /// Returns false, with the outputs untouched or in an unknown state, where the caller has to compute them
  /// itself.
  bool run(const Launch& launch, const std::function<std::vector<at::Tensor>()>& reference);

  void switch_off(const std::string& reason);
  bool is_on() const { return is_on_; }

  /// The one of this process, for CUDA.
  static Launcher& instance();
  /// Replaces it until the guard goes, for tests.
  class Replaced {
   public:
    explicit Replaced(Launcher& launcher);
    ~Replaced();
    Replaced(const Replaced&) = delete;
    Replaced& operator=(const Replaced&) = delete;

   private:
    Launcher* before_;
  };

 private:
  struct Loaded {
    Function function = nullptr;
    bool is_checked = false;
  };
  Loaded& loaded(const Kernel& kernel, at::Device device);
  void start(const Launch& launch, at::Device device, Function function);
  /// Compares the outputs with the reference's; where they differ, they get its numbers.
  void check(const Launch& launch, const std::vector<at::Tensor>& expected, Loaded& entry);

  at::DeviceType device_type_;
  std::function<Tools()> open_;
  BinaryCache cache_;
  Tools tools_;
  std::map<int, int> capabilities_;  // of devices by number
  std::map<std::pair<Kernel, int>, Loaded> loaded_;
  std::mutex mutex_;
  std::atomic<bool> is_on_ = true;
};

}  // namespace sora::nn::cuda
