#include "plan/verbs/verb.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "core/file.h"
#include "core/text.h"
#include "plan/geometry/windows.h"
#include "plan/verbs/footage.h"
#include "plan/verbs/parameters.h"
#include "plan/verbs/remix_steps.h"
#include "plan/verbs/story.h"
#include "plan/verbs/transition.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr int kHeldStart = 2;   // latent frames of what came before: enough to know the motion
constexpr int kHeldEnd = 1;     // of what comes after: four frames, which have motion in them
constexpr int kLeastSide = 16;  // of a file
constexpr int kLargestSide = 4096;
constexpr double kWidestShape = 4;  // an image that is longer is cropped, unless --res says otherwise

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "options", message); }

const std::map<std::string, VerbKind>& verbs() {
  static const std::map<std::string, VerbKind> map{
      {"generate", VerbKind::generate}, {"animate", VerbKind::animate},
      {"extend", VerbKind::extend},     {"connect", VerbKind::connect},
      {"loop", VerbKind::loop},         {"remix", VerbKind::remix},
      {"finish", VerbKind::finish},     {"storyboard", VerbKind::storyboard}};
  return map;
}

Probe& probe() {
  static Probe value;
  return value;
}

// What each verb takes; an option that another verb has is a mistake to tell, not to pass over.
void check_options(const Request& request, VerbKind kind) {
  struct Rule {
    const char* option;
    bool given;
    std::vector<VerbKind> of;
    bool needed;
  };
  using enum VerbKind;
  const bool any = request.image || request.last_image || request.input || request.input_2 ||
                   request.strength || request.backward || request.only_new || request.no_audio ||
                   request.copy || request.fit || request.background || request.draft || request.refine ||
                   !request.shot.empty() || !request.shot_image.empty() || request.fade;
  if (kind == generate && !any) return;  // a list may hold 100,000 of them
  const std::string with = "sora-gen " + request.verb;
  const std::vector<Rule> rules{
      {"--image", request.image.has_value(), {animate, storyboard, finish}, kind == animate},
      {"--last-image", request.last_image.has_value(), {animate, finish}, false},
      {"--input",
       request.input.has_value(),
       {extend, connect, loop, remix, finish},
       kind == extend || kind == connect || kind == remix || kind == finish},
      {"--input-2", request.input_2.has_value(), {connect}, kind == connect},
      {"--strength", request.strength.has_value() && !request.refine, {remix, finish}, false},
      {"--backward", request.backward, {extend}, false},
      {"--only-new", request.only_new, {extend, connect, loop}, false},
      {"--draft", request.draft, {generate, animate, loop, remix, storyboard}, false},
      {"--refine", request.refine, {generate, animate, loop, remix, storyboard}, false},
      {"--no-audio", request.no_audio, {extend, connect, loop, remix}, false},
      {"--copy", request.copy, {extend, connect, loop}, false},
      {"--fit", request.fit.has_value(), {animate, extend, connect, loop, remix, finish, storyboard}, false},
      {"--background",
       request.background.has_value(),
       {animate, extend, connect, loop, remix, finish, storyboard},
       false},
      {"--shot-image", !request.shot_image.empty(), {storyboard, finish}, false},
      {"--fade", request.fade.has_value(), {storyboard}, false},
      {"--shot", !request.shot.empty(), {storyboard}, false}};
  for (const Rule& rule : rules) {
    const bool takes = std::find(rule.of.begin(), rule.of.end(), kind) != rule.of.end();
    if (rule.given && !takes) {
      std::string names;
      for (const auto& [name, other] : verbs()) {
        if (std::find(rule.of.begin(), rule.of.end(), other) != rule.of.end())
          names += (names.empty() ? "" : ", ") + name;
      }
      wrong(std::string(rule.option) + " means nothing to " + request.verb + "; it goes with " + names);
    }
    if (rule.needed && !rule.given) {
      wrong(request.verb + " needs " + rule.option + " FILE, as in " + with + " FILE");
    }
  }
  if (kind == storyboard && request.shot.empty()) {
    wrong(
        "storyboard needs its shots, in a file, as in sora-gen storyboard story.txt with lines such as "
        "\"0:00 a forest\", "
        "or as --shot \"0:00 a forest\" --shot \"0:05 a forest at night\"");
  }
  if (request.draft && request.refine) {
    wrong("both --draft and --refine are given; a draft is small, and finish refines it");
  }
  if ((request.draft || request.refine) && joins_clips(request)) {
    wrong(std::string(request.draft ? "--draft" : "--refine") +
          " means nothing to a loop of a clip, which has the clip's size");
  }
  const bool is_level = kind == finish || (request.refine && kind != remix);  // checked there (finish.cpp)
  if (!is_level && request.strength && !(*request.strength >= 0 && *request.strength <= 1)) {
    wrong("--strength: expected a number from 0 (the input as it is) to 1 (only its length and size)");
  }
  if (request.fit && *request.fit != "cover" && *request.fit != "contain" && *request.fit != "stretch") {
    wrong("--fit is \"" + *request.fit + "\", expected cover, contain or stretch");
  }
  if (request.background) (void)parse_colour(*request.background);
  if (kind == loop && !request.input && request.only_new) {
    wrong("--only-new goes with a clip to loop; a loop of a prompt is new throughout");
  }
}

