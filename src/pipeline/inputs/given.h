// What a run begins from besides noise: images and frames of clips, as the networks take them.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <vector>

#include "media/read/video_reader.h"
#include "models/networks/video_autoencoder.h"
#include "pipeline/inputs/conditioning_frames.h"
#include "pipeline/networks/tiled_vae.h"
#include "sora/plan.h"

namespace sora {

/// A clip's frames at the end that a joint is made to. In [-1, 1], at the size that the network makes.
struct ClipEnd {
  at::Tensor frames;   ///< [1, 3, n, H, W], the last or the first n, in the order of showing
  at::Tensor latents;  ///< [1, C, k, h, w]
  at::Tensor decoded;  ///< [1, 3, n, H, W], what the VAE makes of them: how it sees the clip
};

/// All that a plan's verb is given; what it is not given stays undefined.
struct Given {
  at::Tensor start;  ///< latents [1, C, k, h, w] at the start of the first window
  at::Tensor end;    ///< latents at the end of the last one
  ClipEnd before, after;
};

/// Reads and encodes what `plan` begins from; only the frames that are needed are decoded.
/// Throws Error: no_input, data, io.
Given read_given(const Plan& plan, const VideoAutoencoder& vae);

/// How files are read for a plan: --fit and --background, at this size.
ReadSettings read_settings(const Plan& plan, int width, int height);

/// Frames of the plan's crop -> [1, 3, n, H, W] in [-1, 1]; the margin between the crop and what the network
/// makes repeats the crop's edge.
at::Tensor network_frames(const std::vector<VideoFrame>& frames, const Plan& plan);

/// A picture as a frame, [1, 3, 1, H, W]. Stretched over all that the network makes, it is what diffusers
/// gives it, to the bit.
at::Tensor image_frame(const Plan& plan, const std::string& path);

/// Latents of frames that come with no history, for the end of a window: the first frame stands still before
/// them for as long as a latent can tell, and the latents of that still are left out. `frames`
/// [1, 3, 4 k, H, W] -> [1, C, k, h, w].
at::Tensor encode_as_continuation(const VideoAutoencoder& vae, const at::Tensor& frames);

/// A picture as a latent frame within a clip, whose frames all show it: [1, C, 1, h, w].
at::Tensor still_latents(const Plan& plan, const VideoAutoencoder& vae, const std::string& path);

/// The input of remix and finish as clips for the windows of a plan, read as it is needed. One window's
/// frames are in memory, as bytes.
class ClipWindows {
 public:
  ClipWindows(const Plan& plan, const VideoAutoencoder& vae);

  /// Reads the stretch that `window` covers. Windows come in their order. Where the input ends, its last
  /// frame stands still.
  void go_to(const Window& window);

  /// Latents [1, C, T, h, w] of that stretch, encoded as a clip of its own.
  at::Tensor latents() const;

  /// Frames of it as the VAE takes them, the first being number 0: [1, 3, n, h, w] in [-1, 1].
  at::Tensor frames(const FramePart& part) const;

 private:
  const Plan& plan_;
  const VideoAutoencoder& vae_;
  VideoReader reader_;
  std::vector<at::Tensor> frames_;  // [crop_height, crop_width, 3] bytes: the last ones that were read
  std::int64_t read_ = 0;  // frames of the network that were read, or stood still after the input's end
};

}  // namespace sora
