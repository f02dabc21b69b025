#include "plan/verbs/file_words.h"

#include <utility>

#include "plan/verbs/file_frames.h"
#include "plan/verbs/parameters.h"
#include "plan/verbs/story.h"
#include "plan/verbs/transition.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"

namespace sora {
namespace {

// "0:04 a storm" -> "a storm". Empty for a line that is no shot.
std::string words_of_shot(const std::string& shot) {
  double time = 0;
  std::string words;
  return split_shot(shot, time, words).empty() ? words : std::string();
}

// Leaves out words that the frames before have too.
void add(std::vector<Shot>& shots, double time, std::string words) {
  if (shots.empty() || shots.back().prompt != words) shots.push_back({time, std::move(words)});
}

void add_connected(std::vector<Shot>& shots, const Plan& plan) {
  const Inputs& inputs = plan.inputs;
  const double fps = plan.timeline.fps;
  const double fresh = static_cast<double>(plan.timeline.frames) / fps;
  if (plan.request.only_new) {
    for (const Shot& shot : inputs.shots) add(shots, shots.empty() ? 0 : fresh, shot.prompt);
    return;
  }
  const FileWords before = words_of_file(*inputs.video, *plan.request.input);
  const FileWords after = words_of_file(*inputs.video_2, *plan.request.input_2);
  const double begin = static_cast<double>(clip_frames(*inputs.video, fps)) / fps;
  add(shots, 0, before.first);
  add(shots, begin, is_transition(plan) ? before.last : plan.request.prompt);
  add(shots, begin + fresh, after.first);
  add(shots, static_cast<double>(file_frames(plan)) / fps, after.last);
}

void add_extended(std::vector<Shot>& shots, const Plan& plan) {
  const FileWords clip = words_of_file(*plan.inputs.video, *plan.request.input);
  if (plan.request.only_new || (clip.first.empty() && clip.last.empty())) return;
  const double fps = plan.timeline.fps;
  if (plan.request.backward) {
    add(shots, 0, plan.request.prompt);
    add(shots, static_cast<double>(plan.timeline.frames) / fps, clip.first);
    add(shots, static_cast<double>(file_frames(plan)) / fps, clip.last);
  } else {
    add(shots, 0, clip.first);
    add(shots, static_cast<double>(clip_frames(*plan.inputs.video, fps)) / fps, plan.request.prompt);
  }
}

}  // namespace

FileWords words_of_file(const InputFacts& facts, const std::string& path) {
  if (facts.parameters.empty()) return {};
  RunParameters parameters;
  Request made;
  try {
    parameters = read_parameters(facts.parameters, path);
    parameters.options.apply(made);
  } catch (const Error&) {
    return {};
  }
  const std::vector<std::string>& shots = made.shot.empty() ? parameters.shots : made.shot;
  if (shots.empty()) return {made.prompt, made.prompt};
  return {words_of_shot(shots.front()), words_of_shot(shots.back())};
}

std::vector<Shot> words_by_time(const Plan& plan) {
  std::vector<Shot> shots;
  if (!adds_to_clip(plan.request) || !plan.inputs.video) return shots;
  if (verb_kind(plan.request.verb) != VerbKind::connect) {
    add_extended(shots, plan);
  } else if (plan.inputs.video_2) {
    add_connected(shots, plan);
  }
  const bool says_more = shots.size() > 1 || is_transition(plan);
  return says_more ? shots : std::vector<Shot>();
}

}  // namespace sora
