// The denoising loop over one window of latents.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/inputs/conditioning_frames.h"
#include "pipeline/networks/model.h"
#include "pipeline/text/prompt_embeds.h"
#include "sampling/block_cache.h"
#include "sampling/scheduler.h"
#include "sora/plan.h"

namespace sora {

/// One text as the transformers take it, computed once for all windows.
struct TextCondition {
  std::string text;
  at::Tensor embeds;  ///< [1, 512, D] fp32, zero after the text; undefined: not computed yet
  std::vector<std::unique_ptr<PreparedText>> experts;  ///< prepared by each expert
};

struct Conditioning {
  std::vector<TextCondition> prompts;  ///< one; in a storyboard those of the window
  at::Tensor shares;  ///< for several prompts: [n, T], the share of each in the prediction for a latent frame
  TextCondition negative;  ///< only with guidance
  /// For models that attend to images (image_condition.h): [1, n, D], of two images [2, n, D]. Set it before
  /// condition_on_text(). Whoever changes it must also clear the texts, which were prepared with it.
  at::Tensor image_tokens;
  /// For models that take image conditioning, of the current window: [1, s + C, T, h, w], image_condition().
  at::Tensor image_condition;
  /// For models that take a control input, of the current window (pipeline/inputs/control_input.h).
  at::Tensor control;
};

/// Sets `conditioning` to these prompts, whose embeddings `embeds` has, and to the negative prompt of `plan`.
/// Texts that it already has are reused, so that jobs with the same negative prompt, or several seeds for a
/// prompt, prepare them once; texts that are no longer needed are freed.
void condition_on_prompts(const Model& model, const Plan& plan, const PromptEmbeds& embeds,
                          const std::vector<std::string>& prompts, Conditioning& conditioning);

/// The same for the single prompt of `plan`.
void condition_on_text(const Model& model, const Plan& plan, const PromptEmbeds& embeds,
                       Conditioning& conditioning);

/// The plan's scheduler for this model.
std::unique_ptr<Scheduler> scheduler_of(const Model& model, const Plan& plan);

/// State of a window between two steps. Do not change its tensors: the scheduler uses them too.
struct DenoiseState {
  int step = 0;        ///< the next one
  at::Tensor latents;  ///< [1, C, T, h, w] fp32
  SchedulerState scheduler;
  CacheState cache;  ///< of the step cache, where there is one
};

struct DenoiseHooks {
  std::function<void()> before_step;                    ///< may throw to stop
  std::function<void(const DenoiseState&)> after_step;  ///< may store the state: its tensors never change
  /// After each prediction. clean() computes the clean latents that it implies, of noise's shape, for a
  /// preview; it has no effect on the run.
  std::function<void(const std::function<at::Tensor()>& clean)> preview;
  std::function<void(const at::Tensor& noise_pred)> first_prediction;  ///< of this call, after guidance
  std::function<at::Tensor(int step)> step_noise;  ///< for schedulers whose steps take noise of their own
};

/// Denoises `noise` [1, C, T, h, w]. The conditioning frames `frames` stay clean: with timestep 0 where the
/// model has a timestep for each token, else by replacing them before each step, noised to its noise level.
/// Guide frames stay clean in the first steps only (guide_frames.h). Returns latents of noise's shape, fp32
/// on the model's device, normalised as the network makes them. With `from` it continues from that state,
/// with the same numbers, or starts at a later step from other latents than noise.
at::Tensor denoise(const Model& model, const Plan& plan, const Conditioning& text, const at::Tensor& noise,
                   const ConditioningFrames& frames, const DenoiseHooks& hooks,
                   const DenoiseState* from = nullptr);

}  // namespace sora
