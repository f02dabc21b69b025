#include "nn/cuda/compiler.h"

#include <dlfcn.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "sora/error.h"

namespace sora::nn::cuda {
namespace {

using Program = void*;  // nvrtcProgram
using Result = int;     // nvrtcResult, 0 is success

[[noreturn]] void fail(const std::string& message) {
  throw Error(ErrorKind::unavailable, "kernels", message);
}

template <class Function>
Function* symbol(void* library, const char* name) {
  void* found = ::dlsym(library, name);
  if (found == nullptr) fail(std::string("NVRTC has no ") + name);
  return reinterpret_cast<Function*>(found);
}

// Where the wheels put NVRTC, seen from the CUDA runtime: in one folder since CUDA 13, in folders side by
// side before.
std::vector<std::string> places() {
  std::vector<std::string> found;
  Dl_info runtime{};
  void* address = ::dlsym(RTLD_DEFAULT, "cudaRuntimeGetVersion");
  if (address != nullptr && ::dladdr(address, &runtime) != 0 && runtime.dli_fname != nullptr) {
    const std::filesystem::path folder = std::filesystem::path(runtime.dli_fname).parent_path();
    found.push_back(folder / "libnvrtc.so.13");
    found.push_back(folder / "libnvrtc.so.12");
    found.push_back(folder / "../../cuda_nvrtc/lib/libnvrtc.so.12");
  }
  found.emplace_back("libnvrtc.so.13");
  found.emplace_back("libnvrtc.so.12");
  return found;
}

void* open_library(const std::string& path) {
  const std::vector<std::string> candidates = path.empty() ? places() : std::vector<std::string>{path};
  for (const std::string& candidate : candidates) {
    if (void* library = ::dlopen(candidate.c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
  }
  const char* reason = ::dlerror();
  fail(std::string("NVRTC cannot be opened: ") + (reason != nullptr ? reason : path.c_str()));
}

// NVRTC looks for a library of its own by name alone, and finds the one that is loaded. Absent: it says so
// when it compiles.
void open_builtins(const void* in_nvrtc, const std::string& version) {
  Dl_info nvrtc{};
  if (::dladdr(in_nvrtc, &nvrtc) == 0 || nvrtc.dli_fname == nullptr) return;
  const std::filesystem::path folder = std::filesystem::path(nvrtc.dli_fname).parent_path();
  ::dlopen((folder / ("libnvrtc-builtins.so." + version)).c_str(), RTLD_NOW | RTLD_LOCAL);
}

class Nvrtc final : public Compiler {
 public:
  explicit Nvrtc(const std::string& path) : library_(open_library(path)) {
    create_ = symbol<Result(Program*, const char*, const char*, int, const char* const*, const char* const*)>(
        library_, "nvrtcCreateProgram");
    destroy_ = symbol<Result(Program*)>(library_, "nvrtcDestroyProgram");
    compile_ = symbol<Result(Program, int, const char* const*)>(library_, "nvrtcCompileProgram");
    log_ = {library_, "nvrtcGetProgramLogSize", "nvrtcGetProgramLog"};
    cubin_ = {library_, "nvrtcGetCUBINSize", "nvrtcGetCUBIN"};
    ptx_ = {library_, "nvrtcGetPTXSize", "nvrtcGetPTX"};
    int major = 0, minor = 0;
    const auto version = symbol<Result(int*, int*)>(library_, "nvrtcVersion");
    if (version(&major, &minor) != 0) fail("NVRTC has no version");
    const std::string number = std::to_string(major) + "." + std::to_string(minor);
    version_ = "nvrtc " + number;
    open_builtins(reinterpret_cast<const void*>(version), number);
    int count = 0;
    if (symbol<Result(int*)>(library_, "nvrtcGetNumSupportedArchs")(&count) == 0 && count > 0) {
      known_.resize(static_cast<std::size_t>(count));
      symbol<Result(int*)>(library_, "nvrtcGetSupportedArchs")(known_.data());
    }
    if (known_.empty()) fail("NVRTC names no device that it compiles for");
  }

  std::string version() const override { return version_; }

  std::string compile(const std::string& source, int capability) const override {
    const bool is_known = std::find(known_.begin(), known_.end(), capability) != known_.end();
    const int newest = *std::max_element(known_.begin(), known_.end());
    if (!is_known && capability < newest) {
      fail(version_ + " does not compile for compute capability " + std::to_string(capability));
    }
    const std::string target = "--gpu-architecture=" + (is_known ? "sm_" + std::to_string(capability)
                                                                 : "compute_" + std::to_string(newest));
    const char* const options[] = {target.c_str(), "--std=c++17", "--device-as-default-execution-space"};

    Program program = nullptr;
    if (create_(&program, source.c_str(), "sora-gen.cu", 0, nullptr, nullptr) != 0)
      fail("NVRTC takes no program");
    const Result result = compile_(program, 3, options);
    std::string output = result != 0 ? log_.of(program) : is_known ? cubin_.of(program) : ptx_.of(program);
    destroy_(&program);
    if (result != 0) fail(version_ + " cannot compile for " + target + ": " + output);
    if (output.empty()) fail(version_ + " gave nothing for " + target);
    return output;
  }

 private:
  // A pair of functions for the size of a text and the text.
  struct Text {
    Text() = default;
    Text(void* library, const char* size_name, const char* text_name)
        : size(symbol<Result(Program, std::size_t*)>(library, size_name)),
          text(symbol<Result(Program, char*)>(library, text_name)) {}
    std::string of(Program program) const {
      std::size_t bytes = 0;
      if (size(program, &bytes) != 0) return {};
      std::string all(bytes, '\0');
      return text(program, all.data()) == 0 ? all : std::string();
    }
    Result (*size)(Program, std::size_t*) = nullptr;
    Result (*text)(Program, char*) = nullptr;
  };

  void* library_;  // never closed: the compiler has threads of its own
  Result (*create_)(Program*, const char*, const char*, int, const char* const*,
                    const char* const*) = nullptr;
  Result (*destroy_)(Program*) = nullptr;
  Result (*compile_)(Program, int, const char* const*) = nullptr;
  Text log_, cubin_, ptx_;
  std::string version_;
  std::vector<int> known_;
};

}  // namespace

std::unique_ptr<Compiler> open_nvrtc(const std::string& library) { return std::make_unique<Nvrtc>(library); }

}  // namespace sora::nn::cuda
