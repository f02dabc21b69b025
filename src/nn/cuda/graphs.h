// CUDA graphs: the work of a small network is recorded once and started again with one call, where starting
// its hundreds of kernels one by one takes longer than running them.
//
// No device has shown yet what they gain, so they are off unless SORA_GEN_GRAPHS=on is in the environment;
// scripts/gpu-check measures both.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <list>
#include <memory>
#include <vector>

namespace sora::nn::cuda {

/// Records what the device is given between begin() and end(), without running it. Errors are Error
/// (unavailable) or c10::Error.
class Recorder {
 public:
  virtual ~Recorder() = default;
  virtual void begin() = 0;
  virtual void end() = 0;
  virtual void replay() = 0;
};

/// libtorch's, found at run time: nothing here links to its CUDA half.
std::unique_ptr<Recorder> open_recorder(at::Device device);

class Graphs {
 public:
  using Work = std::function<at::Tensor(const std::vector<at::Tensor>& inputs)>;
  using Open = std::function<std::unique_ptr<Recorder>(at::Device)>;

  explicit Graphs(Open open = open_recorder) : open_(std::move(open)) {}

  /// Whether the environment asks for graphs.
  static bool are_wanted();

  /// work(inputs), replayed where it was recorded for inputs of these shapes and for the same `fixed`, the
  /// other tensors that it reads besides weights. It must not wait for the device, and its result must depend
  /// on nothing else. The first replay is compared with the work itself; where anything fails, all later work
  /// is done without graphs, after one warning.
  at::Tensor run(const std::vector<at::Tensor>& inputs, const std::vector<at::Tensor>& fixed,
                 const Work& work);

 private:
  struct Recorded {
    std::vector<at::Tensor> inputs, fixed;  // read by the graph, and so kept
    at::Tensor output;
    std::unique_ptr<Recorder> recorder;
    at::Tensor replay(const std::vector<at::Tensor>& inputs) const;
  };
  void record(const std::vector<at::Tensor>& inputs, const std::vector<at::Tensor>& fixed, const Work& work,
              const at::Tensor& expected);
  void give_up(const std::string& reason);

  Open open_;
  std::list<Recorded> recent_;  // latest first
  bool is_on_ = true;
};

}  // namespace sora::nn::cuda
