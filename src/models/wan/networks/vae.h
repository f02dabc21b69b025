// AutoencoderKLWan: the video autoencoder of Wan 2.1 and 2.2, with the numbers of diffusers 0.42.1.
// It runs in fp32 whatever the other networks run in, as diffusers' users load it.
#pragma once

#include <memory>

#include "models/wan/components.h"
#include "nn/causal_conv3d.h"
#include "weights/weights.h"

namespace sora::wan {

class VaeEncoder;
class VaeDecoder;
class WanVae;

/// Decodes one latent frame after another; its memory does not grow with their number. Any number of
/// streams of a WanVae, which must outlive them, may be alive.
class DecoderStream {
 public:
  /// latent_frame [1, z_dim, 1, h, w], normalised, as the transformer makes it -> [1, 3, n, H, W] in
  /// [-1, 1], on the VAE's device; n is 1 for the first frame, then scale_factor_temporal.
  at::Tensor next(const at::Tensor& latent_frame);

 private:
  friend class WanVae;
  explicit DecoderStream(const WanVae& vae) : vae_(&vae) {}
  const WanVae* vae_;
  nn::StreamState state_;
};

/// Encodes a video as its frames come.
class EncoderStream {
 public:
  /// frames [1, 3, 1, H, W], then [1, 3, 4, H, W], in [-1, 1], sides multiples of spatial_scale() ->
  /// [1, z_dim, n, h, w], the posterior's mode, normalised; n is 1 for a temporal_scale() of 4.
  at::Tensor next(const at::Tensor& frames);

 private:
  friend class WanVae;
  explicit EncoderStream(const WanVae& vae) : vae_(&vae) {}
  const WanVae* vae_;
  nn::StreamState state_;
  bool started_ = false;
};

class WanVae {
 public:
  ~WanVae();
  WanVae(const WanVae&) = delete;
  WanVae& operator=(const WanVae&) = delete;

  const VaeConfig& config() const { return config_; }
  std::int64_t temporal_scale() const { return config_.scale_factor_temporal; }
  std::int64_t spatial_scale() const { return config_.scale_factor_spatial; }

  DecoderStream decoder() const { return DecoderStream(*this); }
  /// The first call reads the encoder's weights. Throws Error as load_vae. Not to be called by two threads.
  EncoderStream encoder() const;

  /// latents [1, z_dim, t, h, w] -> [1, 3, 1 + (t - 1) * temporal_scale, H, W].
  at::Tensor decode(const at::Tensor& latents) const;
  /// video [1, 3, T, H, W] -> [1, z_dim, t, h, w]; frames that do not fill a last chunk of 4 are dropped.
  at::Tensor encode(const at::Tensor& video) const;

 private:
  friend class DecoderStream;
  friend class EncoderStream;
  friend std::unique_ptr<WanVae> load_vae(const ComponentSource& source, const Placement& placement);
  WanVae(VaeFiles files, const Placement& placement);

  VaeConfig config_;
  Placement placement_;
  std::shared_ptr<const Checkpoint> checkpoint_;
  std::unique_ptr<VaeDecoder> decoder_;
  mutable std::unique_ptr<VaeEncoder> encoder_;  // null until it is asked for
  at::Tensor mean_, std_;                        // [z_dim]
};

/// Reads the config or what stands in for it (components.h), checks the names and shapes of all weights, and
/// reads the decoder's; the encoder's follow when it is first used. Throws Error: no_input, data, refused.
std::unique_ptr<WanVae> load_vae(const ComponentSource& source, const Placement& placement);

}  // namespace sora::wan
