#include "plan/verbs/causal_windows.h"

#include <algorithm>
#include <cmath>

#include "plan/verbs/story.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"

namespace sora {
namespace {

// Blocks from the end of a clip that the new frames follow: enough to show its motion and its look.
constexpr int kContextBlocks = 2;

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "options", message); }

// Latent frames of the clip that the first block sees, in whole blocks: as many as the clip has, the window
// has room for, and are of use.
int context_of_clip(const Plan& plan, int scale) {
  const CausalSampling& causal = plan.sampling.causal;
  int blocks = std::min(kContextBlocks, (causal.window - causal.block) / causal.block);
  const std::int64_t frames = plan.inputs.video ? plan.inputs.video->frames : 0;
  if (frames > 0 && plan.inputs.video->fps > 0) {
    const double made = static_cast<double>(frames) / plan.inputs.video->fps * plan.timeline.model_fps;
    blocks = std::min(blocks, static_cast<int>(((made - 1) / scale + 1) / causal.block));
  }
  return std::max(1, blocks) * causal.block;
}

// `given`: latent frames before the first new one; `hidden`: how many of these are not shown.
void add_blocks(Plan& plan, int latent_frames, int given, int hidden) {
  const int block = plan.sampling.causal.block;
  auto& windows = plan.timeline.windows;
  windows = {{0, given + block, given, hidden, 0, 0}};
  for (int made = given + block; made < latent_frames; made += block)
    windows.push_back({made, block, 0, 0, 0, 0});
}

}  // namespace

void plan_causal_windows(Plan& plan, const ModelFacts& model, int latent_frames) {
  Timeline& timeline = plan.timeline;
  const VerbKind kind = verb_kind(plan.request.verb);
  if (kind == VerbKind::extend) {
    timeline.model_frames = static_cast<std::int64_t>(
        std::ceil(static_cast<double>(timeline.frames) * timeline.model_fps / timeline.fps - 1e-6));
    const int context = context_of_clip(plan, model.temporal_scale);
    const auto fresh =
        static_cast<int>((timeline.model_frames + model.temporal_scale - 1) / model.temporal_scale);
    return add_blocks(plan, context + fresh, context, context);
  }
  const bool from_image = plan.request.image.has_value();
  if (kind == VerbKind::storyboard)  // for its checks
    plan_story_windows(plan, model, latent_frames, latent_frames, 1);
  if (kind == VerbKind::animate && latent_frames < 2)
    wrong("animate makes at least 2 frames; the plan has " + std::to_string(timeline.model_frames) +
          ": ask for more --seconds or --frames");
  add_blocks(plan, latent_frames, from_image ? 1 : 0, 0);
}

std::string prompt_of_block(const Plan& plan, const Window& window, int temporal_scale) {
  const int fresh = window.count - window.conditioning;
  const double middle =
      time_of_latent(plan.timeline, window.first + window.conditioning + fresh / 2, temporal_scale);
  const std::vector<Shot>& shots = plan.inputs.shots;
  const auto later =
      std::find_if(shots.begin() + 1, shots.end(), [&](const Shot& shot) { return shot.time > middle; });
  return std::prev(later)->prompt;
}

}  // namespace sora
