// Which options go with which verb, and what each verb needs.
#include "plan/verbs/verb_options.h"

#include <algorithm>
#include <string>
#include <vector>

#include "plan/verbs/edit/control_options.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"

namespace sora {
namespace {

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "options", message); }

struct Rule {
  const char* option;
  bool given;
  std::vector<VerbKind> verbs;  // that take it
  bool needed;
};

std::vector<Rule> rules_for(const Request& request, VerbKind kind) {
  using enum VerbKind;
  const std::vector<VerbKind> fitting{animate, extend, connect, loop, remix, edit, finish, storyboard};
  return {{"--image", request.image.has_value(), {animate, storyboard, finish}, kind == animate},
          {"--last-image", request.last_image.has_value(), {animate, finish}, false},
          {"--input",
           request.input.has_value(),
           {extend, connect, loop, remix, edit, finish},
           kind == extend || kind == connect || kind == remix || kind == edit || kind == finish},
          {"--input-2", request.input_2.has_value(), {connect}, kind == connect},
          {"--strength", request.strength.has_value() && !request.refine, {remix, finish}, false},
          {"--backward", request.backward, {extend}, false},
          {"--only-new", request.only_new, {extend, connect, loop}, false},
          {"--draft", request.draft, {generate, animate, loop, remix, storyboard}, false},
          {"--refine", request.refine, {generate, animate, loop, remix, storyboard}, false},
          {"--no-audio", request.no_audio, {extend, connect, loop, remix, edit}, false},
          {"--copy", request.copy, {extend, connect, loop}, false},
          {"--fit", request.fit.has_value() && !request.control, fitting, false},
          {"--background", request.background.has_value() && !request.control, fitting, false},
          {"--shot-image", !request.shot_image.empty(), {storyboard, finish}, false},
          {"--fade", request.fade.has_value(), {storyboard}, false},
          {"--latents",
           request.latents.has_value() && request.latents != "none",
           {extend, connect, loop, finish},
           false},
          {"--live-log", !request.live_log.empty(), {live}, false},
          {"--mask", request.mask.has_value(), {edit}, false},
          {"--box", !request.box.empty(), {edit}, false},
          {"--outpaint", request.outpaint.has_value(), {edit}, false},
          {"--no-composite", request.no_composite, {edit}, false},
          {"--reference", !request.reference.empty(), {generate, edit, finish}, false},
          {"--control", request.control.has_value(), {generate, edit, finish}, false},
          {"--control-kind", request.control_kind.has_value(), {generate, edit}, false},
          {"--control-scale", request.control_scale.has_value(), {generate, edit}, false},
          {"--shot", !request.shot.empty(), {storyboard}, false}};
}

// Whether any option is given that belongs to some verbs only.
bool has_verb_option(const Request& request) {
  return request.image || request.last_image || request.input || request.input_2 || request.strength ||
         request.backward || request.only_new || request.no_audio || request.copy || request.fit ||
         request.background || request.draft || request.refine || !request.shot.empty() ||
         !request.shot_image.empty() || request.fade || request.latents || !request.live_log.empty() ||
         asks_for_control(request);
}

void check_rule(const Rule& rule, const Request& request, VerbKind kind) {
  const bool takes = std::find(rule.verbs.begin(), rule.verbs.end(), kind) != rule.verbs.end();
  if (rule.given && !takes) {
    wrong(std::string(rule.option) + " means nothing to " + request.verb + "; it goes with " +
          verb_names(rule.verbs));
  }
  if (rule.needed && !rule.given) {
    wrong(request.verb + " needs " + rule.option + " FILE, as in sora-gen " + request.verb + " FILE");
  }
}

void check_draft_and_refine(const Request& request) {
  if (request.draft && request.refine) {
    wrong("both --draft and --refine are given; a draft is small, and finish refines it");
  }
  if ((request.draft || request.refine) && adds_to_clip(request)) {
    wrong(std::string(request.draft ? "--draft" : "--refine") +
          " means nothing to a loop of a clip, which has the clip's size");
  }
}

void check_values(const Request& request, VerbKind kind) {
  // Elsewhere --strength is a noise level, which plan_stage() checks.
  const bool is_noise_level = kind == VerbKind::finish || (request.refine && kind != VerbKind::remix);
  if (!is_noise_level && request.strength && !(*request.strength >= 0 && *request.strength <= 1)) {
    wrong("--strength: expected a number from 0 (the input unchanged) to 1 (only its length and size)");
  }
  if (request.fit && *request.fit != "cover" && *request.fit != "contain" && *request.fit != "stretch") {
    wrong("--fit is \"" + *request.fit + "\", expected cover, contain or stretch");
  }
  if (request.background) (void)parse_colour(*request.background);
}

}  // namespace

void check_verb_options(const Request& request) {
  const VerbKind kind = verb_kind(request.verb);
  // The usual case, without building the rules: a list may have 100,000 such requests.
  if (kind == VerbKind::generate && !has_verb_option(request)) return;
  for (const Rule& rule : rules_for(request, kind)) check_rule(rule, request, kind);
  if (kind == VerbKind::storyboard && request.shot.empty()) {
    wrong(
        "storyboard needs its shots: a file, as in sora-gen storyboard story.txt, with lines such as "
        "\"0:00 a forest\"; or --shot \"0:00 a forest\" --shot \"0:05 a forest at night\"");
  }
  check_draft_and_refine(request);
  check_values(request, kind);
  check_control_options(request, kind == VerbKind::edit);
  if (kind == VerbKind::loop && !request.input && request.only_new) {
    wrong("--only-new goes with a clip to loop; a loop of a prompt is new throughout");
  }
}

}  // namespace sora
