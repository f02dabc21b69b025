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
#include "sampling/scheduler.h"
#include "sora/plan.h"

namespace sora {

/// One text as the transformers take it; made once for all windows.
struct TextCondition {
  std::string text;
  at::Tensor embeds;  ///< [1, 512, D] fp32, zero after the text; undefined: not made yet
  std::vector<std::unique_ptr<PreparedText>> experts;  ///< as each expert takes it
};

struct Conditioning {
  std::vector<TextCondition> prompts;  ///< one; of a storyboard those that the window follows
  at::Tensor shares;  ///< of more than one: [n, T], the share of each in the prediction for a latent frame
  TextCondition negative;  ///< only with guidance
  /// Of models that attend to images (image_condition.h): [1, n, D], of two images [2, n, D]. Set before
  /// condition_on_text(); who changes it drops the texts' experts too, which were made with it.
  at::Tensor image_tokens;
  /// Of models that take images beside the noise, for the window that is denoised: [1, s + C, T, h, w].
  at::Tensor joined;
};

/// Makes what `plan` needs in place, for these prompts, which `embeds` has. A text that is there already is
/// kept, so that jobs with the same negative prompt, or with several seeds a prompt, do it once; texts that
/// are not asked for leave.
void condition_on_prompts(const Model& model, const Plan& plan, const PromptEmbeds& embeds,
                          const std::vector<std::string>& prompts, Conditioning& conditioning);

/// For the one prompt of `plan`.
void condition_on_text(const Model& model, const Plan& plan, const PromptEmbeds& embeds,
                       Conditioning& conditioning);

/// The plan's scheduler for this model.
std::unique_ptr<Scheduler> scheduler_of(const Model& model, const Plan& plan);

/// Where a window is between two steps. To be read, not written: the scheduler has the same tensors.
struct DenoiseState {
  int step = 0;        ///< that comes next
  at::Tensor latents;  ///< [1, C, T, h, w] fp32
  SchedulerState scheduler;
};

struct DenoiseHooks {
  std::function<void()> before_step;                    ///< may throw to stop
  std::function<void(const DenoiseState&)> after_step;  ///< may keep it: its tensors never change
  /// After each prediction; clean() is the clean latents that it points to, of noise's shape. For a look at
  /// them: it changes nothing.
  std::function<void(const std::function<at::Tensor()>& clean)> preview;
  std::function<void(const at::Tensor& noise_pred)> first_prediction;  ///< of this call, after guidance
};

/// Denoises `noise` [1, C, T, h, w]. The frames `given`, any of them but the guides (guide_frames.h), stay as
/// they are: by per-token timesteps where the model has them, else by putting them in place, noised to each step's level. Returns
/// latents of noise's shape, fp32 on the CPU, normalised as the network makes them. With `from` it goes on
/// where that state was taken, with the same numbers, or starts there from other latents than noise.
at::Tensor denoise(const Model& model, const Plan& plan, const Conditioning& text, const at::Tensor& noise,
                   const ConditioningFrames& given, const DenoiseHooks& hooks,
                   const DenoiseState* from = nullptr);

}  // namespace sora
