#include "nn/ranks/nccl_library.h"

#include <dlfcn.h>

#include "sora/error.h"

namespace sora::nn {
namespace {

constexpr const char* kName = "libnccl.so.2";

[[noreturn]] void missing(const std::string& reason) {
  throw Error(ErrorKind::unavailable, "nccl", std::string(kName) + " cannot be used: " + reason);
}

template <class F>
void find(void* library, const char* name, F& function) {
  function = reinterpret_cast<F>(::dlsym(library, name));
  if (function == nullptr) missing(std::string("it has no ") + name);
}

NcclLibrary load() {
  void* library = ::dlopen(kName, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* reason = ::dlerror();
    missing(reason != nullptr ? reason : "not found");
  }
  NcclLibrary found;
  find(library, "ncclGetVersion", found.get_version);
  find(library, "ncclGetUniqueId", found.get_unique_id);
  find(library, "ncclCommInitRank", found.comm_init_rank);
  find(library, "ncclCommAbort", found.comm_abort);
  find(library, "ncclSend", found.send);
  find(library, "ncclRecv", found.receive);
  find(library, "ncclGroupStart", found.group_start);
  find(library, "ncclGroupEnd", found.group_end);
  find(library, "ncclGetErrorString", found.error_string);
  int version = 0;
  constexpr int kSendAndReceive = 2700;  // 2.7
  if (found.get_version(&version) != 0 || version < kSendAndReceive)
    missing("version " + std::to_string(version) + " is too old, expected 2.7 or later");
  return found;
}

}  // namespace

void NcclLibrary::check(Result result, const char* call) const {
  if (result == 0) return;
  throw Error(
      ErrorKind::unavailable, "nccl",
      std::string(call) + ": " + error_string(result) + "; NCCL_DEBUG=INFO in the environment says more");
}

const NcclLibrary& nccl_library() {
  static const NcclLibrary library = load();
  return library;
}

}  // namespace sora::nn
