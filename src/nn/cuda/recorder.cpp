// at::cuda::CUDAGraph by the names of its functions in libtorch_cuda, which is loaded by then
// (nn/cuda_loader.h).
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>

#include <optional>
#include <utility>

#include "nn/cuda/graphs.h"
#include "sora/error.h"

namespace sora::nn::cuda {
namespace {

using Pool = std::pair<unsigned long long, unsigned long long>;
constexpr int relaxed = 2;  // cudaStreamCaptureModeRelaxed: other threads may go on using the device

// More than the object has in any version.
constexpr std::size_t object_bytes = 65536;

template <class F>
F* function(const char* name) {
  void* found = ::dlsym(RTLD_DEFAULT, name);
  if (found == nullptr)
    throw Error(ErrorKind::unavailable, "graphs", std::string("this libtorch has no ") + name);
  return reinterpret_cast<F*>(found);
}

class CudaGraph final : public Recorder {
 public:
  explicit CudaGraph(at::Device device)
      : device_(device),
        begin_(function<void(void*, Pool, int)>(
            "_ZN2at4cuda9CUDAGraph13capture_beginESt4pairIyyE21cudaStreamCaptureMode")),
        end_(function<void(void*)>("_ZN2at4cuda9CUDAGraph11capture_endEv")),
        replay_(function<void(void*)>("_ZN2at4cuda9CUDAGraph6replayEv")),
        destroy_(function<void(void*)>("_ZN2at4cuda9CUDAGraphD1Ev")),
        object_(new char[object_bytes]()) {
    function<void(void*, bool)>("_ZN2at4cuda9CUDAGraphC1Eb")(object_.get(), /*keep_graph=*/false);
  }
  ~CudaGraph() override { destroy_(object_.get()); }

  // Work on the default stream cannot be recorded: it is done on another, after what came before.
  void begin() override {
    const c10::impl::VirtualGuardImpl device(device_.type());
    const c10::Stream current = device.getStream(device_);
    const c10::Stream other = device.getStreamFromGlobalPool(device_);
    c10::Event before(device_.type());
    before.record(current);
    before.block(other);
    before_ = device.exchangeStream(other);
    try {
      begin_(object_.get(), {0, 0}, relaxed);
    } catch (...) {
      restore();
      throw;
    }
  }
  void end() override {
    try {
      end_(object_.get());
    } catch (...) {
      restore();
      throw;
    }
    restore();
  }
  void replay() override { replay_(object_.get()); }

 private:
  void restore() {
    if (before_) c10::impl::VirtualGuardImpl(device_.type()).exchangeStream(*before_);
    before_.reset();
  }

  at::Device device_;
  void (*begin_)(void*, Pool, int);
  void (*end_)(void*);
  void (*replay_)(void*);
  void (*destroy_)(void*);
  std::unique_ptr<char[]> object_;
  std::optional<c10::Stream> before_;
};

}  // namespace

std::unique_ptr<Recorder> open_recorder(at::Device device) { return std::make_unique<CudaGraph>(device); }

}  // namespace sora::nn::cuda
