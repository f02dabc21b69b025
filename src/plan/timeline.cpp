#include "plan/timeline.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/option_checks.h"
#include "core/output/output_format.h"
#include "plan/model/causal.h"
#include "plan/verbs/live.h"
#include "plan/verbs/remix_steps.h"
#include "plan/verbs/story.h"
#include "plan/verbs/verb.h"
#include "plan/verbs/verb_windows.h"

namespace sora {
namespace {

constexpr double kDriftControl = 0.9;
constexpr double kLongest = 24 * 3600;  // seconds
constexpr std::int64_t kMostFrames = 10'000'000;

// Whether the new frames lead from a clip to another, or back to its own start.
bool leads_to_a_clip(const Request& request) {
  return adds_to_clip(request) && verb_kind(request.verb) != VerbKind::extend;
}

// Anchors every window after the first that is conditioned on the window before it alone. Returns whether
// there are any.
bool set_anchors(Timeline& timeline) {
  bool any = false;
  for (std::size_t i = 1; i < timeline.windows.size(); ++i) {
    Window& window = timeline.windows[i];
    window.anchored = window.conditioning > 1 && window.conditioning_end == 0;
    any = any || window.anchored;
  }
  return any;
}

// There is no drift to control where windows each follow frames of an input, as in a remix, and in a
// transition, whose look is to change. The blocks of a causal model see those before them.
void plan_drift_control(Plan& plan) {
  const double strength =
      in_range("--drift-control", plan.request.drift_control.value_or(kDriftControl), 0, 1);
  const VerbKind kind = verb_kind(plan.request.verb);
  const bool applies = !follows_frames(plan.request) && kind != VerbKind::connect && !is_causal(plan);
  plan.timeline.drift_control = applies && plan.timeline.windows.size() > 1 ? strength : 0;
  if (plan.timeline.drift_control <= 0) return;
  // Without per-token timesteps, conditioning frames must be the frames right before the new ones. The shots
  // of a storyboard differ on purpose.
  const bool may_anchor = plan.sampling.expand_timesteps && plan.inputs.shots.empty();
  const bool anchored = may_anchor && set_anchors(plan.timeline);
  plan.notes.push_back(std::string(plan.request.backward ? "earlier" : "later") +
                       " windows keep the colour, contrast and sharpness of " +
                       std::string(plan.request.backward       ? "the window beside the clip"
                                   : plan.inputs.shots.empty() ? "the first window"
                                                               : "their shot's first window") +
                       (anchored ? ", and see its first frame" : "") + ", strength " +
                       number_for_people(plan.timeline.drift_control) + " (--drift-control 0 turns it off)");
}

}  // namespace

bool is_still(const Request& request) {
  const OutputFormat format =
      resolve_output(request.output.value_or("video.mp4"), request.format, request.codec, request.pix_fmt);
  if (!format.still || format.sequence) return false;
  // WebP and AVIF: a still, unless more frames are asked for or the video is made of clips or shots.
  return !format.animation || (verb_kind(request.verb) == VerbKind::generate && !request.seconds &&
                               request.frames.value_or(1) == 1);
}

void check_still(const Request& request, std::int64_t frames) {
  if (frames == 1) return;
  bad_option("--output " + request.output.value_or(""),
             "a container for video, or a numbered name such as dir/%05d.png, for " + std::to_string(frames) +
                 " frames");
}

void plan_timeline(Plan& plan, const ModelFacts& model, bool still) {
  const Request& request = plan.request;
  // One frame is made for each frame of the input, at whatever rate.
  const bool by_frames = follows_frames(request);
  plan.timeline.model_fps = by_frames ? request.fps.value_or(model.fps) : model.fps;
  plan.timeline.fps = in_range("--fps", request.fps.value_or(model.fps), 0.1, 1000);
  if (request.seconds && request.frames) bad_option("--seconds and --frames", "one of the two");
  if (request.frames) {
    if (*request.frames < 1 || *request.frames > kMostFrames) {
      bad_option("--frames " + std::to_string(*request.frames), "1 to " + std::to_string(kMostFrames));
    }
    plan.timeline.frames = *request.frames;
  } else if (request.seconds) {
    in_range("--seconds", *request.seconds, 0.001, kLongest);
    plan.timeline.frames = std::max<std::int64_t>(1, std::llround(*request.seconds * plan.timeline.fps));
  } else if (verb_kind(request.verb) == VerbKind::storyboard && !still) {
    plan.timeline.frames =
        std::max<std::int64_t>(1, std::llround(story_length(plan.inputs, model) * plan.timeline.fps));
  } else if (verb_kind(request.verb) == VerbKind::live) {
    plan.timeline.frames = std::llround(kLongestLive * plan.timeline.fps);
  } else {
    // Frames that lead to a clip are whole latent frames: with this length they need not be stretched.
    const int native = model.frames - (leads_to_a_clip(request) ? 1 : 0);
    plan.timeline.frames =
        still ? 1 : std::max<std::int64_t>(1, std::llround(native * plan.timeline.fps / model.fps));
  }
  if (still) check_still(request, plan.timeline.frames);
  plan_verb_windows(plan, model);
  if (verb_kind(request.verb) == VerbKind::remix) plan_remix_steps(plan.sampling, request);
  plan_drift_control(plan);
  if (verb_kind(request.verb) == VerbKind::live) {
    plan.notes.push_back(live_note(plan, model));
  } else if (plan.timeline.windows.size() > 1 && !is_causal(plan)) {
    plan.notes.push_back("longer than the model's native " + std::to_string(model.frames) +
                         " frames: made in " + std::to_string(plan.timeline.windows.size()) +
                         " windows, each conditioned on the last frames of the one before");
  }
  if (plan.timeline.fps != model.fps && !by_frames) {
    plan.notes.push_back("the model makes " + number_for_people(model.fps) +
                         " frames per second; they are resampled in time to " +
                         number_for_people(plan.timeline.fps));
  }
}

ModelFacts at_rate_of(const Request& request, const ModelFacts& model) {
  ModelFacts facts = model;
  if (model.fps_range && request.fps && *request.fps >= model.fps_range->first &&
      *request.fps <= model.fps_range->second) {
    facts.fps = *request.fps;
  }
  return facts;
}

}  // namespace sora
