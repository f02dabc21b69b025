#include "plan/verbs/transition.h"

#include <algorithm>

#include "core/text.h"
#include "plan/verbs/verb.h"

namespace sora {

bool is_transition(const Plan& plan) {
  return verb_kind(plan.request.verb) == VerbKind::connect && plan.inputs.shots.size() == 2;
}

void plan_transition(Plan& plan, const std::string& from, const std::string& to) {
  plan.request.prompt = from;
  plan.inputs.shots = {{0, from}, {0, to}};
  const auto quoted = [](const std::string& words) -> std::string {
    if (words.empty()) return "no prompt, which its file lacks";
    return '"' + one_line(words) + '"';
  };
  plan.notes.push_back("prompt: evenly from " + quoted(from) + " to " + quoted(to) +
                       ", as the clips were made; --prompt says otherwise");
}

std::vector<double> transition_shares(const Plan& plan, double time) {
  // The new frames stand between those of the windows that the clips show.
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
