// The inputs of a run besides noise: images and frames of clips, as the networks take them.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "media/read/video_reader.h"
#include "models/networks/video_autoencoder.h"
#include "pipeline/inputs/conditioning_frames.h"
#include "pipeline/networks/tiled_vae.h"
#include "sora/plan.h"

namespace sora {

/// A clip's frames next to a seam. In [-1, 1], at the network's size.
struct ClipEnd {
  at::Tensor frames;   ///< [1, 3, n, H, W], the last or the first n, in the order of showing
  at::Tensor latents;  ///< [1, C, k, h, w]
  at::Tensor decoded;  ///< [1, 3, n, H, W], the frames encoded and decoded by the VAE
};

/// Inputs that become conditioning frames; those that a plan does not have are undefined.
struct ConditioningInputs {
  at::Tensor start;  ///< latents [1, C, k, h, w] at the start of the first window
  at::Tensor end;    ///< latents at the end of the last one
  ClipEnd clip_before, clip_after;
};

/// Reads and encodes the inputs of `plan`; only the frames that are needed are decoded.
/// Throws Error: no_input, data, io.
ConditioningInputs read_conditioning_inputs(const Plan& plan, const VideoAutoencoder& vae);

/// `count` indices of a dimension from `first` on, which may lie beyond its ends: there the first or the last
/// one is repeated.
at::Tensor with_edge(const at::Tensor& x, std::int64_t dim, std::int64_t first, std::int64_t count);

/// Settings for reading the files of a plan at this size: its --fit and --background.
ReadSettings read_settings(const Plan& plan, int width, int height);

/// Frames of the size of the plan's crop -> [1, 3, n, H, W] in [-1, 1] at the network's size; the margin
/// around the crop repeats its edge.
at::Tensor network_frames(const std::vector<VideoFrame>& frames, const Plan& plan);

/// A picture as a frame, [1, 3, 1, H, W]. With --fit stretch and without a crop it equals that of diffusers
/// to the bit.
at::Tensor image_frame(const Plan& plan, const std::string& path);

/// Latents of frames for the end of a window, where nothing is known of the frames before them. The first
/// frame is repeated in front, as a still, for a few latent frames, which are then dropped.
/// `frames` [1, 3, 4 k, H, W] -> [1, C, k, h, w].
at::Tensor encode_as_continuation(const VideoAutoencoder& vae, const at::Tensor& frames);

/// Latents of a clip's first frames, for the end of a window, and of the still before them.
struct StartLatents {
  at::Tensor still;    ///< [1, C, n, h, w]
  at::Tensor latents;  ///< [1, C, k, h, w]
};
StartLatents encode_start_of_clip(const VideoAutoencoder& vae, const at::Tensor& frames);

/// A latent frame within a clip whose frames all show this picture: [1, C, 1, h, w].
at::Tensor still_latents(const Plan& plan, const VideoAutoencoder& vae, const std::string& path);

/// A video whose frames are those of a plan, one by one or by their times.
struct ClipSource {
  std::string path;
  bool frame_by_frame = false;              ///< it has the rate of the plan
  Area place;                               ///< where it lies in the plan's crop
  std::function<void(VideoFrame&)> change;  ///< what is made of each frame, at the same size; empty: nothing
};

/// The input of remix, edit and finish.
ClipSource input_clip(const Plan& plan);
/// The control video, or its edges.
ClipSource control_clip(const Plan& plan);

/// Settings for reading a clip of the plan, at this size.
ReadSettings clip_settings(const Plan& plan, bool frame_by_frame, int width, int height);
/// Whether a file with these facts has a frame for each of the plan's.
bool is_frame_by_frame(const Plan& plan, const InputFacts& facts);

/// A clip, cut into one for each window of a plan and read window by window. The frames of one window are in
/// memory, as bytes.
class ClipWindows {
 public:
  ClipWindows(const Plan& plan, const VideoAutoencoder& vae) : ClipWindows(plan, vae, input_clip(plan)) {}
  ClipWindows(const Plan& plan, const VideoAutoencoder& vae, ClipSource source);

  /// Reads the frames of `window`. Call it for the windows in order. After the input's end, its last frame is
  /// repeated.
  void go_to(const Window& window);

  /// Latents [1, C, T, h, w] of these frames, encoded as a separate clip.
  at::Tensor latents() const;

  /// A part of these frames, as the VAE takes them, counted from 0: [1, 3, n, h, w] in [-1, 1].
  at::Tensor frames(const FramePart& part) const;

 private:
  const Plan& plan_;
  const VideoAutoencoder& vae_;
  ClipSource source_;
  VideoReader reader_;
  std::vector<at::Tensor> frames_;  // [crop_height, crop_width, 3] bytes: the last frames read
  std::int64_t read_ = 0;           // frames that were read, or repeated after the input's end
};

}  // namespace sora
