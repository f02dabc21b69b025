#include "plan/verbs/transition.h"

#include <algorithm>

#include "core/text.h"
#include "plan/verbs/story.h"
#include "plan/verbs/verb.h"

namespace sora {

bool is_transition(const Plan& plan) {
  return verb_kind(plan.request.verb) == VerbKind::connect && plan.inputs.shots.size() == 2;
}

void plan_transition(Plan& plan, const std::string& from, const std::string& to) {
  plan.request.prompt = from;
  plan.inputs.shots = {{0, from}, {0, to}};
  plan.notes.push_back("prompt: " + transition_text(plan.inputs) + "; --prompt replaces them");
}

std::string transition_text(const Inputs& inputs) {
  const auto quoted = [](const Shot& shot) -> std::string {
    if (shot.prompt.empty()) return "no prompt (the file does not say one)";
    return '"' + one_line(shot.prompt) + '"';
  };
  return "evenly from " + quoted(inputs.shots.front()) + " to " + quoted(inputs.shots.back()) +
         ", with which the clips were made";
}

std::vector<double> prompt_shares(const Plan& plan, double time) {
  if (!is_transition(plan)) return shares_at(plan.inputs, time);
  // Times of the network count from the conditioning frames of the first window.
  const Window& first = plan.timeline.windows.front();
  const Window& last = plan.timeline.windows.back();
  const double fps = plan.timeline.model_fps;
  const int fresh = last.first + last.count - last.hidden_end - first.hidden;
  const auto frames = static_cast<double>(plan.timeline.model_frames);
  const double scale = frames / fresh;
  const double begin = (static_cast<double>(first.hidden - 1) * scale + 0.5) / fps;
  const double share = std::clamp((time - begin) * fps / frames, 0.0, 1.0);
  return {1 - share, share};
}

}  // namespace sora
