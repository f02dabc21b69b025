#include "models/hunyuan/networks/vae.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "models/hunyuan/networks/tiles.h"
#include "models/hunyuan/networks/vae_networks.h"
#include "sora/error.h"

namespace sora::hunyuan {
namespace {

/// [1, C, T, H, W] <-> [T, H, W, C]
at::Tensor frames_of(const at::Tensor& x) { return x[0].permute({1, 2, 3, 0}).contiguous(); }
at::Tensor clip_of(const at::Tensor& x) { return x.permute({3, 0, 1, 2}).unsqueeze(0).contiguous(); }

class ClipDecoderStream final : public DecoderStream {
 public:
  explicit ClipDecoderStream(const HunyuanVae& vae) : vae_(&vae) {}

  at::Tensor next(const at::Tensor& latent_frame) override {
    latents_.push_back(frames_of(latent_frame));
    return {};
  }

  at::Tensor finish() override {
    if (!latents_.empty()) {
      video_ = vae_->decode_clip(at::cat(latents_)).clamp_(-1, 1);
      latents_.clear();
    }
    if (!video_.defined() || next_ == video_.size(0)) return {};
    const std::int64_t count = std::min(next_ == 0 ? 1 : vae_->temporal_scale(), video_.size(0) - next_);
    next_ += count;
    return clip_of(video_.narrow(0, next_ - count, count));
  }

 private:
  const HunyuanVae* vae_;
  std::vector<at::Tensor> latents_;
  at::Tensor video_;  // [T, H, W, 3]
  std::int64_t next_ = 0;
};

class ClipEncoderStream final : public EncoderStream {
 public:
  explicit ClipEncoderStream(const HunyuanVae& vae) : vae_(&vae) {}

  at::Tensor next(const at::Tensor& frames) override {
    frames_.push_back(frames_of(frames));
    return {};
  }

  at::Tensor finish() override {
    if (frames_.empty()) return {};
    const at::Tensor video = at::cat(std::exchange(frames_, {}));
    return clip_of(vae_->encode_clip(video));
  }

 private:
  const HunyuanVae* vae_;
  std::vector<at::Tensor> frames_;
};

constexpr auto kTileBlend = static_cast<std::int64_t>(kTileSide * kTileOverlap);  // pixels

}  // namespace

HunyuanVae::HunyuanVae(VaeFiles files, const Placement& placement)
    : config_(std::move(files.config)),
      placement_{placement.device, at::kFloat},
      checkpoint_(std::make_shared<const Checkpoint>(std::move(files.checkpoint))) {
  auto recorder = std::make_shared<SchemaRecorder>(checkpoint_.get());
  (void)Decoder(Weights(recorder), config_);
  (void)Encoder(Weights(recorder), config_);
  check_schema(recorder->schema(), *checkpoint_);
  decoder_ = std::make_unique<Decoder>(Weights(std::make_shared<CheckpointReader>(checkpoint_, placement_)),
                                       config_);
}

HunyuanVae::~HunyuanVae() = default;

std::unique_ptr<DecoderStream> HunyuanVae::decoder() const {
  return std::make_unique<ClipDecoderStream>(*this);
}

std::unique_ptr<EncoderStream> HunyuanVae::encoder() const {
  if (!encoder_) {
    encoder_ = std::make_unique<Encoder>(Weights(std::make_shared<CheckpointReader>(checkpoint_, placement_)),
                                         config_);
  }
  return std::make_unique<ClipEncoderStream>(*this);
}

at::Tensor HunyuanVae::decode_clip(const at::Tensor& latents) const {
  const std::int64_t scale = config_.spatial_scale, size = kTileSide / scale;
  const TileLayout layout{size, (kTileSide - kTileBlend) / scale, kTileBlend, kTileSide - kTileBlend};
  const at::Tensor z = latents.to(placement_.device, at::kFloat) / config_.scaling_factor;
  return in_tiles(z, layout, [&](const at::Tensor& tile) { return (*decoder_)(tile); });
}

at::Tensor HunyuanVae::encode_clip(const at::Tensor& video) const {
  const std::int64_t scale = config_.spatial_scale;
  const TileLayout layout{kTileSide, kTileSide - kTileBlend, kTileBlend / scale,
                          (kTileSide - kTileBlend) / scale};
  const at::Tensor x = video.to(placement_.device, at::kFloat);
  return in_tiles(x, layout, [&](const at::Tensor& tile) { return (*encoder_)(tile); }) *
         config_.scaling_factor;
}

std::unique_ptr<HunyuanVae> load_vae(const ComponentSource& source, const Placement& placement) {
  return std::unique_ptr<HunyuanVae>(new HunyuanVae(open_vae(source), placement));
}

}  // namespace sora::hunyuan
