#include "models/networks/tiny_autoencoder.h"

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "nn/causal_conv3d.h"

namespace sora::tiny {
namespace {

// Frames are [H, W, C] here, one at a time: a chunk of four at full size would take gigabytes.

at::Tensor as_picture(const at::Tensor& frame) { return frame.permute({2, 0, 1}).unsqueeze(0); }
at::Tensor as_frame(const at::Tensor& picture) { return picture[0].permute({1, 2, 0}).contiguous(); }

// A convolution of one frame, with `groups` of channels.
struct Conv {
  at::Tensor weight, bias;
  std::int64_t groups;

  Conv(const Weights& w, std::int64_t in, std::int64_t out, std::int64_t side, bool with_bias,
       std::int64_t groups_ = 1)
      : weight(w.get("weight", {out, in / groups_, side, side}, Precision::full)),
        bias(with_bias ? w.get("bias", {out}, Precision::full) : at::Tensor()),
        groups(groups_) {}

  at::Tensor operator()(const at::Tensor& x) const {
    return as_frame(at::conv2d(as_picture(x), weight, bias, 1, weight.size(2) / 2, 1, groups));
  }
};

// A 3x3 convolution of one frame or of two, whose channels lie side by side; on a CPU by Winograd's method.
class FastConv {
 public:
  FastConv(const Weights& w, std::int64_t in, std::int64_t out, bool with_bias, std::int64_t frames = 1)
      : weight_(w.get("weight", {out, frames * in, 3, 3}, Precision::full)),
        bias_(with_bias ? w.get("bias", {out}, Precision::full) : at::zeros({out}, weight_.options())),
        frames_(frames) {
    if (!nn::winograd_runs_on(weight_)) return;
    // The older frame comes first there, and last here.
    kernels_ = weight_.unflatten(1, {frames, in}).permute({2, 3, 4, 1, 0}).flip(3).contiguous();
  }

  // `frames`, the newest first; those that are missing are zeros. `doubled`: each pixel stands for 2x2.
  at::Tensor operator()(const std::vector<at::Tensor>& frames, nn::Workspace& workspace, bool doubled = false,
                        const at::Tensor& residual = {}) const {
    const at::Tensor& x = frames.front();
    const std::int64_t grow = doubled ? 2 : 1;
    if (kernels_.defined() && nn::winograd_runs_on(x)) {
      const auto given = static_cast<std::int64_t>(frames.size());
      const nn::WinogradKernels kernels(kernels_, frames_ - given, workspace);
      at::Tensor out = at::empty({grow * x.size(0), grow * x.size(1), weight_.size(0)}, x.options());
      nn::PixelEpilogue end;
      end.residual = residual;
      kernels.convolve({frames.rbegin(), frames.rend()}, doubled, bias_, end, out, workspace);
      return out;
    }
    std::vector<at::Tensor> all = frames;
    if (static_cast<std::int64_t>(all.size()) < frames_) all.push_back(at::zeros_like(x));
    at::Tensor picture = as_picture(all.size() > 1 ? at::cat(all, 2) : x);
    if (doubled) picture = at::upsample_nearest2d(picture, {2 * x.size(0), 2 * x.size(1)});
    at::Tensor out = as_frame(at::conv2d(picture, weight_, bias_, 1, 1));
    return residual.defined() ? out.add_(residual) : out;
  }

 private:
  at::Tensor weight_;   // [out, frames * in, 3, 3]
  at::Tensor kernels_;  // [in, 3, 3, frames, out]; where Winograd's method can be used
  at::Tensor bias_;
  std::int64_t frames_;
};

// What a stream keeps.
struct State {
  std::array<at::Tensor, 9> before;  // the last frame that each block saw; undefined at first
  nn::Workspace workspace;
};

// Sees each frame and the one before it.
class Block {
 public:
  virtual ~Block() = default;
  at::Tensor operator()(const at::Tensor& x, State& state, std::size_t number) const {
    at::Tensor y = made(x, state.before[number], state.workspace);
    state.before[number] = x;
    return y;
  }

 private:
  virtual at::Tensor made(const at::Tensor& x, const at::Tensor& before, nn::Workspace& workspace) const = 0;
};

class MemoryBlock final : public Block {
 public:
  MemoryBlock(const Weights& w, std::int64_t channels)
      : first_(w / "conv" / 0, channels, channels, true, 2),
        second_(w / "conv" / 2, channels, channels, true),
        third_(w / "conv" / 4, channels, channels, true) {}

 private:
  at::Tensor made(const at::Tensor& x, const at::Tensor& before, nn::Workspace& workspace) const override {
    std::vector<at::Tensor> seen{x};
    if (before.defined()) seen.push_back(before);
    const at::Tensor y = first_(seen, workspace).relu_();
    return third_({second_({y}, workspace).relu_()}, workspace, false, x).relu_();
  }

  FastConv first_, second_, third_;
};

class SuperMemoryBlock final : public Block {
 public:
  SuperMemoryBlock(const Weights& w, std::int64_t channels)
      : first_(w / "conv" / 0, 2 * channels, 2 * channels, 7, false, 2 * channels),
        second_(w / "conv" / 1, 2 * channels, 4 * channels, 1, true),
        third_(w / "conv" / 3, 4 * channels, channels, 1, false) {}

 private:
  at::Tensor made(const at::Tensor& x, const at::Tensor& before, nn::Workspace&) const override {
    const at::Tensor past = before.defined() ? before : at::zeros_like(x);
    return third_(second_(first_(at::cat({x, past}, 2))).relu_()).add_(x);
  }

