// A tiny decoder in the place of a large video autoencoder's, whose encoder stays. Numbers of TAEHV (taehv.py).
#pragma once

#include <memory>

#include "models/networks/video_autoencoder.h"
#include "models/tiny_decoder.h"
#include "weights/weights.h"

namespace sora::tiny {

class Decoder;

class TinyAutoencoder final : public VideoAutoencoder {
 public:
  /// `large` must outlive this object. Throws Error: data, refused.
  TinyAutoencoder(Files files, const Placement& placement, const VideoAutoencoder& large);
  ~TinyAutoencoder() override;
  TinyAutoencoder(const TinyAutoencoder&) = delete;
  TinyAutoencoder& operator=(const TinyAutoencoder&) = delete;

  std::int64_t temporal_scale() const override { return large_.temporal_scale(); }
  std::int64_t spatial_scale() const override { return large_.spatial_scale(); }
  std::int64_t encoder_chunk() const override { return large_.encoder_chunk(); }
  std::unique_ptr<DecoderStream> decoder() const override;
  std::unique_ptr<EncoderStream> encoder() const override { return large_.encoder(); }
  at::Tensor unnormalised(const at::Tensor& latents) const override { return large_.unnormalised(latents); }

 private:
  const VideoAutoencoder& large_;
  Config config_;
  at::Device device_;
  std::unique_ptr<Decoder> decoder_;
};

}  // namespace sora::tiny
