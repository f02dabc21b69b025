#include "models/ltx/networks/vae.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "models/ltx/networks/vae_networks.h"
#include "sora/error.h"

namespace sora::ltx {
namespace {

// As Lightricks' own configs have them for all versions whose decoder takes a timestep.
constexpr double kDecodeTimestep = 0.05;
constexpr double kDecodeNoiseScale = 0.025;

// diffusers draws the noise within the decoder of 0.9.1 from the global generator, so that a video is never
// the same again. Here a seed gives one video.
constexpr std::uint64_t kInjectedNoiseSeed = 0;

constexpr std::int64_t most_frame_elements = std::int64_t{16} << 20;  // decoded at once: 64 MB
constexpr std::int64_t most_latents = 8;

// Index of a packed channel: (c * p + column) * p + row, so the row within a patch varies fastest.

/// [1, 3, T, H, W] -> [T, H / p, W / p, 3 * p * p]
at::Tensor patchify(const at::Tensor& frames, std::int64_t p) {
  return frames[0]
      .unflatten(3, {-1, p})
      .unflatten(2, {-1, p})        // [3, T, H / p, p, W / p, p]
      .permute({1, 2, 4, 0, 5, 3})  // [T, H / p, W / p, 3, column, row]
      .flatten(3)
      .contiguous();
}

/// [T, h, w, 3 * p * p] -> [1, 3, T, h * p, w * p]
at::Tensor unpatchify(const at::Tensor& packed, std::int64_t p) {
  return packed
      .unflatten(3, {3, p, p})      // [T, h, w, 3, column, row]
      .permute({3, 0, 1, 5, 2, 4})  // [3, T, h, row, w, column]
      .flatten(4)
      .flatten(2, 3)
      .unsqueeze(0)
      .contiguous();
}

/// [1, C, T, H, W] <-> [T, H, W, C]
at::Tensor frames_of(const at::Tensor& x) { return x[0].permute({1, 2, 3, 0}).contiguous(); }
at::Tensor clip_of(const at::Tensor& x) { return x.permute({3, 0, 1, 2}).unsqueeze(0).contiguous(); }

[[noreturn]] void wrong_shape(const char* what, const at::Tensor& x, const std::string& expected) {
  throw Error(ErrorKind::internal, "vae",
              std::string(what) + " are " + shape_text(x.sizes().vec()) + ", expected " + expected);
}

}  // namespace

class LtxDecoderStream final : public DecoderStream {
 public:
  explicit LtxDecoderStream(const LtxVae& vae)
      : vae_(&vae), chain_(vae.decoder_->chain(), kInjectedNoiseSeed) {}
  at::Tensor next(const at::Tensor& latent_frame) override;
  at::Tensor finish() override;

 private:
  at::Tensor video_of(const std::vector<at::Tensor>& chunks) const;

  const LtxVae* vae_;
  ChainStream chain_;
  std::vector<at::Tensor> waiting_;  // [1, h, w, C] each: latent frames that are decoded together
  bool ended_ = false;
};

class LtxEncoderStream final : public EncoderStream {
 public:
  explicit LtxEncoderStream(const LtxVae& vae) : vae_(&vae), chain_(vae.encoder_->chain(), 0) {}
  at::Tensor next(const at::Tensor& frames) override;