  Conv first_, second_, third_;
};

// Makes `stride` frames of one.
class Grow {
 public:
  Grow(const Weights& w, std::int64_t channels, std::int64_t stride, std::int64_t stored)
      : weight_((w / "conv").get("weight", {channels * stored, channels, 1, 1}, Precision::full)),
        stride_(stride) {
    weight_ = weight_.narrow(0, channels * (stored - stride), channels * stride).flatten(1);
  }

  std::vector<at::Tensor> operator()(const at::Tensor& x) const {
    std::vector<at::Tensor> frames;
    for (const at::Tensor& part : weight_.chunk(stride_)) frames.push_back(at::matmul(x, part.t()));
    return frames;
  }

 private:
  at::Tensor weight_;  // [stride * C, C]
  std::int64_t stride_;
};

class Stage {
 public:
  Stage(const Weights& w, const Config& config, std::size_t number)
      : Stage(w, config, number, config.widths[number], config.widths[number + 1]) {}

  // The frames of the next stage, twice as large, are given to `next` one by one.
  template <class Next>
  void operator()(at::Tensor x, State& state, const Next& next) const {
    for (std::size_t i = 0; i < blocks_.size(); ++i) x = (*blocks_[i])(x, state, 3 * number_ + i);
    if (is_super_) {
      x = as_frame(at::pixel_shuffle(as_picture(conv_({x}, state.workspace).relu_()), 2));
      for (const at::Tensor& frame : grow_(x)) next(frame);
      return;
    }
    // A product before pixels are repeated, and not after, does the same on fewer.
    for (const at::Tensor& frame : grow_(x)) next(conv_({frame}, state.workspace, true));
  }

 private:
  Stage(const Weights& w, const Config& config, std::size_t number, std::int64_t in, std::int64_t out)
      : is_super_(config.is_super),
        number_(number),
        grow_(w / (first(config, number) + (is_super_ ? 6 : 4)), is_super_ ? out : in, config.strides[number],
              config.stored_strides[number]),
        conv_(w / (first(config, number) + (is_super_ ? 3 : 5)), in, is_super_ ? 4 * out : out, is_super_) {
    for (std::int64_t i = first(config, number); i < first(config, number) + 3; ++i) {
      if (is_super_)
        blocks_.push_back(std::make_unique<SuperMemoryBlock>(w / i, in));
      else
        blocks_.push_back(std::make_unique<MemoryBlock>(w / i, in));
    }
  }

  // Number of its first layer in the file.
  static std::int64_t first(const Config& config, std::size_t number) {
    const auto stage = static_cast<std::int64_t>(number);
    return config.is_super ? 1 + 7 * stage : 3 + 6 * stage;
  }

  bool is_super_;
  std::size_t number_;
  Grow grow_;
  FastConv conv_;
  std::vector<std::unique_ptr<Block>> blocks_;
};

}  // namespace

class Decoder {
 public:
  Decoder(const Weights& w, const Config& config)
      : is_super_(config.is_super),
        patch_(config.patch),
        in_(w / (config.is_super ? 0 : 1), config.latent_channels, config.widths[0], config.is_super ? 1 : 3,
            !config.is_super),
        out_(w / 22, config.widths[3], 3 * config.patch * config.patch, 3, true) {
    for (std::size_t number = 0; number < 3; ++number) stages_.emplace_back(w, config, number);
  }

  // [h, w, C] -> pictures [1, 3, H, W] in [-1, 1], temporal_scale of them
  std::vector<at::Tensor> operator()(const at::Tensor& latents, State& state) const {
    std::vector<at::Tensor> frames;
    run(0, is_super_ ? in_(latents) : in_(at::tanh(latents / 3) * 3).relu_(), state, frames);
    return frames;
  }

 private:
  void run(std::size_t stage, const at::Tensor& x, State& state, std::vector<at::Tensor>& frames) const {
    if (stage < stages_.size())
      return stages_[stage](x, state,
                            [&](const at::Tensor& frame) { run(stage + 1, frame, state, frames); });
    const at::Tensor packed = as_picture(out_(is_super_ ? x : x.relu()));
    frames.push_back(at::pixel_shuffle(packed, patch_).mul(2).sub_(1).clamp_(-1, 1));
  }

  bool is_super_;
  std::int64_t patch_;
  Conv in_, out_;
  std::vector<Stage> stages_;
};

namespace {

class TinyStream final : public DecoderStream {
 public:
  TinyStream(const Decoder& decoder, const Config& config, const VideoAutoencoder& large, at::Device device)
      : decoder_(decoder), takes_raw_(config.takes_raw), large_(large), device_(device) {}

  at::Tensor next(const at::Tensor& latent_frame) override {
    const at::Tensor given = takes_raw_ ? large_.unnormalised(latent_frame) : latent_frame;
    std::vector<at::Tensor> frames =
        decoder_(as_frame(given.select(2, 0).to(device_, at::kFloat)), state_);
    if (!started_) frames = {frames.back()};  // the first latent frame has one
    started_ = true;
    return at::stack(frames, 2);
  }

 private:
  const Decoder& decoder_;
  const bool takes_raw_;
  const VideoAutoencoder& large_;
  at::Device device_;
  State state_;
  bool started_ = false;
};

}  // namespace

TinyAutoencoder::TinyAutoencoder(Files files, const Placement& placement, const VideoAutoencoder& large)
    : large_(large), config_(files.config), device_(placement.device) {
  const Placement full{placement.device, at::kFloat};
  const auto build = [&](const Weights& w) { return std::make_unique<Decoder>(w / "decoder", config_); };
  decoder_ = load_network(std::move(files.checkpoint), full, build);
}

TinyAutoencoder::~TinyAutoencoder() = default;

std::unique_ptr<DecoderStream> TinyAutoencoder::decoder() const {
  return std::make_unique<TinyStream>(*decoder_, config_, large_, device_);
}

}  // namespace sora::tiny
