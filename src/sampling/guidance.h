// Classifier-free guidance (Ho and Salimans 2022, https://arxiv.org/abs/2207.12598), and the choice between
// two experts for each step.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>

namespace sora {

struct Guidance {
  double scale = 1;    ///< of the first expert
  double scale_2 = 1;  ///< of the second
  /// Share of the timesteps that the second expert predicts; none: one network.
  std::optional<double> boundary_ratio = {};
  std::int64_t num_train_timesteps = 1000;

  /// Whether the network runs a second time without the prompt. The first scale alone decides, for the
  /// steps of both experts, as in diffusers: a scale of 1 or less is off.
  bool active() const { return scale > 1; }

  /// 0 for the expert of the high noise levels (`transformer`), 1 for that of the low ones
  /// (`transformer_2`).
  int expert(double timestep) const;

  double scale_at(double timestep) const { return expert(timestep) == 0 ? scale : scale_2; }
};

/// Whether guidance that oscillates pauses in this step: every other one from the eleventh on
/// (Open-Sora 2.0's get_oscillation_gs).
bool guidance_pauses(int step);

/// The scales of guidance towards an image for each latent frame [frames], of step `step` of `steps`: from 1
/// at the first to what is left of `scale` at the last.
at::Tensor image_scales(double scale, int step, int steps, std::int64_t frames);

/// Adds guidance towards an image to `guided_pred` [1, C, T, h, w]: `uncond` was predicted with the image,
/// `unseen` without; scales [T]. The result is fp32.
at::Tensor guided_to_image(const at::Tensor& guided_pred, const at::Tensor& uncond, const at::Tensor& unseen,
                           const at::Tensor& scales);

/// cond and uncond have one shape and dtype. The result is fp32: the difference of two predictions in bf16,
/// multiplied by the scale, would lose what it is about.
at::Tensor guided(const at::Tensor& cond, const at::Tensor& uncond, double scale);

}  // namespace sora
