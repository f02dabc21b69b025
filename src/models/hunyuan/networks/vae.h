// AutoencoderKLHunyuanVideo: the video autoencoder of HunyuanVideo (2412.03603) and Open-Sora 2.0, with the
// numbers of diffusers 0.42.1 and of Open-Sora's own copy. It always runs in fp32.
#pragma once

#include <memory>

#include "models/hunyuan/vae_config.h"
#include "models/networks/video_autoencoder.h"
#include "weights/weights.h"

namespace sora::hunyuan {

class Encoder;
class Decoder;

/// Note [Tiles of 256 pixels]: as Open-Sora runs it, pictures with a longer side are encoded and decoded in
/// tiles of this size, each for the whole clip, a quarter of which overlap; Open-Sora's published videos are
/// made so, and the means of a tile's norms are those of its own pixels.
constexpr std::int64_t kTileSide = 256;
constexpr double kTileOverlap = 0.25;

class HunyuanVae final : public VideoAutoencoder {
 public:
  ~HunyuanVae() override;
  HunyuanVae(const HunyuanVae&) = delete;
  HunyuanVae& operator=(const HunyuanVae&) = delete;

  const VaeConfig& config() const { return config_; }
  std::int64_t temporal_scale() const override { return config_.temporal_scale; }
  std::int64_t spatial_scale() const override { return config_.spatial_scale; }

  /// Streams that give everything at the end of the clip.
  std::unique_ptr<DecoderStream> decoder() const override;
  std::unique_ptr<EncoderStream> encoder() const override;

  /// latents [t, h, w, C], normalised -> [T, H, W, 3], in tiles.
  at::Tensor decode_clip(const at::Tensor& latents) const;
  /// video [T, H, W, 3] -> [t, h, w, C], normalised, in tiles. The first call reads the encoder's weights.
  at::Tensor encode_clip(const at::Tensor& video) const;

 private:
  friend std::unique_ptr<HunyuanVae> load_vae(const ComponentSource& source, const Placement& placement);
  HunyuanVae(VaeFiles files, const Placement& placement);

  VaeConfig config_;
  Placement placement_;
  std::shared_ptr<const Checkpoint> checkpoint_;
  std::unique_ptr<Decoder> decoder_;
  mutable std::unique_ptr<Encoder> encoder_;  // null until it is first used
};

/// Checks the names and shapes of all weights and reads the decoder's. Throws Error: no_input, data, refused.
std::unique_ptr<HunyuanVae> load_vae(const ComponentSource& source, const Placement& placement);

}  // namespace sora::hunyuan
