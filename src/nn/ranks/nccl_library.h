// NVIDIA's NCCL, opened at run time: tensors go from GPU to GPU without the host.
#pragma once

#include <array>
#include <cstddef>
#include <string>

namespace sora::nn {

/// The functions of NCCL 2 that are used here, with the types of its nccl.h.
struct NcclLibrary {
  using Result = int;  // ncclResult_t, 0 is success
  using Comm = void*;  // ncclComm_t
  struct UniqueId {
    std::array<char, 128> bytes;
  };
  static constexpr int kBytes = 1;  // ncclUint8

  Result (*get_version)(int*) = nullptr;
  Result (*get_unique_id)(UniqueId*) = nullptr;
  Result (*comm_init_rank)(Comm*, int, UniqueId, int) = nullptr;
  Result (*comm_abort)(Comm) = nullptr;
  Result (*send)(const void*, std::size_t, int, int, Comm, void*) = nullptr;
  Result (*receive)(void*, std::size_t, int, int, Comm, void*) = nullptr;
  Result (*group_start)() = nullptr;
  Result (*group_end)() = nullptr;
  const char* (*error_string)(Result) = nullptr;

  /// Throws Error (unavailable) where `result` is a failure.
  void check(Result result, const char* call) const;
};

/// Opens libnccl.so.2: the one that libtorch has loaded, or the system's. Throws Error (unavailable) where
/// there is none.
const NcclLibrary& nccl_library();

}  // namespace sora::nn
