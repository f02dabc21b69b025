#include "plan/model/causal.h"

#include "core/option_checks.h"
#include "core/text.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr int kMostFrames = 100'000;

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "options", message); }

int frames_in(const char* option, int value, int least) {
  if (value >= least && value <= kMostFrames) return value;
  bad_option(std::string(option) + " " + std::to_string(value),
             std::to_string(least) + " to " + std::to_string(kMostFrames) + " latent frames");
}

// What of the request a causal model cannot do; empty: nothing.
std::string impossible(const Request& request) {
  if (request.verb == "loop") return "make a loop, whose last frames lead to its first";
  if (request.verb == "connect")
    return "connect clips, since its last frames would have to lead to the second";
  if (request.verb == "remix") return "remix a clip, of which it would have to see all frames";
  if (request.verb == "finish" || request.refine)
    return std::string(request.refine ? "make upscale stages (--refine)" : "finish a draft") +
           ", which see all frames of a window";
  if (request.backward) return "make frames before a clip (--backward)";
  if (request.last_image) return "lead to a picture (--last-image)";
  if (!request.shot_image.empty()) return "lead to a picture (--shot-image)";
  if (request.fade.value_or(0) > 0) return "fade from a prompt to the next (--fade): a block has one prompt";
  if (!request.lora_2.empty()) return "use --lora-2: it has one expert";
  return {};
}

}  // namespace

void refuse_for_causal(const Request& request, const ModelFacts& model) {
  if (!model.causal) return;
  const std::string what = impossible(request);
  if (what.empty()) return;
  wrong("this model (" + model.title +
        ") makes a video block by block, from its beginning on (it is causal), and cannot " + what +
        "; use another model");
}

void plan_causal_sampling(Plan& plan, const ModelFacts& model) {
  const Request& request = plan.request;
  if (!model.causal) {
    for (const auto& [option, given] : {std::pair("--attention-window", request.attention_window.has_value()),
                                        std::pair("--attention-sink", request.attention_sink.has_value())}) {
      if (given)
        wrong(std::string(option) + " means nothing to this model (" + model.title +
              "): it goes with causal models, which make a video block by block");
    }
    return;
  }
  const CausalFacts& own = *model.causal;
  CausalSampling& causal = plan.sampling.causal;
  causal = {own.block, own.window, own.sink, own.window_positions, own.context_timestep};
  if (request.attention_sink) causal.sink = frames_in("--attention-sink", *request.attention_sink, 0);
  const int least = causal.block + causal.sink;
  if (request.attention_window) {
    causal.window = frames_in("--attention-window", *request.attention_window, causal.block);
  }
  if (causal.window < least) {
    wrong("attention sees " + std::to_string(causal.window) +
          " latent frames (--attention-window), and a block of " + std::to_string(causal.block) +
          " with a sink of " + std::to_string(causal.sink) + " (--attention-sink) is " +
          std::to_string(least) + "; expected a window at least as long");
  }
  if (plan.sampling.guidance > 1)
    wrong("--guidance " + number_text(plan.sampling.guidance) + ": this model (" + model.title +
          ") is causal, and made for none; leave it out, or set it to 1");
}

std::string causal_text(const CausalSampling& causal) {
  std::string text = "causal, in blocks of " + std::to_string(causal.block) +
                     " latent frames, each sees the last " + std::to_string(causal.window);
  if (causal.sink > 0) text += ", of which the video's first " + std::to_string(causal.sink) + " stay";
  return text;
}

}  // namespace sora
