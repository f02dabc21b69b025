// The conditioning frames of each window of a run: from the inputs, and from other windows.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "models/networks/video_autoencoder.h"
#include "pipeline/denoise/denoise.h"
#include "pipeline/frames/arrival.h"
#include "pipeline/inputs/conditioning_frames.h"
#include "pipeline/inputs/conditioning_inputs.h"
#include "sora/plan.h"

namespace sora {

class WindowConditioning {
 public:
  /// Reads the plan's inputs, unless `reads_inputs` is false: networks with image conditioning get them from
  /// ImageFrames. Throws Error: no_input, data, io.
  WindowConditioning(const Plan& plan, const VideoAutoencoder& vae, bool reads_inputs);

  const ConditioningInputs& inputs() const { return inputs_; }

  /// The conditioning frames of the window with this number. Call it for the windows in order.
  ConditioningFrames frames_for(std::size_t window);
  /// After that window was denoised: puts the conditioning frame that the anchor replaced back into its
  /// latents.
  void restore_replaced(at::Tensor& latents);

  /// The frames from which a later window continues: [1, 3, 1 + s (window.conditioning - 1), H, W].
  at::Tensor preceding_frames(const Window& window) const;

  /// The frames of the window with this number that are to show a given picture: an image of the plan, or,
  /// backward, the first frame of the window that is shown after it.
  std::vector<Arrival> arrivals(std::size_t window) const;

  /// Call it with the latents of each window after it was denoised.
  void window_denoised(const at::Tensor& latents);
  /// Backward, call it then with the window's first frames too, [n, H, W, 3] in [0, 1], as they will be
  /// shown: the next window ends with them.
  void first_frames_shown(const at::Tensor& pixels);
  /// Call it with the frames that the video shows, as they are decoded: [1, 3, n, H, W].
  void frames_decoded(const at::Tensor& chunk);

 private:
  const Plan& plan_;
  const VideoAutoencoder& vae_;
  ConditioningInputs inputs_;
  bool has_guides_;                                 // the plan's images are guide frames
  std::vector<at::Tensor> first_frames_;            // [1, H, W, 3], backward: of each window denoised so far
  std::int64_t tail_frames_ = 0, head_frames_ = 0;  // the most that a window needs
  at::Tensor tail_, head_;                          // [1, 3, n, H, W], the last and the first frames
  at::Tensor anchor_, replaced_;  // [1, C, 1, h, w]; replaced_: by the anchor, in this window
};

/// Where a window of remix begins, instead of with noise [1, C, T, h, w]: `clip`, the input's latents, noised
/// to the noise level of the plan's first step.
DenoiseState remix_start(const Model& model, const Plan& plan, const at::Tensor& clip,
                         const at::Tensor& noise);

}  // namespace sora
