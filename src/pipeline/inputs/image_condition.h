// What models of image to video are given besides noise and text (WanImageToVideoPipeline): the images a
// video begins from and ends with, as a video with nothing between them, and as tokens of an image encoder.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "media/rgb_picture.h"
#include "models/networks/image_encoder.h"
#include "models/networks/video_autoencoder.h"

namespace sora {

/// A picture as the VAE takes it: [1, 3, 1, height, width] in [-1, 1], resized as diffusers does it (Lanczos,
/// by Pillow, its shape not kept).
at::Tensor network_image(const RgbPicture& picture, int width, int height);

/// `scale` frames from number t on of a video of `frames`, t at least 1, as the VAE takes them: those of
/// `first`, then grey, and at the end `last`, if it is defined. On the device of `first`.
at::Tensor frames_from(const at::Tensor& first, const at::Tensor& last, std::int64_t t, std::int64_t scale,
                       std::int64_t frames);

/// Beside the noisy latents of a window of `latent_frames`: [1, s + C, T, h, w] fp32 on the CPU, s the frames
/// of a latent one. First a mask, one channel for each frame that a latent stands for, 1 where the frame is
/// given; then the latents of the video of the given frames with grey between them, normalised.
/// `first` [1, 3, 1 + s k, H, W] in [-1, 1] are the frames that it begins with: one image, or for a window
/// that goes on the last frames of the one before; `last` [1, 3, 1, H, W] is the frame that it ends with, or
/// undefined. One frame at a time is encoded, so memory does not grow with the length.
at::Tensor image_condition(const VideoAutoencoder& vae, const at::Tensor& first, const at::Tensor& last,
                           std::int64_t latent_frames);

/// Tokens of the first, or of the first and the last image, at their own sizes: [images, n, D].
at::Tensor image_tokens(const ImageEncoder& encoder, const std::vector<RgbPicture>& images);

}  // namespace sora
