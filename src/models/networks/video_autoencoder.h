// The interface of a family's video autoencoder: streams that turn frames into latents and back.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace sora {

namespace nn {
class Strip;
}

/// Decodes one latent frame after another; memory does not grow with their number. An autoencoder can have
/// several streams at a time, and must outlive them.
class DecoderStream {
 public:
  virtual ~DecoderStream() = default;
  /// latent_frame [1, C, 1, h, w], normalised, as the denoiser returns it -> [1, 3, n, H, W] in [-1, 1], on
  /// the autoencoder's device; n is 1 for the first frame, then temporal_scale(). A decoder that looks ahead
  /// gives these frames when it knows enough later ones: undefined where none are known yet.
  virtual at::Tensor next(const at::Tensor& latent_frame) = 0;
  /// After the clip's last latent frame: further frames, a few in each call; undefined: there are no more.
  virtual at::Tensor finish() { return {}; }
};

/// Encodes a video chunk by chunk.
class EncoderStream {
 public:
  virtual ~EncoderStream() = default;
  /// frames [1, 3, 1, H, W], then [1, 3, encoder_chunk(), H, W], in [-1, 1], sides multiples of
  /// spatial_scale() -> [1, C, n, h, w], the posterior's mode, normalised. An encoder that needs the whole
  /// clip gives undefined ones.
  virtual at::Tensor next(const at::Tensor& frames) = 0;
  /// After the clip's last frames: the latents that next() has not given; undefined: there are none.
  virtual at::Tensor finish() { return {}; }
};

/// The latents of a clip, encoded chunk by chunk.
class EncodedChunks {
 public:
  explicit EncodedChunks(EncoderStream& stream) : stream_(&stream) {}
  void add(const at::Tensor& frames);  ///< as EncoderStream::next()
  at::Tensor all();                    ///< [1, C, t, h, w], after the last frames

 private:
  EncoderStream* stream_;
  std::vector<at::Tensor> made_;
};

class VideoAutoencoder {
 public:
  virtual ~VideoAutoencoder() = default;

  virtual std::int64_t temporal_scale()
      const = 0;  ///< frames for each latent frame; the first one has a single frame
  virtual std::int64_t spatial_scale() const = 0;  ///< pixels along a side of a latent cell
  virtual std::int64_t encoder_chunk() const {
    return temporal_scale();
  }  ///< frames for each call of next() after the first

  /// Whether the decoder expects a little noise in its latents, since it was trained to finish denoising.
  virtual bool takes_noise() const { return false; }
  /// The latents of a clip [1, C, t, h, w] with the share of noise (of the same shape) that it expects.
  virtual at::Tensor with_noise(const at::Tensor& latents, const at::Tensor& /*noise*/) const {
    return latents;
  }

  /// Latents as the encoder's network gives them, without the model's mean and deviation; of the same shape.
  virtual at::Tensor unnormalised(const at::Tensor& latents) const { return latents; }

  virtual std::unique_ptr<DecoderStream> decoder() const = 0;
  /// One that has the strip of this rank (Note [Strips] in nn/strip.h): next() takes the rows of a latent
  /// frame that are the strip's, and gives its frames at once. Null: this autoencoder decodes whole pictures
  /// only.
  virtual std::unique_ptr<DecoderStream> strip_decoder(std::shared_ptr<const nn::Strip> /*strip*/) const {
    return nullptr;
  }
  /// The first call may read the encoder's weights. Throws Error. Not to be called by two threads.
  virtual std::unique_ptr<EncoderStream> encoder() const = 0;

  /// latents [1, C, t, h, w] -> [1, 3, 1 + (t - 1) * temporal_scale, H, W].
  at::Tensor decode(const at::Tensor& latents) const;
  /// video [1, 3, T, H, W] -> [1, C, t, h, w]; frames that do not fill a last chunk are dropped.
  at::Tensor encode(const at::Tensor& video) const;
};

}  // namespace sora