[[noreturn]] void wrong_kind(const std::string& path, const std::string& is, const std::string& expected) {
  throw Error(ErrorKind::data, "input", path + ": is " + is + ", expected " + expected);
}

int even(int side) { return std::clamp(side / 2 * 2, kLeastSide, kLargestSide); }

double fps_of(const InputFacts& facts, const std::string& path) {
  if (facts.fps > 0) return std::clamp(facts.fps, 0.1, 1000.0);
  wrong(path + ": does not say its frame rate; give it with --fps");
}

// Unless the request has a shape of its own.
void take_shape(Request& request, const InputFacts& image) {
  if (request.res || request.aspect) return;
  const double shape = static_cast<double>(image.width) / image.height;
  if (shape > kWidestShape || shape < 1 / kWidestShape) {
    request.aspect = shape > 1 ? "4:1" : "1:4";
  } else {
    request.aspect = std::to_string(image.width) + ":" + std::to_string(image.height);
  }
}

void take_size_and_rate(Request& request, const InputFacts& facts) {
  if (!request.res && !request.aspect)
    request.res = std::to_string(even(facts.width)) + "x" + std::to_string(even(facts.height));
  if (!request.fps) request.fps = fps_of(facts, *request.input);
}

void take_length(Request& request, const InputFacts& facts) {
  if (request.seconds || request.frames) return;
  const double fps = *request.fps;
  std::int64_t frames = facts.frames;
  if (frames <= 0 || !facts.steady_rate || std::abs(fps - facts.fps) > 1e-6)
    frames = std::llround(facts.duration * fps);
  if (frames < 1) wrong(*request.input + ": does not say its length; give it with --seconds or --frames");
  request.frames = static_cast<int>(std::min<std::int64_t>(frames, 10'000'000));
}

// What a file of ours was made from, in words; of a storyboard the first shot's or the last one's. Empty: it
// does not say.
std::string words_of(const InputFacts& facts, const std::string& path, bool first) {
  if (facts.parameters.empty()) return {};
  Request made;
  try {
    read_parameters(facts.parameters, path).options.apply(made);
  } catch (const Error&) {
    return {};
  }
  if (made.shot.empty()) return made.prompt;
  double time = 0;
  std::string prompt;
  const bool fine = split_shot(first ? made.shot.front() : made.shot.back(), time, prompt).empty();
  return fine ? prompt : std::string();
}

// Whoever gives no prompt wants more of what is there: a file of ours says what that is.
void take_words(Plan& plan, VerbKind kind, const std::vector<InputFacts>& facts) {
  Request& request = plan.request;
  if (!request.prompt.empty() || kind == VerbKind::storyboard || kind == VerbKind::finish) return;
  const auto files = input_files(request);
  const bool first = kind == VerbKind::animate || request.backward;
  const std::string words = words_of(facts.front(), files.front().second, first);
  if (kind == VerbKind::connect) {
    const std::string other = words_of(facts.back(), files.back().second, true);
    if (words != other) return plan_transition(plan, words, other);
  }
  if (words.empty()) return;
  request.prompt = words;
  plan.notes.push_back("prompt: \"" + one_line(words) + "\", as " + files.front().second +
                       " was made; --prompt says otherwise");
}

