// Turns the latents of windows into the frames of the video.
//
// Each window is decoded as a separate clip, beginning with its conditioning frames, which are not shown
// again. Continuing with the decoder's cache of the window before would give the decoder a history longer
// than any clip it was trained on: with the default model, contrast then jumps by a tenth at each seam.
// The blocks of a causal model are the exception: they have no frames in common, and are decoded as one clip.
#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

#include "models/networks/video_autoencoder.h"
#include "pipeline/denoise/window_conditioning.h"
#include "pipeline/frames/arrival.h"
#include "pipeline/frames/drift.h"
#include "pipeline/frames/frames.h"
#include "pipeline/frames/seam_smoothing.h"
#include "pipeline/inputs/conditioning_inputs.h"
#include "pipeline/networks/tiled_vae.h"
#include "pipeline/run/reporter.h"
#include "pipeline/run/shown_ends.h"
#include "pipeline/run/tensor_dump.h"
#include "sora/plan.h"

namespace sora {

class WindowDecoder {
 public:
  /// `source`: the video that an upscale stage enlarges; null for other plans. All must outlive this object.
  WindowDecoder(const Plan& plan, const VideoAutoencoder& vae, WindowConditioning& conditioning,
                ClipWindows* source, FrameOut& frames, TensorDump& dump, Reporter& report);

  /// The ends of what was shown; only with --keep-latents.
  const ShownEnds& ends() const { return ends_; }

  /// For autoencoders that take noise, of each window's latents: call it before the window is decoded.
  void set_noise(std::size_t number, at::Tensor noise);

  /// Backward, call it with each window after it was denoised: decodes its first frames, as they will be
  /// shown, which the window shown before it ends with. The window beside the clip, which is denoised first,
  /// sets the look that drift control keeps.
  void decode_start(std::size_t number, const at::Tensor& latents);

  /// Of a causal model: the next block follows these latents [1, C, t, h, w], which were shown; undefined: it
  /// is the first one.
  void go_on_after(const at::Tensor& shown);

  /// Decodes the plan's window with this number, latents [1, C, T, h, w], and passes its new frames on. Call
  /// it for the windows in the order in which they are shown.
  void show(std::size_t number, const at::Tensor& latents);

 private:
  ClipDecoder decoder_of(std::size_t number, const at::Tensor& latents) const;
  std::shared_ptr<ClipDecoder> decoder_for_show(std::size_t number, const at::Tensor& latents);
  bool leads_to_a_clip(std::size_t number) const;
  void decode_end(std::size_t number, const at::Tensor& latents);
  void decode_arrivals(std::size_t number, const at::Tensor& latents);
  double step_before(const at::Tensor& hidden);
  void check_first(const at::Tensor& chunk);
  at::Tensor corrected(at::Tensor chunk, std::int64_t latent) const;

  const Plan& plan_;
  const VideoAutoencoder& vae_;
  WindowConditioning& conditioning_;
  ClipWindows* source_;
  FrameOut& frames_;
  TensorDump& dump_;
  Reporter& report_;
  DriftControl drift_;
  SeamSmoothing smoothing_;
  ArrivalCorrection arrival_;
  ShownEnds ends_;
  std::map<std::size_t, at::Tensor> noise_;  // by the windows' numbers
  bool checked_ = false;
  at::Tensor last_frame_;  // [1, H, W, 3], shown before the next one
  std::shared_ptr<ClipDecoder> film_;  // of a causal model: all blocks are one clip
};

}  // namespace sora
