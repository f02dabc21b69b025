#include "nn/cuda/driver.h"

#include <c10/core/Stream.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>

#include <map>

#include "sora/error.h"

namespace sora::nn::cuda {
namespace {

using Result = int;  // CUresult, 0 is success
using DeviceNumber = int;
using Context = void*;
using Module = void*;

constexpr int capability_major = 75;  // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
constexpr int capability_minor = 76;

[[noreturn]] void fail(const std::string& message) {
  throw Error(ErrorKind::unavailable, "kernels", message);
}

class CudaDriver final : public Driver {
 public:
  CudaDriver() : library_(::dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL)) {
    if (library_ == nullptr) fail(std::string("no CUDA driver: ") + ::dlerror());
    find("cuGetErrorName", error_name_);
    find("cuInit", init_);
    find("cuDeviceGet", device_get_);
    find("cuDeviceGetAttribute", attribute_);
    find("cuDevicePrimaryCtxRetain", retain_);
    find("cuCtxPushCurrent_v2", push_);
    find("cuCtxPopCurrent_v2", pop_);
    find("cuModuleLoadData", load_);
    find("cuModuleGetFunction", get_function_);
    find("cuLaunchKernel", launch_);
    check(init_(0), "cuInit");
  }

  int capability(at::Device device) override {
    DeviceNumber number = 0;
    check(device_get_(&number, device.index()), "cuDeviceGet");
    int major = 0, minor = 0;
    check(attribute_(&major, capability_major, number), "cuDeviceGetAttribute");
    check(attribute_(&minor, capability_minor, number), "cuDeviceGetAttribute");
    return 10 * major + minor;
  }

  Function load(at::Device device, const std::string& binary, const std::string& name) override {
    const Current current(*this, device);
    Module module = nullptr;
    Function function = nullptr;
    check(load_(&module, binary.c_str()), "cuModuleLoadData");
    check(get_function_(&function, module, name.c_str()), "cuModuleGetFunction");
    return function;
  }

  void launch(at::Device device, Function function, unsigned blocks, unsigned threads,
              const void* arguments) override {
    const Current current(*this, device);
    void* stream = raw_stream(device);
    void* parameters[] = {const_cast<void*>(arguments)};
    check(launch_(function, blocks, 1, 1, threads, 1, 1, 0, stream, parameters, nullptr), "cuLaunchKernel");
  }

 private:
  // libtorch's own context of a device, current while this lives.
  class Current {
   public:
    Current(CudaDriver& driver, at::Device device) : driver_(driver) {
      driver.check(driver.push_(driver.context_of(device)), "cuCtxPushCurrent");
    }
    ~Current() {
      Context popped = nullptr;
      driver_.pop_(&popped);
    }
    Current(const Current&) = delete;
    Current& operator=(const Current&) = delete;

   private:
    CudaDriver& driver_;
  };

  Context context_of(at::Device device) {
    Context& context = contexts_[device.index()];
    if (context == nullptr) {
      DeviceNumber number = 0;
      check(device_get_(&number, device.index()), "cuDeviceGet");
      check(retain_(&context, number), "cuDevicePrimaryCtxRetain");
    }
    return context;
  }

  template <class F>
  void find(const char* name, F*& function) {
    function = reinterpret_cast<F*>(::dlsym(library_, name));
    if (function == nullptr) fail(std::string("the CUDA driver has no ") + name);
  }

  void check(Result result, const char* call) const {
    if (result == 0) return;
    const char* name = nullptr;
    error_name_(result, &name);
    fail(std::string(call) + ": " + (name != nullptr ? name : std::to_string(result)));
  }

  void* library_;
  std::map<int, Context> contexts_;
  Result (*error_name_)(Result, const char**) = nullptr;
  Result (*init_)(unsigned) = nullptr;
  Result (*device_get_)(DeviceNumber*, int) = nullptr;
  Result (*attribute_)(int*, int, DeviceNumber) = nullptr;
  Result (*retain_)(Context*, DeviceNumber) = nullptr;
  Result (*push_)(Context) = nullptr;
  Result (*pop_)(Context*) = nullptr;
  Result (*load_)(Module*, const void*) = nullptr;
  Result (*get_function_)(Function*, Module, const char*) = nullptr;
  Result (*launch_)(Function, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*,
                    void**, void**) = nullptr;
};

}  // namespace

void* raw_stream(at::Device device) {
  const c10::Stream stream = c10::impl::VirtualGuardImpl(device.type()).getStream(device);
  // c10::cuda::CUDAStream::stream(), whose object is this and nothing else; older ones have only this way.
  static void* const older = ::dlsym(RTLD_DEFAULT, "_ZNK3c104cuda10CUDAStream6streamEv");
  if (older != nullptr) return reinterpret_cast<void* (*)(const c10::Stream*)>(older)(&stream);
  try {
    return stream.native_handle();
  } catch (const c10::Error& error) {
    fail(std::string("no stream: ") + error.what_without_backtrace());
  }
}

std::unique_ptr<Driver> open_driver() { return std::make_unique<CudaDriver>(); }

}  // namespace sora::nn::cuda
