#include "nn/ranks/nccl_library.h"

#include "core/shared_library.h"
#include "sora/error.h"

namespace sora::nn {
namespace {

constexpr const char* kName = "libnccl.so.2";

[[noreturn]] void missing(const std::string& reason) {
  throw Error(ErrorKind::unavailable, "nccl", std::string(kName) + " cannot be used: " + reason);
}

NcclLibrary load() {
  const SharedLibrary library({kName}, missing);
  NcclLibrary found;
  library.find("ncclGetVersion", found.get_version);
  library.find("ncclGetUniqueId", found.get_unique_id);
  library.find("ncclCommInitRank", found.comm_init_rank);
  library.find("ncclCommAbort", found.comm_abort);
  library.find("ncclSend", found.send);
  library.find("ncclRecv", found.receive);
  library.find("ncclGroupStart", found.group_start);
  library.find("ncclGroupEnd", found.group_end);
  library.find("ncclGetErrorString", found.error_string);
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
