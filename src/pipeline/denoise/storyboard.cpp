#include "pipeline/denoise/storyboard.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "plan/verbs/causal_windows.h"
#include "plan/verbs/story.h"
#include "plan/verbs/transition.h"

namespace sora {

void condition_on_shots(const Model& model, const Plan& plan, const PromptEmbeds& embeds, std::size_t number,
                        Conditioning& text) {
  const Window& window = plan.timeline.windows[number];
  if (plan.sampling.causal.block > 0) {
    condition_on_prompts(model, plan, embeds, {prompt_of_block(plan, window, model.vae->temporal_scale())},
                         text);
    text.shares = at::Tensor();
    return;
  }
  const std::int64_t fresh = window.count - window.conditioning;
  std::vector<std::string> prompts;
  std::vector<std::vector<float>> shares;  // of each prompt, for each new latent frame
  for (std::int64_t t = 0; t < fresh; ++t) {
    const int latent = window.first + window.conditioning + static_cast<int>(t);
    const auto of_shots =
        prompt_shares(plan, time_of_latent(plan.timeline, latent, model.vae->temporal_scale()));
    for (std::size_t i = 0; i < of_shots.size(); ++i) {
      if (of_shots[i] <= 0) continue;
      const std::string& prompt = plan.inputs.shots[i].prompt;
      const auto known = std::find(prompts.begin(), prompts.end(), prompt);
      const auto place = static_cast<std::size_t>(known - prompts.begin());
      if (known == prompts.end()) {
        prompts.push_back(prompt);
        shares.emplace_back(fresh, 0.0F);
      }
      shares[place][static_cast<std::size_t>(t)] += static_cast<float>(of_shots[i]);
    }
  }
  condition_on_prompts(model, plan, embeds, prompts, text);
  text.shares = at::Tensor();
  if (prompts.size() < 2) return;
  // Predictions for conditioning frames are not used, so their shares do not matter.
  text.shares = at::zeros({static_cast<std::int64_t>(prompts.size()), window.count}, at::kFloat);
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    auto row = text.shares[static_cast<std::int64_t>(i)];
    row.narrow(0, window.conditioning, fresh).copy_(at::tensor(shares[i], at::kFloat));
    row.narrow(0, 0, window.conditioning).fill_(shares[i].front());
  }
}

}  // namespace sora
