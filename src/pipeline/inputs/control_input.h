// The control input of a plan (VACE, 2503.07598; diffusers' WanVACEPipeline), window by window. Of each frame
// there are two: what is kept, and what is to be made after (a control video's pixels, or grey), each with
// grey where the other is. Both are encoded, and a mask says which cells are new, pixel by pixel: [1, 2 C +
// s * s, T, h, w] for latents of C channels and cells of s x s pixels. Reference pictures are encoded one by
// one and put before these, the last one first.
#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "media/rgb_picture.h"
#include "models/networks/video_autoencoder.h"
#include "pipeline/inputs/conditioning_inputs.h"
#include "pipeline/inputs/mask_frames.h"
#include "pipeline/networks/tiled_vae.h"
#include "sora/plan.h"

namespace sora {

/// Frames at the beginning and the end of a window that are given, [1, 3, n, H, W] in [-1, 1]; undefined:
/// none.
struct KnownFrames {
  at::Tensor start, end;
};

class ControlInput {
 public:
  /// Opens the files of `plan`, whose model takes a control input. Throws Error: no_input, data, io.
  ControlInput(const Plan& plan, const VideoAutoencoder& vae);

  /// Of the window with this number: [1, 2 C + s * s, R + T, h, w] fp32 with R latent frames of reference
  /// pictures. Call it for the windows in order.
  at::Tensor of_window(std::size_t number, const KnownFrames& known);

 private:
  at::Tensor encoded(const FrameParts& parts, std::int64_t frames) const;
  at::Tensor grey_latents(std::int64_t frames);
  bool is_known(std::int64_t frame) const;
  at::Tensor own_mask(std::int64_t frame, const FramePart& part);
  at::Tensor mask_at(std::int64_t frame, const FramePart& part);
  at::Tensor new_pixels(const FramePart& part);
  at::Tensor mask_channels(std::int64_t latent_frames);
  at::Tensor kept_frames(const FramePart& part);
  at::Tensor frames_to_follow(const FramePart& part);
  void read_references();

  const Plan& plan_;
  const VideoAutoencoder& vae_;
  std::optional<ClipWindows> clip_, control_;
  std::optional<MaskFrames> masks_;
  at::Tensor references_;  // [1, 2 C + s * s, R, h, w]; undefined: there are none
  at::Tensor grey_;        // latents of a grey video, [1, C, T, h, w]

  // Of the window at work
  std::int64_t begin_ = 0;   // number of its first frame
  std::int64_t frames_ = 0;  // how many it has
  KnownFrames known_;
};

/// A reference picture as the VAE takes it, [1, 3, 1, height, width] in [-1, 1]: as large as fits, on white.
at::Tensor reference_frame(const RgbPicture& picture, int width, int height);

}  // namespace sora
