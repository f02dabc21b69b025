// libtorch's CUDA half, loaded only when a CUDA device is asked for: it and what it pulls in take
// seconds to load and gigabytes of address space, which a CPU run should not pay.
#pragma once

namespace sora {

/// Loads libtorch_cuda, whose static initialisers register the CUDA backend, on the first call.
/// Returns whether a CUDA device can be used: false without a CUDA build of libtorch, without a driver,
/// or without a device; the reason is logged at debug level.
/// Call it before anything else asks ATen about CUDA: ATen keeps the first answer for good.
bool load_cuda_backend();

}  // namespace sora
