// What a verb begins from, and what the request takes over from it.
#include "plan/verbs/inputs.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/file.h"
#include "core/text.h"
#include "plan/verbs/edit/control_options.h"
#include "plan/verbs/edit/control_plan.h"
#include "plan/verbs/file_words.h"
#include "plan/verbs/footage.h"
#include "plan/verbs/live.h"
#include "plan/verbs/story.h"
#include "plan/verbs/transition.h"
#include "plan/verbs/verb.h"
#include "plan/verbs/verb_options.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr int kSmallestSide = 16;  // of a file
constexpr int kLargestSide = 8192;
constexpr double kWidestShape = 4;  // a longer image is cropped, unless --res or --aspect is given

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "options", message); }

[[noreturn]] void wrong_kind(const std::string& path, const std::string& is, const std::string& expected) {
  throw Error(ErrorKind::data, "input", path + ": is " + is + ", expected " + expected);
}

int even(int side) { return std::clamp(side / 2 * 2, kSmallestSide, kLargestSide); }

double fps_of(const InputFacts& facts, const std::string& path) {
  if (facts.fps > 0) return std::clamp(facts.fps, 0.1, 1000.0);
  wrong(path + ": does not say its frame rate; give it with --fps");
}

// The shape of the image, unless the request has its own.
void take_shape(Request& request, const InputFacts& image) {
  if (request.res || request.aspect) return;
  const double shape = static_cast<double>(image.width) / image.height;
  if (shape > kWidestShape || shape < 1 / kWidestShape) {
    request.aspect = shape > 1 ? "4:1" : "1:4";
  } else {
    request.aspect = std::to_string(image.width) + ":" + std::to_string(image.height);
  }
}

void take_size_and_rate(Request& request, const InputFacts& facts, const std::string& path) {
  if (!request.res && !request.aspect)
    request.res = std::to_string(even(facts.width)) + "x" + std::to_string(even(facts.height));
  if (!request.fps) request.fps = fps_of(facts, path);
}

void take_length(Request& request, const InputFacts& facts, const std::string& path) {
  if (request.seconds || request.frames) return;
  const double fps = *request.fps;
  std::int64_t frames = facts.frames;
  if (frames <= 0 || !facts.steady_rate || std::abs(fps - facts.fps) > 1e-6)
    frames = std::llround(facts.duration * fps);
  if (frames < 1) wrong(path + ": does not say its length; give it with --seconds or --frames");
  request.frames = static_cast<int>(std::min<std::int64_t>(frames, 10'000'000));
}

// Without --prompt, the request gets the prompt that its input was made with.
void take_prompt(Plan& plan, VerbKind kind, const std::vector<InputFacts>& facts) {
  Request& request = plan.request;
  if (!request.prompt.empty() || kind == VerbKind::storyboard || kind == VerbKind::finish) return;
  const auto files = input_files(request);
  const FileWords words = words_of_file(facts.front(), files.front().second);
  const std::string prompt = kind == VerbKind::animate || request.backward ? words.first : words.last;
  if (kind == VerbKind::connect) {
    const std::string other = words_of_file(facts.back(), files.back().second).first;
    if (prompt != other) return plan_transition(plan, prompt, other);
  }
  if (prompt.empty()) return;
  request.prompt = prompt;
  plan.notes.push_back("prompt: \"" + one_line(prompt) + "\", with which " + files.front().second +
                       " was made; --prompt replaces it");
}

// How this model is conditioned on frames of the input, for the plan's notes.
std::string conditioning_note(const ModelFacts& model) {
  if (model.causal) return "frames of the input pass through the network first, and the new ones see them";
  if (model.image.concat)
    return "the network sees the images in channels beside the noise, as in its training";
  return model.folder.expand_timesteps
             ? "frames of the input are conditioning frames, marked as clean by per-token timesteps"
             : "frames of the input are put in place at each step's noise level: this model has no per-token "
               "timesteps, so the new frames follow them less closely";
}

void plan_images(Plan& plan, const std::vector<InputFacts>& facts) {
  if (plan.request.image) take_shape(plan.request, facts.front());
  const auto files = input_files(plan.request);
  for (std::size_t i = 0; i < facts.size(); ++i) {
    if (!facts[i].is_image)
      plan.notes.push_back(files[i].second +
                           " is a video: its first frame is used; sora-gen extend continues a video");
  }
}

// Verbs that make each frame of their input anew.
bool is_made_anew(VerbKind kind) { return kind == VerbKind::remix || kind == VerbKind::edit; }

void take_from(Request& request, const ModelFacts& model, const InputFacts& facts, const std::string& path,
               bool length) {
  if (facts.is_image) {
    if (!request.fps) request.fps = model.fps;
    if (length && !request.frames && !request.seconds) request.frames = 1;
  }
  take_size_and_rate(request, facts, path);
  if (length) take_length(request, facts, path);
}

void plan_videos(Plan& plan, const ModelFacts& model, VerbKind kind, const std::vector<InputFacts>& facts) {
  Request& request = plan.request;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    if (facts[i].is_image && !is_made_anew(kind)) {
      wrong_kind(input_files(request)[i].second, "one picture",
                 "a video; sora-gen animate begins from a picture");
    }
  }
  plan.inputs.video = facts.front();
  if (facts.size() > 1) plan.inputs.video_2 = facts[1];
  if (kind == VerbKind::edit) take_outpainted_size(request, facts.front());
  take_from(request, model, facts.front(), *request.input, is_made_anew(kind));
}

// The files of masks, references and control videos. A video that follows another one frame by frame has its
// size, rate and length, unless it is made in the frames of a clip.
void plan_control_files(Plan& plan, const ModelFacts& model) {
  Request& request = plan.request;
  for (const auto& [option, path] : control_files(request)) {
    const InputFacts facts = probed(option, path);
    if (option == std::string_view("--mask")) {
      check_mask(request, facts, *plan.inputs.video);
      plan.inputs.mask = facts;
    }
    if (option != std::string_view("--control")) continue;
    plan.inputs.control = facts;
    if (!plan.inputs.video) take_from(request, model, facts, path, true);
  }
}

}  // namespace

void plan_inputs(Plan& plan, const ModelFacts& model) {
  const VerbKind kind = verb_kind(plan.request.verb);
  check_verb_options(plan.request);
  require_control(plan.request, kind == VerbKind::edit, model);
  if (kind == VerbKind::storyboard) read_story(plan.request, plan.inputs, model);
  if (kind == VerbKind::live) plan_live(plan, model);
  std::vector<InputFacts> facts;
  const auto files = input_files(plan.request);
  for (const auto& [option, path] : files) (void)File(path, "input");  // all are there
  const std::size_t own = files.size() - control_files(plan.request).size();
  for (std::size_t i = 0; i < own; ++i) facts.push_back(probed(files[i].first, files[i].second));
  if (facts.empty()) return plan_control_files(plan, model);
  warn_of_unknown_footage(plan, model, facts);
  take_prompt(plan, kind, facts);
  if (kind == VerbKind::animate || kind == VerbKind::storyboard) {
    plan_images(plan, facts);
  } else {
    plan_videos(plan, model, kind, facts);
  }
  plan_control_files(plan, model);
  if (!is_made_anew(kind)) plan.notes.push_back(conditioning_note(model));
}

}  // namespace sora
