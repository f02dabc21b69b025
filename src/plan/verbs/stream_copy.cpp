#include "plan/verbs/stream_copy.h"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/output/output_format.h"
#include "core/text.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"

namespace sora {
namespace {

struct Source {
  std::string path;
  const InputFacts* facts;
};

std::vector<Source> sources(const Plan& plan) {
  std::vector<Source> list;
  if (plan.inputs.video) list.push_back({*plan.request.input, &*plan.inputs.video});
  if (plan.inputs.video_2) list.push_back({*plan.request.input_2, &*plan.inputs.video_2});
  return list;
}

std::string containers_for(const std::string& codec) {
  std::string names;
  for (const auto& [container, extension] :
       {std::pair{"mp4", ".mp4"}, std::pair{"matroska", ".mkv"}, std::pair{"mov", ".mov"}}) {
    if (takes_sound(container, codec)) names += (names.empty() ? "" : " or ") + std::string(extension);
  }
  return names;
}

void plan_sound(Plan& plan) {
  const Request& request = plan.request;
  const VerbKind kind = verb_kind(request.verb);
  const std::string* first_kind = nullptr;  // of the first sound that is copied
  for (const Source& source : sources(plan)) {
    const InputFacts& facts = *source.facts;
    if (!facts.has_audio || request.no_audio) continue;
    const auto leave_out = [&](const std::string& why) {
      plan.notes.push_back("the sound of " + source.path + " is left out: " + why);
    };
    if (kind == VerbKind::loop) {
      leave_out("the end of the sound would not meet its start");
    } else if (request.only_new) {
      leave_out("it belongs to the clip's frames, and --only-new leaves those out");
    } else if (facts.audio_codec.empty()) {
      leave_out("its codec is not known");
    } else if (!takes_sound(plan.output.container, facts.audio_codec)) {
      const std::string others = containers_for(facts.audio_codec);
      leave_out(plan.output.container + " does not take " + facts.audio_codec +
                (others.empty() ? std::string() : "; an output in " + others + " can have it"));
    } else if (first_kind != nullptr && *first_kind != facts.audio_kind) {
      leave_out("its codec or format differs from the first clip's, and sound is copied, not coded again");
    } else {
      first_kind = &facts.audio_kind;
      plan.output.audio.push_back(source.path);
    }
  }
}

std::string rate_text(double fps) { return number_text(fps) + " fps"; }

std::string size_text(int width, int height) { return std::to_string(width) + "x" + std::to_string(height); }

void check_copied(const Plan& plan, const Source& source) {
  const InputFacts& facts = *source.facts;
  const auto cannot = [&](const std::string& is, const std::string& output) {
    throw Error(ErrorKind::data, "plan",
                "--copy: " + source.path + " is " + is + ", the output " + output +
                    "; leave --copy out to encode the frames again");
  };
  if (facts.codec != plan.output.codec) cannot("coded as " + facts.codec, plan.output.codec + " (--codec)");
  if (facts.width != plan.picture.width || facts.height != plan.picture.height) {
    cannot(size_text(facts.width, facts.height),
           size_text(plan.picture.width, plan.picture.height) + " (--res)");
  }
  if (facts.pix_fmt != plan.output.pix_fmt) cannot(facts.pix_fmt, plan.output.pix_fmt + " (--pix-fmt)");
  if (facts.turned) cannot("shown turned, mirrored or stretched", "is not");
  if (!facts.steady_rate || std::abs(facts.fps - plan.timeline.fps) > 1e-3) {
    cannot(facts.steady_rate ? "of " + rate_text(facts.fps) : "of no steady rate",
           "of " + rate_text(plan.timeline.fps) + " (--fps)");
  }
}

void check_copy(const Plan& plan) {
  const Request& request = plan.request;
  if (!request.copy) return;
  const auto wrong = [](const std::string& what) { throw Error(ErrorKind::usage, "options", what); };
  if (request.only_new) wrong("--copy and --only-new: nothing would be copied; leave one out");
  if (request.contact_sheet || request.thumbnail) {
    wrong("--copy with --contact-sheet or --thumbnail: the clip's frames are not decoded; leave one out");
  }
  if (plan.output.path == "-") wrong("--copy writes a file, not standard output; name one with -o");
  if (!can_splice(plan.output.codec)) {
    wrong("--copy with " + plan.output.codec +
          ": only h264, vp9 and av1 frames can be copied beside new ones; choose one with --codec");
  }
  if (!plan.inputs.video) wrong("--copy copies the frames of a clip, and there is none");
  for (const Source& source : sources(plan)) check_copied(plan, source);
}

}  // namespace

void plan_stream_copy(Plan& plan) {
  check_copy(plan);
  plan_sound(plan);
}

}  // namespace sora
