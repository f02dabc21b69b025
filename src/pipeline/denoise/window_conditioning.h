// Which latent frames each window of a run is held to: what was given, and what other windows made.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "models/networks/video_autoencoder.h"
#include "pipeline/denoise/denoise.h"
#include "pipeline/frames/arrival.h"
#include "pipeline/inputs/conditioning_frames.h"
#include "pipeline/inputs/given.h"
#include "sora/plan.h"

namespace sora {

class WindowConditioning {
 public:
  /// Reads what the plan begins from; without `holds` nothing, as for a network that is given its images
  /// beside the noise. Throws Error: no_input, data, io.
  WindowConditioning(const Plan& plan, const VideoAutoencoder& vae, bool holds);

  const Given& given() const { return given_; }

  /// For the window with this number. The windows come in their order.
  ConditioningFrames of(std::size_t window);
  /// After that window was denoised: the frame that was held there before the anchor took its place.
  void put_back(at::Tensor& latents);

  /// The frames that a later window goes on from: [1, 3, 1 + s (held - 1), H, W].
  at::Tensor before(const Window& window) const;

  /// The frames of the window with this number that are to show a picture: of the plan, or, backward, the
  /// first frame of the window after it.
  std::vector<Arrival> arrivals(std::size_t window) const;

  /// After it was denoised.
  void denoised(const at::Tensor& latents);
  /// Backward, and then too: its first frames [n, H, W, 3] in [0, 1], which the window before it leads to.
  void begins_with(const at::Tensor& pixels);
  /// Frames that the video shows, as the decoder gives them: [1, 3, n, H, W].
  void decoded(const at::Tensor& chunk);

 private:
  const Plan& plan_;
  const VideoAutoencoder& vae_;
  Given given_;
  bool guided_;                                     // by the plan's pictures
  std::vector<at::Tensor> firsts_;                  // [1, H, W, 3]: backward, of the windows that are denoised
  std::int64_t tail_frames_ = 0, head_frames_ = 0;  // that some window needs
  at::Tensor tail_, head_;                          // [1, 3, n, H, W], the last and the first frames
  at::Tensor anchor_, replaced_;                    // [1, C, 1, h, w], of the video, and of the window
};

/// Remix: where a window begins instead of noise [1, C, T, h, w]: `clip`, the input's latents, noised to the
/// level of the plan's first step.
DenoiseState remix_start(const Model& model, const Plan& plan, const at::Tensor& clip,
                         const at::Tensor& noise);

}  // namespace sora
