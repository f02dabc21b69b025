// The layers of HunyuanVideo's autoencoder. Activations are [T, H, W, C] contiguous; the names are the
// checkpoint's.
//
// Note [Whole clips]: its group norms have the means of all frames of a clip, so no frame can be decoded
// before the last one is known. Each layer therefore works on the whole clip, but only its result is in
// memory as a whole: its input comes in chunks of frames from a source that can be read twice, once for the
// means and once for the work, and a layer that enlarges is computed anew each time.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>

#include "nn/causal_conv3d.h"
#include "nn/linear.h"
#include "weights/weights.h"

namespace sora::hunyuan {

/// The frames of a clip, a few at a time.
class FrameSource {
 public:
  virtual ~FrameSource() = default;
  virtual std::int64_t frames() const = 0;
  virtual void rewind() = 0;
  /// The next frames [n, H, W, C]; undefined after the last ones.
  virtual at::Tensor next() = 0;
};

/// A 3x3x3 convolution over time: copies of the first frame before it, copies of the pixels at the edge
/// around each frame.
class TimeConv {
 public:
  TimeConv(const Weights& w, std::int64_t in, std::int64_t out) : conv_(w / "conv", in, out) {}
  /// x [n, H, W, in] -> [n, H, W, out]; `state` is that of this layer alone.
  at::Tensor operator()(const at::Tensor& x, nn::StreamState& state) const;

 private:
  nn::CausalConv3d conv_;
};

/// A clip in memory.
class StoredFrames final : public FrameSource {
 public:
  explicit StoredFrames(at::Tensor clip);  ///< [T, H, W, C]
  std::int64_t frames() const override { return clip_.size(0); }
  void rewind() override { next_ = 0; }
  at::Tensor next() override;
  /// For a layer that adds to its input in place; undefined where the source is computed.
  const at::Tensor& clip() const { return clip_; }

 private:
  at::Tensor clip_;
  std::int64_t next_ = 0, most_ = 1;
};

/// A clip that is enlarged (nearest neighbours) by `time` and `space`, and convolved. The first frame stays
/// one frame.
class ConvolvedFrames final : public FrameSource {
 public:
  ConvolvedFrames(at::Tensor clip, const TimeConv& conv, std::int64_t time = 1, std::int64_t space = 1);
  std::int64_t frames() const override { return 1 + (clip_.size(0) - 1) * time_; }
  void rewind() override;
  at::Tensor next() override;

 private:
  at::Tensor clip_;
  const TimeConv* conv_;
  std::int64_t time_, space_, next_ = 0, most_ = 1;
  nn::StreamState state_;
};

/// Group norm over a whole clip.
class GroupNorm {
 public:
  GroupNorm(const Weights& w, std::int64_t dim, std::int64_t groups);

  /// Means of a clip as they grow, in double precision.
  struct Sums {
    at::Tensor mean, squares;  // [groups]; squares: of the differences from the mean
    double count = 0;          // of elements in a group
  };
  void add(const at::Tensor& x, Sums& sums) const;  ///< x [n, H, W, C]
  /// What a channel is multiplied by, and what is then added: [C] each.
  struct Affine {
    at::Tensor scale, shift;
    at::Tensor operator()(const at::Tensor& x) const { return at::addcmul(shift, x, scale); }
    at::Tensor silu(const at::Tensor& x) const {
      at::Tensor y = (*this)(x);
      return at::silu_(y);
    }
  };
  Affine affine(const Sums& sums) const;

  /// Reads the whole source.
  Affine affine_of(FrameSource& source) const;

 private:
  at::Tensor weight_, bias_;
  std::int64_t groups_;
};

class ResidualBlock {
 public:
  ResidualBlock(const Weights& w, std::int64_t in, std::int64_t out, std::int64_t groups);
  at::Tensor operator()(FrameSource& source) const;  ///< -> [T, H, W, out]

 private:
  GroupNorm norm1_, norm2_;
  TimeConv conv1_, conv2_;
  nn::Linear conv_shortcut_;  // where the widths differ
  std::int64_t out_;
};

/// Attention of each cell to those of its frame and of earlier ones.
class CausalAttention {
 public:
  CausalAttention(const Weights& w, std::int64_t dim, std::int64_t groups);
  at::Tensor operator()(const at::Tensor& x) const;  ///< [T, H, W, C]

 private:
  GroupNorm group_norm_;
  nn::Linear to_q_, to_k_, to_v_, to_out_;
};

/// A convolution that halves rows and columns, and frames where `time` is 2.
class Halving {
 public:
  Halving(const Weights& w, std::int64_t dim, std::int64_t time);
  at::Tensor operator()(const at::Tensor& x) const;  ///< [T, H, W, C]

 private:
  at::Tensor weight_, bias_;  // [dim, 3 * dim, 3, 3]: the taps of time side by side, oldest first
  std::int64_t time_;
};

/// A convolution of single pixels; scope of its weight and bias.
nn::Linear pixelwise(const Weights& w, std::int64_t in, std::int64_t out);

}  // namespace sora::hunyuan
