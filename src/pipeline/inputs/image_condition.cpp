#include "pipeline/inputs/image_condition.h"

#include "media/pillow_resize.h"
#include "sora/error.h"

namespace sora {
namespace {

void check_frames(const at::Tensor& first, const at::Tensor& last, std::int64_t scale, std::int64_t frames) {
  const bool begins = first.dim() == 5 && first.size(2) % scale == 1 && first.size(2) <= frames;
  const bool ends = !last.defined() || (last.dim() == 5 && last.size(2) == 1 && first.size(2) < frames &&
                                        last.size(3) == first.size(3) && last.size(4) == first.size(4));
  if (begins && ends) return;
  throw Error(ErrorKind::internal, "condition",
              std::to_string(first.size(2)) + " frames" + (last.defined() ? " and a last one" : "") +
                  " for a window of " + std::to_string(frames) +
                  ", expected 1 or 1 more than a multiple of " + std::to_string(scale) + ", all of one size");
}

}  // namespace

at::Tensor network_image(const RgbPicture& picture, int width, int height) {
  const RgbPicture resized = pillow_resized(picture, width, height, PillowFilter::lanczos);
  return at::tensor(resized.rgb, at::kByte)
      .view({1, 1, height, width, 3})
      .permute({0, 4, 1, 2, 3})  // [1, 3, 1, H, W]
      .to(at::kFloat)
      .div(255)
      .mul(2)
      .sub(1)
      .contiguous();
}

at::Tensor frames_from(const at::Tensor& first, const at::Tensor& last, std::int64_t t, std::int64_t scale,
                       std::int64_t frames) {
  if (t < first.size(2)) return first.narrow(2, t, scale);
  at::Tensor chunk = at::zeros({1, 3, scale, first.size(3), first.size(4)}, first.options());  // grey
  // Decoded frames are on the VAE's device, an image is on the CPU.
  if (last.defined() && t + scale == frames) chunk.narrow(2, scale - 1, 1).copy_(last);
  return chunk;
}

at::Tensor image_condition(const VideoAutoencoder& vae, const at::Tensor& first, const at::Tensor& last,
                           std::int64_t latent_frames) {
  const std::int64_t scale = vae.temporal_scale();
  const std::int64_t frames = 1 + (latent_frames - 1) * scale;
  check_frames(first, last, scale, frames);

  const auto encoder = vae.encoder();
  EncodedChunks latents(*encoder);
  latents.add(first.narrow(2, 0, 1));
  for (std::int64_t t = 1; t < frames; t += scale) latents.add(frames_from(first, last, t, scale, frames));
  const at::Tensor encoded = latents.all().to(at::kCPU);  // [1, C, T, h, w]

  // The first latent frame has a single frame, so all channels of its mask are equal.
  at::Tensor mask = at::zeros({1, scale, latent_frames, encoded.size(3), encoded.size(4)});
  mask.narrow(2, 0, 1 + (first.size(2) - 1) / scale).fill_(1);
  if (last.defined()) mask.narrow(2, latent_frames - 1, 1).narrow(1, scale - 1, 1).fill_(1);
  return at::cat({mask, encoded}, 1);
}

at::Tensor known_frames_condition(const VideoAutoencoder& vae, const at::Tensor& first,
                                  const at::Tensor& last, std::int64_t latent_frames) {
  const std::int64_t scale = vae.temporal_scale();
  check_frames(first, last, scale, 1 + (latent_frames - 1) * scale);
  const at::Tensor begins = vae.encode(first).to(at::kCPU);  // [1, C, k, h, w]
  at::Tensor condition =
      at::zeros({1, 1 + begins.size(1), latent_frames, begins.size(3), begins.size(4)}, begins.options());
  const auto know = [&](std::int64_t at, const at::Tensor& latents) {
    const at::Tensor there = condition.narrow(2, at, latents.size(2));
    there.narrow(1, 0, 1).fill_(1);
    there.narrow(1, 1, latents.size(1)).copy_(latents);
  };
  know(0, begins);
  if (last.defined()) know(latent_frames - 1, vae.encode(last).to(at::kCPU));
  return condition;
}

at::Tensor with_known_frames(const at::Tensor& latents, const at::Tensor& condition) {
  return at::where(condition.narrow(1, 0, 1) > 0, condition.narrow(1, 1, latents.size(1)), latents);
}

at::Tensor image_tokens(const ImageEncoder& encoder, const std::vector<RgbPicture>& images) {
  std::vector<at::Tensor> tokens;
  tokens.reserve(images.size());
  for (const RgbPicture& image : images) tokens.push_back(encoder.encode(image));  // [1, n, D]
  return at::cat(tokens);
}

}  // namespace sora