 private:
  const LtxVae* vae_;
  ChainStream chain_;
  bool started_ = false;
};

at::Tensor LtxDecoderStream::video_of(const std::vector<at::Tensor>& chunks) const {
  if (chunks.empty()) return {};
  return unpatchify(chunks.size() == 1 ? chunks[0] : at::cat(chunks), vae_->config_.patch_size)
      .clamp_(-1, 1);  // [1, 3, n, H, W]
}

at::Tensor LtxDecoderStream::next(const at::Tensor& latent_frame) {
  const VaeConfig& config = vae_->config_;
  if (latent_frame.dim() != 5 || latent_frame.size(0) != 1 ||
      latent_frame.size(1) != config.latent_channels || latent_frame.size(2) != 1) {
    wrong_shape("latents", latent_frame, "[1, " + std::to_string(config.latent_channels) + ", 1, h, w]");
  }
  // The latest one waits until it is known whether another follows.
  std::vector<at::Tensor> made;
  const std::int64_t elements = 3 * config.temporal_scale * config.spatial_scale * config.spatial_scale *
                                latent_frame.size(3) * latent_frame.size(4);
  const auto at_once =
      static_cast<std::size_t>(std::clamp<std::int64_t>(most_frame_elements / elements, 1, most_latents));
  if (waiting_.size() >= at_once) {
    chain_.push(at::cat(waiting_), false);
    waiting_.clear();
    for (at::Tensor x = chain_.pull(); x.defined(); x = chain_.pull()) made.push_back(std::move(x));
  }
  const at::Tensor z = frames_of(latent_frame.to(vae_->placement_.device, at::kFloat));  // [1, h, w, C]
  waiting_.push_back(z * vae_->std_ + vae_->mean_);
  return video_of(made);
}

at::Tensor LtxDecoderStream::finish() {
  if (!ended_ && !waiting_.empty()) chain_.push(at::cat(waiting_), true);
  ended_ = true;
  waiting_.clear();
  const at::Tensor x = chain_.pull();
  return x.defined() ? video_of({x}) : at::Tensor();
}

at::Tensor LtxEncoderStream::next(const at::Tensor& frames) {
  const VaeConfig& config = vae_->config_;
  const std::int64_t count = started_ ? config.temporal_scale : 1;
  const std::int64_t scale = config.spatial_scale;
  if (frames.dim() != 5 || frames.size(0) != 1 || frames.size(1) != 3 || frames.size(2) != count ||
      frames.size(3) % scale != 0 || frames.size(4) % scale != 0) {
    wrong_shape("frames", frames,
                "[1, 3, " + std::to_string(count) + ", H, W] with sides that are multiples of " +
                    std::to_string(scale));
  }
  started_ = true;
  chain_.push(patchify(frames.to(vae_->placement_.device, at::kFloat), config.patch_size), false);
  std::vector<at::Tensor> made;
  for (at::Tensor x = chain_.pull(); x.defined(); x = chain_.pull()) made.push_back(std::move(x));
  const at::Tensor mode = at::cat(made).narrow(3, 0, config.latent_channels);  // [n, h, w, C]
  return clip_of((mode - vae_->mean_).div_(vae_->std_));                       // [1, C, n, h, w]
}

LtxVae::LtxVae(VaeFiles files, const Placement& placement)
    : config_(std::move(files.config)),
      placement_{placement.device, at::kFloat},
      checkpoint_(std::make_shared<const Checkpoint>(std::move(files.checkpoint))) {
  const c10::InferenceMode inference;
  const std::int64_t channels = config_.latent_channels;
  auto recorder = std::make_shared<SchemaRecorder>(checkpoint_.get());
  const Weights schema(recorder);
  (void)VaeDecoder(schema / "decoder", config_);
  (void)VaeEncoder(schema / "encoder", config_);
  (void)schema.get("latents_mean", {channels});
  (void)schema.get("latents_std", {channels});
  check_schema(recorder->schema(), *checkpoint_);

  const Weights w(std::make_shared<CheckpointReader>(checkpoint_, placement_));
  decoder_ = std::make_unique<VaeDecoder>(w / "decoder", config_);
  decoder_->set_timestep(kDecodeTimestep);
  mean_ = w.get("latents_mean", {channels}, Precision::full);
  std_ = w.get("latents_std", {channels}, Precision::full) / config_.scaling_factor;
}

LtxVae::~LtxVae() = default;

std::unique_ptr<DecoderStream> LtxVae::decoder() const { return std::make_unique<LtxDecoderStream>(*this); }

std::unique_ptr<EncoderStream> LtxVae::encoder() const {
  if (!encoder_) {
    encoder_ = std::make_unique<VaeEncoder>(
        Weights(std::make_shared<CheckpointReader>(checkpoint_, placement_)) / "encoder", config_);
  }
  return std::make_unique<LtxEncoderStream>(*this);
}

// The noise is mixed with the latents as the decoder sees them, so in their own scale.
at::Tensor LtxVae::with_noise(const at::Tensor& latents, const at::Tensor& noise) const {
  const auto placed = [&](const at::Tensor& x) { return x.to(latents.device()).view({1, -1, 1, 1, 1}); };
  const at::Tensor mean = placed(mean_), std = placed(std_);
  const at::Tensor z = latents.to(at::kFloat) * std + mean;
  const at::Tensor mixed = (1 - kDecodeNoiseScale) * z + kDecodeNoiseScale * noise.to(latents.device());
  return (mixed - mean) / std;
}

std::unique_ptr<LtxVae> load_vae(const ComponentSource& source, const Placement& placement) {
  return std::unique_ptr<LtxVae>(new LtxVae(open_vae(source), placement));
}

}  // namespace sora::ltx
