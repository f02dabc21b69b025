#include "nn/cuda_loader.h"

#include <ATen/Context.h>
#include <dlfcn.h>

#include <string>

#include "core/log.h"

namespace sora {
namespace {

bool load_once() {
  // Found by the rpath of the library or program that this file is linked into, which names the folder
  // of libtorch_cpu. Global, since libraries that libtorch opens later look for its symbols.
  if (dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    log(LogLevel::debug, std::string("no CUDA backend: ") + dlerror());
    return false;
  }
  if (!at::hasCUDA()) {
    log(LogLevel::debug, "the CUDA backend is loaded, but it finds no driver or no device");
    return false;
  }
  return true;
}

}  // namespace

bool load_cuda_backend() {
  static const bool usable = load_once();
  return usable;
}

}  // namespace sora
