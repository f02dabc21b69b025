// Image conditioning: what image-to-video models take besides noise and text (as in WanImageToVideoPipeline).
// The first and last image of a video, as latents of a video with grey frames between them, and as tokens of
// an image encoder.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "media/rgb_picture.h"
#include "models/networks/image_encoder.h"
#include "models/networks/video_autoencoder.h"

namespace sora {

/// A picture as the VAE takes it: [1, 3, 1, height, width] in [-1, 1], stretched to that size as in diffusers
/// (Pillow's Lanczos).
at::Tensor network_image(const RgbPicture& picture, int width, int height);

/// The frames t to t + scale - 1 (t at least 1) of a video of `frames` frames, as the VAE takes them: it
/// begins with `first`, ends with `last` if that is defined, and is grey between. On the device of `first`.
at::Tensor frames_from(const at::Tensor& first, const at::Tensor& last, std::int64_t t, std::int64_t scale,
                       std::int64_t frames);

/// The channels that are concatenated to the noisy latents of a window of `latent_frames`: [1, s + C, T, h,
/// w] fp32 on the CPU, where s is the number of frames of a latent frame. First a mask with a channel for
/// each of these frames, 1 where the frame is known; then the latents, normalised, of the video of known
/// frames with grey between them. `first` [1, 3, 1 + s k, H, W] in [-1, 1] are the frames at the beginning:
/// one image, or in a later window the last frames of the window before; `last` [1, 3, 1, H, W] is the frame
/// at the end, or undefined. One chunk at a time is encoded, so memory does not grow with the length.
at::Tensor image_condition(const VideoAutoencoder& vae, const at::Tensor& first, const at::Tensor& last,
                           std::int64_t latent_frames);

/// The same in the form of ConditionForm::known_frames: [1, 1 + C, T, h, w]. `first` and `last` are encoded
/// each on its own.
at::Tensor known_frames_condition(const VideoAutoencoder& vae, const at::Tensor& first,
                                  const at::Tensor& last, std::int64_t latent_frames);

/// `latents` with the known frames of such a condition put in their places.
at::Tensor with_known_frames(const at::Tensor& latents, const at::Tensor& condition);

/// Tokens of the first, or of the first and the last image, at their own sizes: [images, n, D].
at::Tensor image_tokens(const ImageEncoder& encoder, const std::vector<RgbPicture>& images);

}  // namespace sora