// One line for the plan: the means that the model has to keep what it is given.
std::string means_of(const ModelFacts& model) {
  if (model.image.joined) return "the images are given to the network beside the noise, as it was trained";
  return model.folder.expand_timesteps
             ? "the frames that are given are held clean by per-token timesteps"
             : "the frames that are given are put in place at each step's noise level: this model has no "
               "per-token timesteps, so they shape the rest less firmly";
}

int latents_for(double frames, int scale) { return static_cast<int>(std::ceil(frames / scale - 1e-9)); }

}  // namespace

VerbKind verb_kind(const std::string& name) {
  const auto found = verbs().find(name);
  if (found != verbs().end()) return found->second;
  std::vector<std::string> names;
  std::string list;
  for (const auto& [verb, kind] : verbs()) {
    names.push_back(verb);
    list += (list.empty() ? "" : ", ") + verb;
  }
  const std::string hint = nearest(name, names);
  wrong("verb is \"" + one_line(name) + "\", " +
        (hint.empty() ? "expected one of " + list : "did you mean " + hint + "?"));
}

bool joins_clips(const Request& request) {
  const VerbKind kind = verb_kind(request.verb);
  return kind == VerbKind::extend || kind == VerbKind::connect ||
         (kind == VerbKind::loop && request.input.has_value());
}

std::array<std::uint8_t, 3> parse_colour(const std::string& text) {
  if (text == "black") return {0, 0, 0};
  if (text == "white") return {255, 255, 255};
  if (text == "grey" || text == "gray") return {128, 128, 128};
  unsigned rgb[3] = {0, 0, 0};
  int length = 0;
  if (text.size() != 7 ||
      std::sscanf(text.c_str(), "#%2x%2x%2x%n", &rgb[0], &rgb[1], &rgb[2], &length) != 3 || length != 7) {
    wrong("--background is \"" + one_line(text) + "\", expected #rrggbb, black, white or grey");
  }
  std::array<std::uint8_t, 3> colour{};
  for (std::size_t i = 0; i < 3; ++i) colour[i] = static_cast<std::uint8_t>(rgb[i]);
  return colour;
}

std::vector<std::pair<const char*, std::string>> input_files(const Request& request) {
  std::vector<std::pair<const char*, std::string>> files;
  if (request.image) files.emplace_back("--image", *request.image);
  if (request.last_image) files.emplace_back("--last-image", *request.last_image);
  if (request.input) files.emplace_back("--input", *request.input);
  if (request.input_2) files.emplace_back("--input-2", *request.input_2);
  for (std::string& file : shot_image_files(request)) files.emplace_back("--shot-image", std::move(file));
  return files;
}

void set_probe(Probe value) { probe() = std::move(value); }

InputFacts probed(const char* option, const std::string& path) {
  { const File exists(path, "input"); }  // no_input in milliseconds
  if (!probe()) {
    throw Error(ErrorKind::internal, "input",
                std::string(option) + " " + path + ": there is no media reader");
  }
  return probe()(path);
}

void check_verb_options(const Request& request) { check_options(request, verb_kind(request.verb)); }

void plan_inputs(Plan& plan, const ModelFacts& model) {
  Request& request = plan.request;
  const VerbKind kind = verb_kind(request.verb);
  check_options(request, kind);
  if (kind == VerbKind::storyboard) read_story(plan, model);
  std::vector<InputFacts> facts;
  for (const auto& [option, path] : input_files(request)) facts.push_back(probed(option, path));
  if (facts.empty()) return;
  note_unknown_footage(plan, model, facts);
  take_words(plan, kind, facts);

  if (kind == VerbKind::animate || kind == VerbKind::storyboard) {
    if (request.image) take_shape(request, facts.front());
    const auto files = input_files(request);
    for (std::size_t i = 0; i < facts.size(); ++i) {
      if (!facts[i].is_image)
        plan.notes.push_back(files[i].second +
                             " is a video: its first frame is taken; extend goes on after its end");
    }
  } else {
    for (std::size_t i = 0; i < facts.size(); ++i) {
      if (facts[i].is_image && kind != VerbKind::remix) {
        wrong_kind(input_files(request)[i].second, "one picture",
                   "a video; sora-gen animate begins from a picture");
      }
    }
    plan.inputs.video = facts.front();
    if (facts.size() > 1) plan.inputs.video_2 = facts[1];
    if (facts.front().is_image) {  // remix of a picture
      if (!request.fps) request.fps = model.fps;
      if (!request.frames && !request.seconds) request.frames = 1;
    }
    take_size_and_rate(request, facts.front());
    if (kind == VerbKind::remix) take_length(request, facts.front());
  }
  if (kind != VerbKind::remix) plan.notes.push_back(means_of(model));
}

