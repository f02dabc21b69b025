// How processes find each other: all connect to rank 0, which tells each where the others are.
#pragma once

#include <vector>

#include "nn/ranks/socket.h"
#include "nn/ranks/socket_ranks.h"

namespace sora::nn {

/// A connection to each other rank, by its number; that of this rank is not open.
std::vector<Socket> connect_all(const Meeting& meeting, const std::function<void()>& stop);

}  // namespace sora::nn
