// The layers of the LTX-Video autoencoder, each a stream of frames. Activations are [T, H, W, C] contiguous;
// the names are the checkpoint's.
//
// Note [Looking ahead]: the decoder's convolutions see one frame on each side, with copies of the first and
// the last frame at the ends of the clip. A layer therefore gives a frame when the next one is known, and its
// last frames when it is told that the clip ends. Each layer has few frames in memory, so memory does not
// grow with the length of the clip.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "models/ltx/vae_config.h"
#include "nn/causal_conv3d.h"
#include "nn/cpu/pixel_ops.h"
#include "nn/linear.h"
#include "nn/norm.h"
#include "weights/weights.h"

namespace sora::ltx {

/// What a layer keeps of a stream from call to call.
struct LayerState {
  at::Tensor last[2];   ///< [1, H, W, C]: the last input of its convolutions that look ahead
  at::Tensor waiting;   ///< [T, H, W, C]: inputs that wait for later ones
  at::Tensor noise[2];  ///< [H, W, 1]: injected noise, the same for all frames
  bool started = false;
  std::deque<at::Tensor> inputs;  ///< of LayerChain: chunks that the layer has not taken yet
  bool inputs_end = false;        ///< no further ones will come
};

/// A stream's state beside that of its layers.
struct StreamContext {
  nn::StreamState convolutions;
  at::Generator noise;  ///< of layers that inject noise
};

/// A convolution over time: causal, with two copies of the first frame before it, or with a copy of the first
/// and of the last frame around the clip.
class TimeConv {
 public:
  TimeConv() = default;
  TimeConv(const Weights& w, std::int64_t in, std::int64_t out, bool causal)  ///< scope `conv` of the layer
      : conv_(w / "conv", in, out), causal_(causal) {}

  /// `last_input` is of the layer's state; `ends`: x [T, H, W, in] has the clip's last frame.
  at::Tensor operator()(const at::Tensor& x, bool ends, at::Tensor& last_input, StreamContext& context) const;

 private:
  nn::CausalConv3d conv_;
  bool causal_ = true;
};

/// One layer of an autoencoder.
class Layer {
 public:
  virtual ~Layer() = default;
  /// x [T, H, W, in] -> the frames that are known now, [T', H', W', out]; T' may be 0 unless the clip ends.
  virtual at::Tensor run(const at::Tensor& x, bool ends, LayerState& state, StreamContext& context) const = 0;
  virtual int convolutions() const = 0;  ///< histories that it uses of the context
};

/// conv_in and conv_out; the latter after a norm without weights (perhaps modulated) and SiLU.
class PlainLayer final : public Layer {
 public:
  PlainLayer(const Weights& w, std::int64_t in, std::int64_t out, bool causal, bool normed = false)
      : conv_(w, in, out, causal), normed_(normed) {}
  at::Tensor run(const at::Tensor& x, bool ends, LayerState& state, StreamContext& context) const override;
  int convolutions() const override { return 1; }
  void modulate(const at::Tensor& shift, const at::Tensor& scale);  ///< [in] each

 private:
  TimeConv conv_;
  bool normed_;
  at::Tensor shift_, gain_;
};

struct ResidualOptions {
  bool causal = true;
  bool injects_noise = false;
  bool modulated = false;  ///< by the timestep
  double norm_eps = 1e-6;  ///< of the shortcut
};

class ResidualBlock final : public Layer {
 public:
  ResidualBlock(const Weights& w, std::int64_t in, std::int64_t out, const ResidualOptions& options);
  at::Tensor run(const at::Tensor& x, bool ends, LayerState& state, StreamContext& context) const override;
  int convolutions() const override { return 2; }
  void modulate(const at::Tensor& embedding);  ///< [4 * in], of the timestep

 private:
  at::Tensor shortcut(const at::Tensor& x) const;

  TimeConv conv1_, conv2_;
  nn::LayerNorm norm3_;            // where the widths differ
  nn::Linear conv_shortcut_;       // likewise
  at::Tensor noise_scale_[2];      // [C], where noise is injected
  at::Tensor scale_shift_table_;   // [4, in], where modulated
  at::Tensor shift_[2], gain_[2];  // of the two norms, by the timestep
};

/// A convolution with a stride of two in time and space: encoders before 0.9.5.
class StridedHalving final : public Layer {
 public:
  StridedHalving(const Weights& w, std::int64_t dim);
  at::Tensor run(const at::Tensor& x, bool ends, LayerState& state, StreamContext& context) const override;
  int convolutions() const override { return 0; }

 private:
  at::Tensor weight_, bias_;  // [dim, 3 * dim, 3, 3]: the taps of time side by side, oldest first
};

/// A convolution whose pixels are folded into channels, plus means of the folded input.
class FoldingHalving final : public Layer {
 public:
  FoldingHalving(const Weights& w, const EncoderStage& stage);
  at::Tensor run(const at::Tensor& x, bool ends, LayerState& state, StreamContext& context) const override;
  int convolutions() const override { return 1; }

 private:
  Factors factors_;
  std::int64_t out_;
  TimeConv conv_;
};

/// A convolution whose channels are unfolded into pixels and frames, perhaps plus the input so unfolded. The
/// first frame of a clip is not doubled.
class Doubling final : public Layer {
 public:
  Doubling(const Weights& w, const DecoderStage& stage, bool causal);
  at::Tensor run(const at::Tensor& x, bool ends, LayerState& state, StreamContext& context) const override;
  int convolutions() const override { return 1; }

 private:
  TimeConv conv_;
  bool residual_;
  std::int64_t repeats_;
};

/// Layers one after another.
class LayerChain {
 public:
  void add(std::unique_ptr<Layer> layer);
  const std::vector<std::unique_ptr<Layer>>& layers() const { return layers_; }
  std::size_t place(std::size_t layer) const { return places_[layer]; }

 private:
  std::vector<std::unique_ptr<Layer>> layers_;
  std::vector<std::size_t> places_;  // of each layer's first history
  std::size_t next_ = 0;
};

/// A stream through a chain. The deepest layer that has an input runs first, with few frames at a time, so
/// that little waits between the layers.
class ChainStream {
 public:
  /// `seed` of the injected noise.
  ChainStream(const LayerChain& chain, std::uint64_t seed);

  /// x [T, H, W, C]; `ends`: these are the clip's last frames.
  void push(const at::Tensor& x, bool ends);
  /// The next frames at the end of the chain; undefined where further input is needed, or none is left.
  at::Tensor pull();

 private:
  const LayerChain* chain_;
  std::vector<LayerState> states_;
  StreamContext context_;
};

}  // namespace sora::ltx
