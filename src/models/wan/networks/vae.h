// AutoencoderKLWan: the video autoencoder of Wan 2.1 and 2.2, with the numbers of diffusers 0.42.1.
// It always runs in fp32, which is how users of diffusers load it.
#pragma once

#include <memory>

#include "models/networks/video_autoencoder.h"
#include "models/wan/components.h"
#include "nn/causal_conv3d.h"
#include "weights/weights.h"

namespace sora::wan {

class VaeEncoder;
class VaeDecoder;
class WanDecoderStream;
class WanEncoderStream;

class WanVae final : public VideoAutoencoder {
 public:
  ~WanVae() override;
  WanVae(const WanVae&) = delete;
  WanVae& operator=(const WanVae&) = delete;

  const VaeConfig& config() const { return config_; }
  std::int64_t temporal_scale() const override { return config_.scale_factor_temporal; }
  std::int64_t spatial_scale() const override { return config_.scale_factor_spatial; }

  std::int64_t encoder_chunk() const override;

  at::Tensor unnormalised(const at::Tensor& latents) const override;
  std::unique_ptr<DecoderStream> decoder() const override;
  std::unique_ptr<DecoderStream> strip_decoder(std::shared_ptr<const nn::Strip> strip) const override;
  /// The first call reads the encoder's weights. Throws Error as load_vae.
  std::unique_ptr<EncoderStream> encoder() const override;

 private:
  friend class WanDecoderStream;
  friend class WanEncoderStream;
  friend std::unique_ptr<WanVae> load_vae(const ComponentSource& source, const Placement& placement);
  WanVae(VaeFiles files, const Placement& placement);

  VaeConfig config_;
  Placement placement_;
  std::shared_ptr<const Checkpoint> checkpoint_;
  std::unique_ptr<VaeDecoder> decoder_;
  mutable std::unique_ptr<VaeEncoder> encoder_;  // null until it is first used
  at::Tensor mean_, std_;                        // [z_dim]
};

/// Reads the config or its substitute (components.h), checks the names and shapes of all weights, and
/// reads the decoder's; the encoder's are read when it is first used. Throws Error: no_input, data, refused.
std::unique_ptr<WanVae> load_vae(const ComponentSource& source, const Placement& placement);

}  // namespace sora::wan
