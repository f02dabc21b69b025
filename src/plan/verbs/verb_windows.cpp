#include "plan/verbs/verb_windows.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "plan/geometry/windows.h"
#include "plan/verbs/causal_windows.h"
#include "plan/verbs/story.h"
#include "plan/verbs/transition.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"

namespace sora {
namespace {

// Conditioning frames (latent frames) of a window. Two from the frames before it show the motion; one from
// those after it stands for four frames, which have motion in them.
constexpr int kConditioningBefore = 2;
constexpr int kConditioningAfter = 1;

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "options", message); }

// Conditioning frames from the clip before the new frames: those of its last window, where that is continued.
int conditioning_before(const Plan& plan) {
  const int continued = plan.inputs.latents ? plan.inputs.latents->continued : 0;
  return continued > 0 ? continued : kConditioningBefore;
}

int latents_for(double frames, int scale) { return static_cast<int>(std::ceil(frames / scale - 1e-9)); }

// The model's side of the time line.
struct Rates {
  int scale;              // frames that a latent frame stands for
  int native;             // latent frames of the model's native length
  double model_per_file;  // frames of the model for one of the file
};

void animate_windows(Timeline& timeline, const Request& request, const ModelFacts& model, const Rates& rates,
                     int latents) {
  if (model.image.concat && latents <= rates.native) {  // no conditioning frames: the images are channels
    timeline.windows = plan_windows(latents, rates.native, kConditioningBefore);
    return;
  }
  const int least = request.last_image ? 3 : 2;
  if (latents < least) {
    wrong("animate makes at least " + std::to_string((least - 2) * rates.scale + 2) + " frames" +
          (request.last_image ? " between two images" : "") + "; the plan has " +
          std::to_string(timeline.model_frames) + ": ask for more --seconds or --frames");
  }
  timeline.windows = plan_conditioned_windows(latents, rates.native,
                                              {1, request.last_image ? 1 : 0, kConditioningBefore, false});
}

void extend_windows(Timeline& timeline, const Rates& rates, int before) {
  timeline.model_frames = static_cast<std::int64_t>(
      std::ceil(static_cast<double>(timeline.frames) * rates.model_per_file - 1e-6));
  const int fresh = latents_for(static_cast<double>(timeline.model_frames), rates.scale);
  timeline.windows =
      plan_conditioned_windows(before + fresh, rates.native, {before, 0, kConditioningBefore, true});
}

void backward_windows(Timeline& timeline, const Rates& rates) {
  const auto needed = static_cast<std::int64_t>(
      std::ceil(static_cast<double>(timeline.frames) * rates.model_per_file - 1e-6));
  timeline.windows = plan_backward_windows(needed, rates.scale, rates.native, kConditioningAfter);
  timeline.model_frames = 0;  // of whole latent frames: the earliest window may make more than are shown
  for (const Window& window : timeline.windows)
    timeline.model_frames +=
        1 + static_cast<std::int64_t>(window.count - window.conditioning_end - 1) * rates.scale;
}

// New frames between the end of one clip and the start of another, or of the same clip. They are a whole
// number of latent frames; the frame rate differs a little where the length that is asked for is not.
void between_windows(Timeline& timeline, const Rates& rates, int before) {
  const double frames = static_cast<double>(timeline.frames) * rates.model_per_file;
  const int fresh = std::max(1, static_cast<int>(std::lround(frames / rates.scale)));
  timeline.model_frames = static_cast<std::int64_t>(fresh) * rates.scale;
  timeline.windows = plan_conditioned_windows(before + fresh + kConditioningAfter, rates.native,
                                              {before, kConditioningAfter, kConditioningBefore, true});
}

// A loop without a clip: the last window ends with the video's own first frames.
void loop_windows(Timeline& timeline, const Rates& rates) {
  const auto file_frames = static_cast<double>(timeline.frames);
  const double frames = file_frames * rates.model_per_file;
  const int fresh = std::max(2, static_cast<int>(std::lround((frames - 1) / rates.scale)) + 1);
  timeline.model_frames = 1 + static_cast<std::int64_t>(fresh - 1) * rates.scale;
  timeline.windows = plan_conditioned_windows(fresh + kConditioningAfter, rates.native,
                                              {0, kConditioningAfter, kConditioningBefore, true});
  // The first frame follows the last one, so that N frames span N intervals and not N - 1.
  timeline.model_fps = static_cast<double>(timeline.model_frames) / file_frames * timeline.fps;
}

// The windows of models that see all frames of one.
void plan_windows_of_verb(Plan& plan, const ModelFacts& model, const Rates& rates, int latents) {
  const Request& request = plan.request;
  Timeline& timeline = plan.timeline;
  switch (verb_kind(request.verb)) {
    case VerbKind::generate:
    case VerbKind::finish:  // plan_stage() plans its windows
    case VerbKind::remix:
    case VerbKind::edit:
    case VerbKind::live:
      timeline.windows = plan_windows(latents, rates.native, kConditioningBefore);
      break;
    case VerbKind::storyboard:
      plan_story_windows(plan, model, latents, rates.native, kConditioningBefore);
      break;
    case VerbKind::animate:
      animate_windows(timeline, request, model, rates, latents);
      break;
    case VerbKind::extend:
      request.backward ? backward_windows(timeline, rates)
                       : extend_windows(timeline, rates, conditioning_before(plan));
      break;
    case VerbKind::connect:
      between_windows(timeline, rates, conditioning_before(plan));
      if (is_transition(plan))
        plan.inputs.shots.back().time = static_cast<double>(timeline.frames) / timeline.fps;
      break;
    case VerbKind::loop:
      request.input ? between_windows(timeline, rates, conditioning_before(plan))
                    : loop_windows(timeline, rates);
      break;
  }
}

}  // namespace

void plan_verb_windows(Plan& plan, const ModelFacts& model) {
  Timeline& timeline = plan.timeline;
  const Rates rates{model.temporal_scale, (model.frames - 1) / model.temporal_scale + 1,
                    timeline.model_fps / timeline.fps};
  // Frame n of a file of new frames alone shows the model's frame that is nearest in time.
  timeline.model_frames =
      std::llround(static_cast<double>(timeline.frames - 1) / timeline.fps * timeline.model_fps) + 1;
  const int latents = latents_for(static_cast<double>(timeline.model_frames - 1), rates.scale) + 1;
  model.causal ? plan_causal_windows(plan, model, latents)
               : plan_windows_of_verb(plan, model, rates, latents);
  timeline.latent_frames = 0;
  for (const Window& window : timeline.windows)
    timeline.latent_frames = std::max(timeline.latent_frames, window.first + window.count);
}

}  // namespace sora
