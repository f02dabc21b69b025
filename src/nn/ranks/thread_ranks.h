// Ranks that are threads of one process, each on a device of its own or on the CPU. Tensors are copied from
// device to device by libtorch.
#pragma once

#include <memory>
#include <vector>

#include "nn/ranks/communicator.h"

namespace sora::nn {

/// A communicator for each of `count` threads.
std::vector<std::unique_ptr<Communicator>> make_thread_ranks(int count);

}  // namespace sora::nn
