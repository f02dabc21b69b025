// Blocks shared by the encoder and the decoder of the Wan VAE. Activations are [T, H, W, C] contiguous;
// the names are the checkpoint's.
#pragma once

#include <vector>

#include "nn/causal_conv3d.h"
#include "nn/linear.h"
#include "nn/pixel_passes.h"
#include "weights/weights.h"

namespace sora::wan {

/// L2 norm over the channels of a pixel, times sqrt(C) * gamma. WanRMS_norm of diffusers, whose gamma is
/// stored with `trailing` dimensions of one behind the channels: 3 for videos, 2 for images.
struct ChannelNorm {
  at::Tensor gamma;  // [C]

  ChannelNorm() = default;
  ChannelNorm(const Weights& w, std::int64_t dim, std::size_t trailing = 3);

  at::Tensor operator()(const at::Tensor& x) const {
    return nn::normalise_channels(x, gamma, /*silu=*/false);
  }
  at::Tensor silu(const at::Tensor& x) const { return nn::normalise_channels(x, gamma, /*silu=*/true); }
};

/// A convolution with a kernel of one, which is a product over the channels. The checkpoint's weight is
/// [out, in, 1, ...] with `trailing` ones.
nn::Linear pointwise(const Weights& w, std::int64_t in, std::int64_t out, std::size_t trailing);

class ResidualBlock {
 public:
  ResidualBlock(const Weights& w, std::int64_t in, std::int64_t out);
  /// [T, H, W, in] -> [.., out], in x's own memory where x has no other owner.
  at::Tensor operator()(at::Tensor x, nn::StreamState& state) const;

 private:
  ChannelNorm norm1_, norm2_;
  nn::CausalConv3d conv1_, conv2_;
  nn::Linear conv_shortcut_;  // where the widths differ
};

/// Attention of each frame's pixels to each other, with one head.
class AttentionBlock {
 public:
  AttentionBlock(const Weights& w, std::int64_t dim);
  /// [T, H, W, C] -> the same; with a strip, to the pixels of all strips.
  at::Tensor operator()(const at::Tensor& x, const nn::Strip* strip) const;

 private:
  ChannelNorm norm_;
  nn::Linear to_qkv_, proj_;
};

class MidBlock {
 public:
  MidBlock(const Weights& w, std::int64_t dim);
  at::Tensor operator()(at::Tensor x, nn::StreamState& state) const;

 private:
  ResidualBlock first_;
  AttentionBlock attention_;
  ResidualBlock second_;
};

}  // namespace sora::wan
