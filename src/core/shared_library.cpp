#include "core/shared_library.h"

#include <dlfcn.h>

#include <utility>

#include "sora/error.h"

namespace sora {

SharedLibrary::SharedLibrary(const std::vector<std::string>& files, Missing missing)
    : missing_(std::move(missing)) {
  std::string reason = "not found";
  for (const std::string& file : files) {
    handle_ = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle_ != nullptr) return;
    if (const char* text = ::dlerror()) reason = text;
  }
  missing_(reason);
  throw Error(ErrorKind::internal, "library", reason);
}

void* SharedLibrary::address(const char* name) const {
  void* found = ::dlsym(handle_, name);
  if (found == nullptr) missing_(std::string("it has no ") + name);
  return found;
}

}  // namespace sora
