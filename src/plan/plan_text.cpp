// The plan, for people and for programs.
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/amounts.h"
#include "core/text.h"
#include "plan/metadata.h"
#include "plan/model/model_choice.h"
#include "plan/verbs/story.h"
#include "plan/verbs/transition.h"
#include "plan/verbs/verb.h"
#include "sora/plan.h"

namespace sora {
namespace {

using Json = nlohmann::ordered_json;

std::string number(double value) { return number_text(value); }

std::string size(int width, int height) { return std::to_string(width) + "x" + std::to_string(height); }

std::string memory_text(const Plan& plan) {
  const bool gpu = plan.machine.device != "cpu";
  std::string text = "about " + gigabytes_text(plan.machine.peak_memory_gb) + " at the peak (";
  for (const PhaseMemory& phase : plan.machine.memory) {
    text += (&phase == &plan.machine.memory.front() ? "" : ", ") + phase.phase + " " +
            gigabytes_text(gpu ? phase.device : phase.ram);
  }
  text += ")";
  if (plan.machine.frees_text_encoder) text += "; the text encoder is freed before the rest is loaded";
  if (plan.machine.offload == "stored") text += ", weights are kept as they are stored";
  if (plan.machine.offload == "stream") text += ", weights are brought when they are used";
  return text;
}

// What --steps means to the request: of finish the steps of a stage, with --refine those of the small video.
int asked_steps(const Plan& plan) {
  if (!plan.upscale.active) return plan.sampling.steps;
  return plan.request.refine ? plan.before.front().sampling.steps
                             : std::max(1, plan.sampling.steps - plan.sampling.first_step);
}

}  // namespace

std::string plan_text(const Plan& plan) {
  std::string text;
  const auto line = [&](std::string name, const std::string& value) {
    name.resize(std::max<std::size_t>(name.size(), 10), ' ');
    text += name + one_line(value) + "\n";
  };
  const bool guided = plan.sampling.guidance > 1;
  if (plan.request.verb != "generate") {
    std::string files;
    for (const auto& [option, path] : input_files(plan.request)) files += " " + path;
    line("verb", plan.request.verb + (plan.request.backward ? " backward" : "") + files);
  }
  if (plan.inputs.shots.empty()) line("prompt", "\"" + plan.request.prompt + "\"");
  const bool transition = is_transition(plan);
  for (const Shot& shot : plan.inputs.shots) {
    const bool first = &shot == &plan.inputs.shots.front();
    line(first ? (transition ? "prompts" : "shots") : "",
         (transition ? first ? "from" : "to" : time_text(shot.time)) + "  \"" + shot.prompt + "\"");
  }
  for (const ShotImage& image : plan.inputs.shot_images)
    line(&image == &plan.inputs.shot_images.front() ? "images" : "",
         time_text(image.time) + "  " + image.path);
  if (plan.inputs.shots.size() > 1 && !transition)
    line("fade", number(plan.inputs.fade) + " s from one prompt to the next, around its time");
  if (guided && !plan.sampling.negative_prompt.empty())
    line("not", "\"" + plan.sampling.negative_prompt + "\"");
  line("model", plan.model.name + " (" + plan.model.pipeline + ", " + bytes_text(plan.model.weight_bytes) +
                    " of weights)");
  for (const auto& [component, file] : chosen_files(plan.request)) line("", component + ": " + file.string());
  for (const auto* loras : {&plan.request.lora, &plan.request.lora_2}) {
    for (const std::string& lora : *loras)
      line("lora", lora + (loras == &plan.request.lora ? "" : " (second expert)"));
  }
  line("video", std::to_string(plan.timeline.frames) + (plan.timeline.frames == 1 ? " frame" : " frames") +
                    " of " + size(plan.picture.width, plan.picture.height) + " at " +
                    number(plan.timeline.fps) + " fps, " +
                    number(static_cast<double>(plan.timeline.frames) / plan.timeline.fps) + " s");
  line(
      "network",
      size(plan.picture.model_width, plan.picture.model_height) + ", latents " +
          std::to_string(plan.picture.latent_channels) + " x " + std::to_string(plan.timeline.latent_frames) +
          " x " + std::to_string(plan.picture.latent_height) + " x " +
          std::to_string(plan.picture.latent_width) +
          (plan.timeline.windows.size() > 1 ? ", " + std::to_string(plan.timeline.windows.size()) + " windows"
                                            : ""));
  line("sampling",
       (plan.sampling.first_step > 0 ? std::to_string(plan.sampling.steps - plan.sampling.first_step) + " of "
                            : std::string()) +
           std::to_string(plan.sampling.steps) + " steps of " + plan.sampling.scheduler + ", guidance " +
           (guided ? number(plan.sampling.guidance) : std::string("off")) +
           (plan.sampling.boundary_ratio ? " and " + number(plan.sampling.guidance_2) +
                                               ", experts change at " + number(*plan.sampling.boundary_ratio)
                                         : "") +
           ", flow shift " + number(plan.sampling.flow_shift) +
           (plan.sampling.preset == "fast" ? ", preset fast" : "") + ", seed " +
           std::to_string(*plan.request.seed));
  line("output", (plan.output.path.empty() ? std::string("(unnamed)") : plan.output.path) + " (" +
                     plan.output.container + ", " + plan.output.codec + ", " + plan.output.pix_fmt + ")");
  for (const std::string& file : plan.output.audio) line("sound", "of " + file + ", copied");
  if (plan.request.copy) line("copy", "the input's coded frames, as they are");
  line("device", plan.machine.device + ", " + plan.machine.dtype + ", " +
                     std::to_string(plan.machine.threads) +
                     (plan.machine.threads == 1 ? " thread" : " threads"));
  if (plan.machine.text_cached) {
    line("text", "encoded by an earlier run: the text encoder is not loaded");
  } else if (!plan.machine.text_cache_key.empty()) {
    line("text", "what the text encoder makes is kept for next time");
  }
  line("memory", memory_text(plan));
  if (plan.machine.seconds_estimate) {
    std::string time = "about " + estimate_text(*plan.machine.seconds_estimate);
    if (plan.machine.pace)
      time += ", from " + std::to_string(plan.machine.pace->runs) +
              (plan.machine.pace->runs == 1 ? " run" : " runs") + " here";
    line("time", time);
  }
  for (const auto& note : plan.notes) line("note", note);
  return text;
}

std::string plan_json(const Plan& plan, int indent) {
  Json json;
  json["prompt"] = plan.request.prompt;
  json["negative_prompt"] = plan.sampling.negative_prompt;
  json["seed"] = *plan.request.seed;
  json["model"] = {{"name", plan.model.name},
                   {"path", plan.model.dir.string()},
                   {"pipeline", plan.model.pipeline},
                   {"weight_bytes", plan.model.weight_bytes}};
  json["verb"] = plan.request.verb;
  if (!plan.inputs.shots.empty()) {
    json["shots"] = Json::array();
    for (const Shot& shot : plan.inputs.shots)
      json["shots"].push_back({{"time", shot.time}, {"prompt", shot.prompt}});
    json["shot_images"] = Json::array();
    for (const ShotImage& image : plan.inputs.shot_images)
      json["shot_images"].push_back({{"time", image.time}, {"path", image.path}, {"latent", image.latent}});
    json["fade"] = plan.inputs.fade;
  }
  json["first_step"] = plan.sampling.first_step;
  json["preset"] = plan.sampling.preset;
  json["steps"] = plan.sampling.steps;
  json["guidance"] = plan.sampling.guidance;
  json["guidance_2"] = plan.sampling.guidance_2;
  json["flow_shift"] = plan.sampling.flow_shift;
  json["scheduler"] = plan.sampling.scheduler;
  json["boundary_ratio"] = plan.sampling.boundary_ratio ? Json(*plan.sampling.boundary_ratio) : Json();
  json["expand_timesteps"] = plan.sampling.expand_timesteps;
  json["width"] = plan.picture.width;
  json["height"] = plan.picture.height;
  json["model_width"] = plan.picture.model_width;
  json["model_height"] = plan.picture.model_height;
  json["crop_width"] = plan.picture.crop_width;
  json["crop_height"] = plan.picture.crop_height;
  json["enlarged"] = plan.picture.enlarged;
  json["fps"] = plan.timeline.fps;
  json["model_fps"] = plan.timeline.model_fps;
  json["frames"] = plan.timeline.frames;
  json["seconds"] = static_cast<double>(plan.timeline.frames) / plan.timeline.fps;
  json["latents"] = {plan.picture.latent_channels, plan.timeline.latent_frames, plan.picture.latent_height,
                     plan.picture.latent_width};
  json["windows"] = Json::array();
  for (const Window& window : plan.timeline.windows) {
    json["windows"].push_back({{"first", window.first},
                               {"count", window.count},
                               {"conditioning", window.conditioning},
                               {"conditioning_end", window.conditioning_end}});
  }
  json["drift_control"] = plan.timeline.drift_control;
  json["draft"] = plan.request.draft;
  json["stages"] = Json::array();  // of finish and --refine: what is made first, and this plan
  if (plan.upscale.active) {
    for (const Plan& each : plan.before)
      json["stages"].push_back({{"width", each.picture.crop_width},
                                {"height", each.picture.crop_height},
                                {"steps", each.sampling.steps - each.sampling.first_step}});
    json["stages"].push_back({{"width", plan.picture.crop_width},
                              {"height", plan.picture.crop_height},
                              {"steps", plan.sampling.steps - plan.sampling.first_step}});
  }
  const auto tiling_json = [&](const std::optional<Tiling>& tiling) {
    if (!tiling) return Json();
    return Json(
        {{"frames", tiling->frames.size}, {"rows", tiling->rows.size}, {"columns", tiling->columns.size}});
  };
  json["tiles"] = tiling_json(plan.picture.tiling);
  json["vae_tiles"] = tiling_json(plan.picture.vae_tiling);
  json["output"] = plan.output.path;
  json["container"] = plan.output.container;
  json["codec"] = plan.output.codec;
  json["crf"] = plan.output.crf;
  json["pix_fmt"] = plan.output.pix_fmt;
  json["audio"] = plan.output.audio;
  json["device"] = plan.machine.device;
  json["dtype"] = plan.machine.dtype;
  json["threads"] = plan.machine.threads;
  json["offload"] = plan.machine.offload;
  json["memory"] = Json::object();
  for (const PhaseMemory& phase : plan.machine.memory)
    json["memory"][phase.phase] = {{"ram_gb", phase.ram}, {"device_gb", phase.device}};
  json["text_cached"] = plan.machine.text_cached;
  json["peak_memory_gb"] = plan.machine.peak_memory_gb;
  json["seconds_estimate"] = plan.machine.seconds_estimate ? Json(*plan.machine.seconds_estimate) : Json();
  json["estimate_runs"] = plan.machine.pace ? Json(plan.machine.pace->runs) : Json();
  json["unknown_words"] = plan.unknown_words;
  json["notes"] = plan.notes;
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

namespace {

Json shot_lines(const Plan& plan) {
  Json lines = Json::array();
  for (const Shot& shot : plan.inputs.shots) lines.push_back(time_text(shot.time) + " " + shot.prompt);
  return lines;
}

// What a path is called at its end: where a model lies is nobody's business but this machine's, and a file is
// made again with the model of that name.
std::string told_model(const Plan& plan) {
  namespace fs = std::filesystem;
  if (plan.model.dir != fs::path(plan.request.model)) return plan.request.model;
  const fs::path path = fs::absolute(plan.model.dir).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

}  // namespace

// Names of Request, so that the same visitor reads them back; what is no field of it is for people.
std::string metadata_json(const Plan& plan) {
  Json json;
  json["generator"] = "sora-gen " SORA_GEN_VERSION;
  const bool tells_shots = verb_kind(plan.request.verb) == VerbKind::storyboard;
  if (tells_shots || plan.inputs.shots.empty()) {
    if (!tells_shots) json["prompt"] = plan.request.prompt;
  } else {
    json["shots"] = shot_lines(plan);  // the draft's, which finish reads again: for people
  }
  json["negative_prompt"] = plan.sampling.negative_prompt;
  if (plan.request.verb != "generate") json["verb"] = plan.request.verb;
  if (plan.request.image) json["image"] = *plan.request.image;
  if (plan.request.last_image) json["last_image"] = *plan.request.last_image;
  if (plan.request.input) json["input"] = *plan.request.input;
  if (plan.request.input_2) json["input_2"] = *plan.request.input_2;
  if (plan.request.fit) json["fit"] = *plan.request.fit;
  if (plan.request.background) json["background"] = *plan.request.background;
  if (plan.request.strength) json["strength"] = *plan.request.strength;
  if (plan.request.backward) json["backward"] = true;
  if (plan.request.only_new) json["only_new"] = true;
  if (plan.request.no_audio) json["no_audio"] = true;
  if (plan.request.copy) json["copy"] = true;
  if (tells_shots) {
    json["shot"] = shot_lines(plan);
    if (!plan.inputs.shot_images.empty()) json["shot_image"] = Json::array();
    for (const ShotImage& image : plan.inputs.shot_images)
      json["shot_image"].push_back(time_text(image.time) + " " + image.path);
    json["fade"] = plan.inputs.fade;
  } else if (!plan.request.shot_image.empty()) {
    json["shot_image"] = plan.request.shot_image;  // the draft's
  }
  if (plan.request.draft) json["draft"] = true;
  if (plan.request.refine) json["refine"] = true;
  if (!plan.model.dir.empty()) json["model"] = told_model(plan);
  for (const auto& [component, file] : chosen_files(plan.request)) json[component] = file.string();
  if (!plan.request.lora.empty()) json["lora"] = plan.request.lora;
  if (!plan.request.lora_2.empty()) json["lora_2"] = plan.request.lora_2;
  json["model_digest"] = plan.model.digest.substr(0, 16);
  json["seed"] = *plan.request.seed;
  if (plan.sampling.preset == "fast" || plan.request.preset) json["preset"] = plan.sampling.preset;
  json["steps"] = asked_steps(plan);
  json["guidance"] = plan.sampling.guidance;
  if (plan.sampling.boundary_ratio) json["guidance_2"] = plan.sampling.guidance_2;
  json["flow_shift"] = plan.sampling.flow_shift;
  json["scheduler"] = plan.sampling.scheduler;
  json["frames"] = plan.timeline.frames;
  json["fps"] = plan.timeline.fps;
  if (plan.upscale.active) {
    if (plan.request.drift_control)
      json["drift_control"] = *plan.request.drift_control;  // of what comes before
  } else if (plan.timeline.windows.size() > 1) {
    json["drift_control"] = plan.timeline.drift_control;
  }
  if (!plan.request.res && (plan.request.aspect || plan.request.draft)) {
    // The canvas follows from it, not from the size.
    if (plan.request.aspect) json["aspect"] = *plan.request.aspect;
  } else {
    json["res"] = size(plan.picture.width, plan.picture.height);
  }
  json["codec"] = plan.output.codec;
  if (plan.request.crf) json["crf"] = plan.output.crf;
  json["pix_fmt"] = plan.output.pix_fmt;
  json["dtype"] = plan.machine.dtype;
  if (plan.request.init_noise) json["init_noise"] = *plan.request.init_noise;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sora
