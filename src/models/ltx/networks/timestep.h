// Embedding of timesteps, which the transformer and the decoder of the autoencoder share.
#pragma once

#include "nn/linear.h"
#include "weights/weights.h"

namespace sora::ltx {

constexpr std::int64_t kTimestepChannels = 256;  // not a key of the configs

/// [n] -> [n, 256] = cos(t f), sin(t f) with f_i = 10000^(-i / 128), in fp32.
at::Tensor sinusoidal_embedding(const at::Tensor& timestep);

/// A layer whose weights stay in fp32.
nn::Linear full_precision(const Weights& w, std::int64_t in, std::int64_t out);

}  // namespace sora::ltx