void plan_verb_windows(Plan& plan, const ModelFacts& model) {
  const Request& request = plan.request;
  const int scale = model.temporal_scale;
  const int native = (model.frames - 1) / scale + 1;
  const double rate = plan.timeline.model_fps / plan.timeline.fps;  // frames of the model for one of the file
  const auto frames = static_cast<double>(plan.timeline.frames);
  // Frame n of a file of new frames alone shows the model's frame nearest in time.
  plan.timeline.model_frames = std::llround((frames - 1) / plan.timeline.fps * plan.timeline.model_fps) + 1;
  const int alone = latents_for(static_cast<double>(plan.timeline.model_frames - 1), scale) + 1;

  switch (verb_kind(request.verb)) {
    case VerbKind::generate:
    case VerbKind::finish:  // plans its windows itself (finish.h)
    case VerbKind::remix:
      plan.timeline.windows = plan_windows(alone, native, kHeldStart);
      break;
    case VerbKind::storyboard:
      plan_story_windows(plan, model, alone, native, kHeldStart);
      break;
    case VerbKind::animate: {
      if (model.image.joined && alone <= native) {  // nothing is held: the images go in beside the noise
        plan.timeline.windows = plan_windows(alone, native, kHeldStart);
        break;
      }
      const int least = request.last_image ? 3 : 2;
      if (alone < least) {
        wrong("animate makes at least " + std::to_string((least - 2) * scale + 2) + " frames" +
              (request.last_image ? " between two images" : "") + "; the plan has " +
              std::to_string(plan.timeline.model_frames) + ": give more --seconds or --frames");
      }
      plan.timeline.windows =
          plan_conditioned_windows(alone, native, {1, request.last_image ? 1 : 0, kHeldStart, false});
      break;
    }
    case VerbKind::extend: {
      plan.timeline.model_frames = static_cast<std::int64_t>(std::ceil(frames * rate - 1e-6));
      const auto fresh = static_cast<double>(plan.timeline.model_frames);
      if (request.backward) {
        plan.timeline.windows = plan_backward_windows(plan.timeline.model_frames, scale, native, kHeldEnd);
        plan.timeline.model_frames = 0;  // whole latent frames: the earliest may be more than is shown
        for (const Window& window : plan.timeline.windows)
          plan.timeline.model_frames +=
              1 + static_cast<std::int64_t>(window.count - window.conditioning_end - 1) * scale;
      } else {
        plan.timeline.windows = plan_conditioned_windows(kHeldStart + latents_for(fresh, scale), native,
                                                         {kHeldStart, 0, kHeldStart, true});
      }
      break;
    }
    case VerbKind::connect:
    case VerbKind::loop: {
      // The way to the frames at its end is a whole number of latent frames: time is stretched to it a
      // little.
      if (request.input) {
        const int fresh = std::max(1, static_cast<int>(std::lround(frames * rate / scale)));
        plan.timeline.model_frames = static_cast<std::int64_t>(fresh) * scale;
        if (is_transition(plan)) plan.inputs.shots.back().time = frames / plan.timeline.fps;
        plan.timeline.windows = plan_conditioned_windows(kHeldStart + fresh + kHeldEnd, native,
                                                         {kHeldStart, kHeldEnd, kHeldStart, true});
      } else {
        const int fresh = std::max(2, static_cast<int>(std::lround((frames * rate - 1) / scale)) + 1);
        plan.timeline.model_frames = 1 + static_cast<std::int64_t>(fresh - 1) * scale;
        plan.timeline.windows =
            plan_conditioned_windows(fresh + kHeldEnd, native, {0, kHeldEnd, kHeldStart, true});
        // After the last of its frames comes the first one again.
        plan.timeline.model_fps =
            static_cast<double>(plan.timeline.model_frames) / frames * plan.timeline.fps;
      }
      break;
    }
  }
  plan.timeline.latent_frames = 0;
  for (const Window& window : plan.timeline.windows)
    plan.timeline.latent_frames = std::max(plan.timeline.latent_frames, window.first + window.count);
  if (verb_kind(request.verb) == VerbKind::remix) {
    plan_remix_steps(plan);
  }
}

}  // namespace sora
