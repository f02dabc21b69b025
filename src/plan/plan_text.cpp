// A plan for people: one fact a line.
#include <algorithm>
#include <string>

#include "core/amounts.h"
#include "core/text.h"
#include "plan/machine/parallel.h"
#include "plan/model/causal.h"
#include "plan/model/guidance_range.h"
#include "plan/model/model_choice.h"
#include "plan/model/noise_levels.h"
#include "plan/model/step_cache.h"
#include "plan/verbs/file_frames.h"
#include "plan/verbs/story.h"
#include "plan/verbs/transition.h"
#include "plan/verbs/verb.h"
#include "sora/plan.h"

namespace sora {
namespace {

class Lines {
 public:
  void add(std::string name, const std::string& value) {
    name.resize(std::max<std::size_t>(name.size(), 10), ' ');
    text += name + one_line(value) + "\n";
  }

  std::string text;
};

std::string size_text(int width, int height) { return std::to_string(width) + "x" + std::to_string(height); }

std::string count_text(std::int64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

void add_inputs(Lines& lines, const Plan& plan) {
  const Inputs& inputs = plan.inputs;
  if (plan.request.verb != "generate") {
    std::string files;
    for (const auto& [option, path] : input_files(plan.request)) files += " " + path;
    lines.add("verb", plan.request.verb + (plan.request.backward ? " backward" : "") + files);
  }
  const bool live = verb_kind(plan.request.verb) == VerbKind::live;
  if (inputs.shots.empty() || live) lines.add("prompt", "\"" + plan.request.prompt + "\"");
  if (const auto& original = plan.request.original_prompt) lines.add("written as", "\"" + *original + "\"");
  const bool transition = is_transition(plan);
  for (const Shot& shot : inputs.shots) {
    if (live) break;  // its log, which has every prompt, is in the file
    const bool first = &shot == &inputs.shots.front();
    const std::string place = transition ? (first ? "from" : "to") : time_text(shot.time);
    lines.add(!first ? "" : transition ? "prompts" : "shots", place + "  \"" + shot.prompt + "\"");
  }
  for (const ShotImage& image : inputs.shot_images)
    lines.add(&image == &inputs.shot_images.front() ? "images" : "",
              time_text(image.time) + "  " + image.path);
  if (inputs.shots.size() > 1 && !transition && !live)
    lines.add("fade", number_text(inputs.fade) + " s from one prompt to the next, around its time");
  if (plan.sampling.guidance > 1 && !plan.sampling.negative_prompt.empty())
    lines.add("not", "\"" + plan.sampling.negative_prompt + "\"");
}

void add_model(Lines& lines, const ModelChoice& model, const Request& request) {
  lines.add("model",
            model.name + " (" + model.pipeline + ", " + bytes_text(model.weight_bytes) + " of weights)");
  for (const auto& [component, file] : chosen_files(request)) lines.add("", component + ": " + file.string());
  for (const std::string& lora : request.lora) lines.add("lora", lora);
  for (const std::string& lora : request.lora_2) lines.add("lora", lora + " (second expert)");
}

void add_sizes(Lines& lines, const Picture& picture, const Timeline& timeline, std::int64_t frames) {
  const std::string seconds = fixed_text(static_cast<double>(frames) / timeline.fps, 1);
  std::string video = count_text(frames, "frame") + " of " + size_text(picture.width, picture.height) +
                      " at " + number_text(timeline.fps) + " fps, " + seconds + " s";
  if (frames > timeline.frames) video += ", of which " + std::to_string(timeline.frames) + " frames are new";
  lines.add("video", video);
  lines.add(
      "network",
      size_text(picture.model_width, picture.model_height) + ", latents " +
          std::to_string(picture.latent_channels) + " x " + std::to_string(timeline.latent_frames) + " x " +
          std::to_string(picture.latent_height) + " x " + std::to_string(picture.latent_width) +
          (timeline.windows.size() > 1 ? ", " + std::to_string(timeline.windows.size()) + " windows" : ""));
}

std::string sampling_text(const Sampling& sampling) {
  std::string text;
  if (sampling.first_step > 0) text += std::to_string(sampling.steps - sampling.first_step) + " of ";
  text += std::to_string(sampling.steps) + " steps of " + sampling.scheduler + ", guidance " +
          (sampling.guidance > 1 ? number_text(sampling.guidance) : "off");
  if (const int guided = guided_steps(sampling);
      sampling.guidance > 1 && guided < sampling.steps - sampling.first_step) {
    text += guided == 0
                ? " in no step"
                : " in steps " + std::to_string(std::max(sampling.guidance_begin, sampling.first_step) + 1) +
                      " to " + std::to_string(std::min(sampling.guidance_end, sampling.steps));
  }
  if (sampling.boundary_ratio) {
    text += " and " + number_text(sampling.guidance_2) + ", experts change at " +
            number_text(*sampling.boundary_ratio);
  }
  text += sampling.sigmas.empty() ? ", flow shift " + number_text(sampling.flow_shift)
                                  : ", noise levels " + levels_text(sampling.sigmas);
  return text + (sampling.preset == "fast" ? ", preset fast" : "");
}

void add_output(Lines& lines, const Output& output, bool copy) {
  lines.add("output", (output.path.empty() ? "(unnamed)" : output.path) + " (" + output.container + ", " +
                          output.codec + ", " + output.pix_fmt + ")");
  for (const std::string& file : output.audio) lines.add("sound", "of " + file + ", copied");
  if (copy) lines.add("copy", "the input's coded frames, not encoded again");
  lines.add("signed", output.credentials_text);
  lines.add("watermark", output.watermark_text);
}

std::string memory_text(const Machine& machine) {
  const bool gpu = machine.device != "cpu";
  std::string phases;
  for (const PhaseMemory& phase : machine.memory) {
    phases +=
        (phases.empty() ? "" : ", ") + phase.phase + " " + gigabytes_text(gpu ? phase.device : phase.ram);
  }
  std::string text = "about " + gigabytes_text(machine.peak_memory_gb) + " at the peak (" + phases + ")";
  if (machine.frees_text_encoder) text += "; the text encoder is freed before the rest is loaded";
  if (machine.offload == "stored") text += ", weights stay in memory as their files have them";
  if (machine.offload == "shard")
    text +=
        ", each rank has 1/" + std::to_string(machine.parallel.sequence) + " of the transformers' weights";
  if (machine.offload == "stream") text += ", weights are streamed";
  return text;
}

// What there is, and what each value of --offload would need.
std::string room_text(const Machine& machine) {
  std::string text;
  for (const OffloadMemory& each : machine.offload_memory)
    text += (text.empty() ? "" : ", ") + each.offload + " " + gigabytes_text(each.peak_gb);
  text = "by --offload: " + text;
  if (machine.memory_limit_gb > 0) {
    text = gigabytes_text(machine.memory_limit_gb) + " may be used" +
           (machine.device == "cpu" ? "" : " on " + machine.device) + "; " + text;
  }
  return text;
}

// The estimate without other programs, where they make a difference.
std::string without_load(const Machine& machine) {
  constexpr double kNoticed = 1.1;
  if (machine.slowdown < kNoticed) return {};
  return "; other programs are at work here, without them about " +
         estimate_text(*machine.seconds_estimate / machine.slowdown);
}

std::string ranks_text(const Parallel& parallel) {
  const std::string ranks = count_text(parallel.ranks(), "rank");
  if (parallel.of_processes()) return ranks + ", a process each";
  if (parallel.devices.front() == "cpu") return ranks + ", threads on the CPU";
  std::string devices;
  for (const std::string& device : parallel.devices) devices += (devices.empty() ? "" : ", ") + device;
  return ranks + " on " + devices;
}

void add_machine(Lines& lines, const Machine& machine) {
  lines.add("device", machine.device + ", " + machine.dtype + ", " + count_text(machine.threads, "thread"));
  if (const Parallel& parallel = machine.parallel; parallel.ranks() > 1)
    lines.add("parallel", ranks_text(parallel) + ": " + division_text(parallel) + "; " + parallel.text);
  if (machine.text_cached) {
    lines.add("text", "encoded by an earlier run: the text encoder is not loaded");
  } else if (!machine.text_cache_key.empty()) {
    lines.add("text", "the encoded prompts are saved on disk for the next run");
  }
  lines.add("memory", memory_text(machine));
  lines.add("", room_text(machine));
  if (!machine.seconds_estimate) return;
  std::string time = "about " + estimate_text(*machine.seconds_estimate);
  if (machine.pace)
    time += ", from " + count_text(machine.pace->runs, "run") + " here" + without_load(machine);
  lines.add("time", time);
}

}  // namespace

std::string plan_text(const Plan& plan) {
  Lines lines;
  add_inputs(lines, plan);
  add_model(lines, plan.model, plan.request);
  add_sizes(lines, plan.picture, plan.timeline, file_frames(plan));
  lines.add("sampling", sampling_text(plan.sampling) + ", seed " + std::to_string(*plan.request.seed));
  if (!plan.sampling.cache.method.empty()) lines.add("cache", cache_text(plan.sampling));
  if (is_causal(plan)) lines.add("attention", causal_text(plan.sampling.causal));
  add_output(lines, plan.output, plan.request.copy);
  if (plan.request.visible_mark)
    lines.add("mark", std::string("AI, in a corner of the pictures") +
                          (plan.request.copy ? ", but not of the frames that are copied" : ""));
  add_machine(lines, plan.machine);
  for (const auto& warning : plan.warnings) lines.add("warning", warning);
  for (const auto& note : plan.notes) lines.add("note", note);
  return lines.text;
}

}  // namespace sora
