// AutoencoderKLLTXVideo: the video autoencoder of LTX-Video, with the numbers of diffusers 0.42.1. It always
// runs in fp32.
#pragma once

#include <memory>

#include "models/ltx/components.h"
#include "models/networks/video_autoencoder.h"
#include "weights/weights.h"

namespace sora::ltx {

class VaeEncoder;
class VaeDecoder;
class LtxDecoderStream;
class LtxEncoderStream;

class LtxVae final : public VideoAutoencoder {
 public:
  ~LtxVae() override;
  LtxVae(const LtxVae&) = delete;
  LtxVae& operator=(const LtxVae&) = delete;

  const VaeConfig& config() const { return config_; }
  std::int64_t temporal_scale() const override { return config_.temporal_scale; }
  std::int64_t spatial_scale() const override { return config_.spatial_scale; }

  std::unique_ptr<DecoderStream> decoder() const override;
  /// The first call reads the encoder's weights. Throws Error as load_vae.
  std::unique_ptr<EncoderStream> encoder() const override;

  /// Decoders that take a timestep were trained to finish denoising: they expect this share of noise.
  bool takes_noise() const override { return config_.timestep_conditioning; }
  at::Tensor with_noise(const at::Tensor& latents, const at::Tensor& noise) const override;

 private:
  friend class LtxDecoderStream;
  friend class LtxEncoderStream;
  friend std::unique_ptr<LtxVae> load_vae(const ComponentSource& source, const Placement& placement);
  LtxVae(VaeFiles files, const Placement& placement);

  VaeConfig config_;
  Placement placement_;
  std::shared_ptr<const Checkpoint> checkpoint_;
  std::unique_ptr<VaeDecoder> decoder_;
  mutable std::unique_ptr<VaeEncoder> encoder_;  // null until it is first used
  at::Tensor mean_, std_;                        // [C]
};

/// Checks the names and shapes of all weights and reads the decoder's; the encoder's are read when it is
/// first used. Throws Error: no_input, data, refused.
std::unique_ptr<LtxVae> load_vae(const ComponentSource& source, const Placement& placement);

}  // namespace sora::ltx
