// The denoising loop over one window of latents.
#pragma once

#include <ATen/ATen.h>

#include <functional>

#include "pipeline/model.h"
#include "sora/plan.h"

namespace sora {

/// A prompt as the transformers take it; made once for all windows.
struct Conditioning {
  at::Tensor prompt_embeds;           ///< [1, 512, D] fp32, zero after the text
  at::Tensor negative_prompt_embeds;  ///< the same, undefined without guidance
  // Cross-attention keys and values, for each expert.
  std::vector<wan::TextContext> prompt, negative;
};

Conditioning condition_on_text(const Model& model, const Plan& plan);

struct DenoiseHooks {
  std::function<void()> before_step;  ///< may throw to stop
  std::function<void()> after_step;
  /// After each prediction; clean() is the clean latents that it points to, of noise's shape. For a look at
  /// them: it changes nothing.
  std::function<void(const std::function<at::Tensor()>& clean)> look;
  std::function<void(const at::Tensor& noise_pred)> first_prediction;  ///< after guidance
};

/// Denoises `noise` [1, C, T, h, w]. `held` [1, C, k, h, w] (or undefined) are latents that the first k
/// frames are kept at: by per-token timesteps where the model has them, else by putting them in place,
/// noised to each step's level. Returns latents of noise's shape, fp32 on the CPU, normalised as the
/// network makes them.
at::Tensor denoise(const Model& model, const Plan& plan, const Conditioning& text, const at::Tensor& noise,
                   const at::Tensor& held, const DenoiseHooks& hooks);

}  // namespace sora
