#include "plan/idle_options.h"

#include <algorithm>
#include <string>

#include "core/text.h"
#include "plan/verbs/verb.h"

namespace sora {
namespace {

constexpr double kFarBeyond = 2;  // times the side that is made; the default model is shown at twice its own

// The model does with one pass a step what guidance takes two for.
bool has_guidance_folded_in(const Plan& plan, const ModelFacts& model) {
  return plan.sampling.preset == "fast" || model.guidance <= 1;
}

void check_guidance(Plan& plan, const ModelFacts& model) {
  const Request& request = plan.request;
  const bool folded_in = has_guidance_folded_in(plan, model);
  const bool two_experts = plan.sampling.boundary_ratio.has_value();
  const bool guided = plan.sampling.guidance > 1 || (two_experts && plan.sampling.guidance_2 > 1);
  // A file that is made again says the model's own.
  const bool own_words = request.negative_prompt.value_or("") == model.negative_prompt;
  if (request.negative_prompt && !request.negative_prompt->empty() && !own_words && !guided) {
    plan.warnings.push_back(
        std::string("--negative-prompt has no effect: ") +
        (folded_in ? "guidance is folded into this model" +
                         std::string(plan.sampling.preset == "fast" ? ", as the preset fast takes it" : "")
                   : "guidance is off; --guidance " + number_text(model.guidance) + " turns it on"));
  }
  if (request.guidance && *request.guidance > 1 && folded_in) {
    plan.warnings.push_back("--guidance " + number_text(*request.guidance) +
                            ": guidance is folded into this model, and is applied a second time, which takes "
                            "twice as long and can spoil the picture; leave it out");
  }
  if (request.guidance_2 && !two_experts)
    plan.warnings.emplace_back(
        "--guidance-2 has no effect: this model has one expert, which --guidance is for");
}

void check_drift_control(Plan& plan) {
  const Request& request = plan.request;
  if (plan.upscale.active || request.drift_control.value_or(0) <= 0 || plan.timeline.drift_control > 0)
    return;
  std::string why = "the video is made in one window, and has no later ones to hold to the first";
  if (plan.sampling.causal.block > 0) why = "the model is causal, and each block sees those before it";
  if (follows_frames(request)) why = "each window follows the frames of an input";
  if (verb_kind(request.verb) == VerbKind::connect) why = "the look of a transition is to change";
  plan.warnings.push_back("--drift-control has no effect: " + why);
}

std::string size_text(int width, int height) { return std::to_string(width) + "x" + std::to_string(height); }

void check_size(Plan& plan) {
  const Picture& picture = plan.picture;
  const bool asked = plan.request.res || plan.request.aspect;
  const double times = static_cast<double>(picture.width) / std::max(1, picture.crop_width);
  if (!asked || !picture.enlarged || times <= kFarBeyond) return;
  const bool refines = verb_kind(plan.request.verb) != VerbKind::finish && !plan.request.refine &&
                       !adds_to_clip(plan.request) && !plan.request.draft;
  plan.warnings.push_back("the picture is made at " + size_text(picture.crop_width, picture.crop_height) +
                          " and enlarged " + number_text(times, 2) + " times to " +
                          size_text(picture.width, picture.height) + ", which adds no detail" +
                          (refines ? "; --refine does, and takes longer" : ""));
}

}  // namespace

void warn_of_idle_options(Plan& plan, const ModelFacts& model) {
  check_guidance(plan, model);
  check_drift_control(plan);
  if (plan.request.fade && plan.inputs.shots.size() == 1)
    plan.warnings.emplace_back("--fade has no effect: there is one shot, and none to fade to");
  check_size(plan);
}

}  // namespace sora
