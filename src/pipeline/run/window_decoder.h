// From the latents of windows to the frames that the video shows.
//
// Each window is decoded as the clip that it is, from its conditioning frames on, which are not shown again.
// Going on with the decoder's cache of the window before gives the decoder a history longer than any clip it
// was trained on: measured with the default model, contrast then jumps by a tenth at each seam.
#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>

#include "models/networks/video_autoencoder.h"
#include "pipeline/denoise/window_conditioning.h"
#include "pipeline/frames/arrival.h"
#include "pipeline/frames/drift.h"
#include "pipeline/frames/frames.h"
#include "pipeline/frames/seam_smoothing.h"
#include "pipeline/inputs/given.h"
#include "pipeline/run/reporter.h"
#include "pipeline/run/tensor_dump.h"
#include "sora/plan.h"

namespace sora {

class WindowDecoder {
 public:
  /// `source`: the video that an upscale stage begins from; null for other plans. All must outlive this.
  WindowDecoder(const Plan& plan, const VideoAutoencoder& vae, WindowConditioning& known, ClipWindows* source,
                FrameOut& frames, TensorDump& dump, Reporter& report);

  /// Backward, after a window was denoised: its first frames, as they will be shown, are what the window
  /// before it leads to. The first one denoised, beside the clip, has the look that the others keep.
  void look_at_the_start(std::size_t number, const at::Tensor& latents);

  /// Decodes window number `number` of the plan, latents [1, C, T, h, w], and hands its new frames on.
  /// Windows come in the order in which they are seen.
  void show(std::size_t number, const at::Tensor& latents);

 private:
  bool leads_to_a_clip(std::size_t number) const;
  void look_at_the_end(const Window& window, const at::Tensor& latents);
  void look_at_arrivals(std::size_t number, const at::Tensor& latents);
  double step_before(const at::Tensor& hidden);
  at::Tensor decoded(at::Tensor chunk, std::int64_t latent) const;

  const Plan& plan_;
  const VideoAutoencoder& vae_;
  WindowConditioning& known_;
  ClipWindows* source_;
  FrameOut& frames_;
  TensorDump& dump_;
  Reporter& report_;
  DriftControl drift_;
  SeamSmoothing smoothing_;
  ArrivalCorrection arrival_;
  at::Tensor last_frame_;  // [1, H, W, 3], before the next one
};

}  // namespace sora
