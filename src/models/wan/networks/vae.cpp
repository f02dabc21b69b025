#include "models/wan/networks/vae.h"

#include <string>
#include <utility>
#include <vector>

#include "models/wan/networks/vae_networks.h"
#include "sora/error.h"

namespace sora::wan {
namespace {

constexpr std::int64_t kEncoderChunk = 4;  // frames, after the first one; fixed in diffusers

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

class WanDecoderStream final : public DecoderStream {
 public:
  WanDecoderStream(const WanVae& vae, std::shared_ptr<const nn::Strip> strip)
      : vae_(&vae), strip_(std::move(strip)), state_(strip_.get()) {}
  at::Tensor next(const at::Tensor& latent_frame) override;

 private:
  const WanVae* vae_;
  std::shared_ptr<const nn::Strip> strip_;  // null: whole pictures
  nn::StreamState state_;
};

class WanEncoderStream final : public EncoderStream {
 public:
  explicit WanEncoderStream(const WanVae& vae) : vae_(&vae) {}
  at::Tensor next(const at::Tensor& frames) override;

 private:
  const WanVae* vae_;
  nn::StreamState state_;
  bool started_ = false;
};

at::Tensor WanDecoderStream::next(const at::Tensor& latent_frame) {
  const VaeConfig& config = vae_->config_;
  if (latent_frame.dim() != 5 || latent_frame.size(0) != 1 || latent_frame.size(1) != config.z_dim ||
      latent_frame.size(2) != 1) {
    wrong_shape("latents", latent_frame, "[1, " + std::to_string(config.z_dim) + ", 1, h, w]");
  }
  const at::Tensor z = frames_of(latent_frame.to(vae_->placement_.device, at::kFloat));  // [1, h, w, z]
  const at::Tensor x = (*vae_->decoder_)(z * vae_->std_ + vae_->mean_, state_);          // [n, H/p, W/p, 3pp]
  return unpatchify(x, config.patch_size).clamp_(-1, 1);                                 // [1, 3, n, H, W]
}

at::Tensor WanEncoderStream::next(const at::Tensor& frames) {
  const VaeConfig& config = vae_->config_;
  const std::int64_t count = started_ ? kEncoderChunk : 1;
  const std::int64_t scale = config.scale_factor_spatial;
  if (frames.dim() != 5 || frames.size(0) != 1 || frames.size(1) != 3 || frames.size(2) != count ||
      frames.size(3) % scale != 0 || frames.size(4) % scale != 0) {
    wrong_shape("frames", frames,
                "[1, 3, " + std::to_string(count) + ", H, W] with sides that are multiples of " +
                    std::to_string(scale));
  }
  started_ = true;
  const at::Tensor x = patchify(frames.to(vae_->placement_.device, at::kFloat), config.patch_size);
  const at::Tensor z = (*vae_->encoder_)(x, state_);   // [n, h, w, z]
  return clip_of((z - vae_->mean_).div_(vae_->std_));  // [1, z, n, h, w]
}

WanVae::WanVae(VaeFiles files, const Placement& placement)
    : config_(std::move(files.config)),
      placement_{placement.device, at::kFloat},
      checkpoint_(std::make_shared<const Checkpoint>(std::move(files.checkpoint))) {
  auto recorder = std::make_shared<SchemaRecorder>(checkpoint_.get());
  (void)VaeDecoder(Weights(recorder), config_);
  (void)VaeEncoder(Weights(recorder), config_);
  check_schema(recorder->schema(), *checkpoint_);

  decoder_ = std::make_unique<VaeDecoder>(
      Weights(std::make_shared<CheckpointReader>(checkpoint_, placement_)), config_);
  mean_ = at::tensor(config_.latents_mean, at::kFloat).to(placement_.device);
  std_ = at::tensor(config_.latents_std, at::kFloat).to(placement_.device);
}

WanVae::~WanVae() = default;

std::int64_t WanVae::encoder_chunk() const { return kEncoderChunk; }

at::Tensor WanVae::unnormalised(const at::Tensor& latents) const {
  const auto of_channels = [&](const at::Tensor& values) {
    return values.to(latents.device()).view({1, config_.z_dim, 1, 1, 1});
  };
  return latents * of_channels(std_) + of_channels(mean_);
}

std::unique_ptr<DecoderStream> WanVae::decoder() const { return strip_decoder(nullptr); }

std::unique_ptr<DecoderStream> WanVae::strip_decoder(std::shared_ptr<const nn::Strip> strip) const {
  return std::make_unique<WanDecoderStream>(*this, std::move(strip));
}

std::unique_ptr<EncoderStream> WanVae::encoder() const {
  if (!encoder_) {
    encoder_ = std::make_unique<VaeEncoder>(
        Weights(std::make_shared<CheckpointReader>(checkpoint_, placement_)), config_);
  }
  return std::make_unique<WanEncoderStream>(*this);
}

std::unique_ptr<WanVae> load_vae(const ComponentSource& source, const Placement& placement) {
  return std::unique_ptr<WanVae>(new WanVae(open_vae(source), placement));
}

}  // namespace sora::wan
