// The plan, for people and for programs.
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/amounts.h"
#include "core/text.h"
#include "plan/metadata.h"
#include "plan/model_choice.h"
#include "plan/story.h"
#include "plan/verb.h"
#include "sora/plan.h"

namespace sora {
namespace {

using Json = nlohmann::ordered_json;

std::string number(double value) { return number_text(value); }

std::string size(int width, int height) { return std::to_string(width) + "x" + std::to_string(height); }

std::string memory_text(const Plan& plan) {
  const bool gpu = plan.device != "cpu";
  std::string text = "about " + gigabytes_text(plan.peak_memory_gb) + " at the peak (";
  for (const PhaseMemory& phase : plan.memory) {
    text += (&phase == &plan.memory.front() ? "" : ", ") + phase.phase + " " +
            gigabytes_text(gpu ? phase.device : phase.ram);
  }
  text += ")";
  if (plan.frees_text_encoder) text += "; the text encoder is freed before the rest is loaded";
  if (plan.offload == "stored") text += ", weights are kept as they are stored";
  if (plan.offload == "stream") text += ", weights are brought when they are used";
  return text;
}

// What --steps means to the request: of finish the steps of a stage, with --refine those of the small video.
int asked_steps(const Plan& plan) {
  if (!plan.finishes) return plan.steps;
  return plan.request.refine ? plan.before.front().steps : std::max(1, plan.steps - plan.first_step);
}

}  // namespace

std::string plan_text(const Plan& plan) {
  std::string text;
  const auto line = [&](std::string name, const std::string& value) {
    name.resize(std::max<std::size_t>(name.size(), 10), ' ');
    text += name + one_line(value) + "\n";
  };
  const bool guided = plan.guidance > 1;
  if (plan.request.verb != "generate") {
    std::string files;
    for (const auto& [option, path] : input_files(plan.request)) files += " " + path;
    line("verb", plan.request.verb + (plan.request.backward ? " backward" : "") + files);
  }
  if (plan.shots.empty()) line("prompt", "\"" + plan.request.prompt + "\"");
  for (const Shot& shot : plan.shots)
    line(&shot == &plan.shots.front() ? "shots" : "", time_text(shot.time) + "  \"" + shot.prompt + "\"");
  for (const ShotImage& image : plan.shot_images)
    line(&image == &plan.shot_images.front() ? "images" : "", time_text(image.time) + "  " + image.path);
  if (plan.shots.size() > 1)
    line("fade", number(plan.fade) + " s from one prompt to the next, around its time");
  if (guided && !plan.negative_prompt.empty()) line("not", "\"" + plan.negative_prompt + "\"");
  line("model",
       plan.model_name + " (" + plan.pipeline + ", " + bytes_text(plan.weight_bytes) + " of weights)");
  for (const auto& [component, file] : chosen_files(plan.request)) line("", component + ": " + file.string());
  for (const auto* loras : {&plan.request.lora, &plan.request.lora_2}) {
    for (const std::string& lora : *loras)
      line("lora", lora + (loras == &plan.request.lora ? "" : " (second expert)"));
  }
  line("video", std::to_string(plan.frames) + (plan.frames == 1 ? " frame" : " frames") + " of " +
                    size(plan.width, plan.height) + " at " + number(plan.fps) + " fps, " +
                    number(static_cast<double>(plan.frames) / plan.fps) + " s");
  line("network",
       size(plan.model_width, plan.model_height) + ", latents " + std::to_string(plan.latent_channels) +
           " x " + std::to_string(plan.latent_frames) + " x " + std::to_string(plan.latent_height) + " x " +
           std::to_string(plan.latent_width) +
           (plan.windows.size() > 1 ? ", " + std::to_string(plan.windows.size()) + " windows" : ""));
  line("sampling",
       (plan.finishes ? std::to_string(plan.steps - plan.first_step) + " of " : std::string()) +
           std::to_string(plan.steps) + " steps of " + plan.scheduler + ", guidance " +
           (guided ? number(plan.guidance) : std::string("off")) +
           (plan.boundary_ratio
                ? " and " + number(plan.guidance_2) + ", experts change at " + number(*plan.boundary_ratio)
                : "") +
           ", flow shift " + number(plan.flow_shift) + (plan.preset == "fast" ? ", preset fast" : "") +
           ", seed " + std::to_string(*plan.request.seed));
  line("output", (plan.output.empty() ? std::string("(unnamed)") : plan.output) + " (" + plan.container +
                     ", " + plan.codec + ", " + plan.pix_fmt + ")");
  for (const std::string& file : plan.audio) line("sound", "of " + file + ", copied");
  if (plan.request.copy) line("copy", "the input's coded frames, as they are");
  line("device", plan.device + ", " + plan.dtype + ", " + std::to_string(plan.threads) +
                     (plan.threads == 1 ? " thread" : " threads"));
  if (plan.text_cached) {
    line("text", "encoded by an earlier run: the text encoder is not loaded");
  } else if (!plan.text_cache_key.empty()) {
    line("text", "what the text encoder makes is kept for next time");
  }
  line("memory", memory_text(plan));
  if (plan.seconds_estimate) {
    std::string time = "about " + estimate_text(*plan.seconds_estimate);
    if (plan.pace)
      time +=
          ", from " + std::to_string(plan.pace->runs) + (plan.pace->runs == 1 ? " run" : " runs") + " here";
    line("time", time);
  }
  for (const auto& note : plan.notes) line("note", note);
  return text;
}

std::string plan_json(const Plan& plan, int indent) {
  Json json;
  json["prompt"] = plan.request.prompt;
  json["negative_prompt"] = plan.negative_prompt;
  json["seed"] = *plan.request.seed;
  json["model"] = {{"name", plan.model_name},
                   {"path", plan.model_dir.string()},
                   {"pipeline", plan.pipeline},
                   {"weight_bytes", plan.weight_bytes}};
  json["verb"] = plan.request.verb;
  if (!plan.shots.empty()) {
    json["shots"] = Json::array();
    for (const Shot& shot : plan.shots)
      json["shots"].push_back({{"time", shot.time}, {"prompt", shot.prompt}});
    json["shot_images"] = Json::array();
    for (const ShotImage& image : plan.shot_images)
      json["shot_images"].push_back({{"time", image.time}, {"path", image.path}, {"latent", image.latent}});
    json["fade"] = plan.fade;
  }
  json["first_step"] = plan.first_step;
  json["preset"] = plan.preset;
  json["steps"] = plan.steps;
  json["guidance"] = plan.guidance;
  json["guidance_2"] = plan.guidance_2;
  json["flow_shift"] = plan.flow_shift;
  json["scheduler"] = plan.scheduler;
  json["boundary_ratio"] = plan.boundary_ratio ? Json(*plan.boundary_ratio) : Json();
  json["expand_timesteps"] = plan.expand_timesteps;
  json["width"] = plan.width;
  json["height"] = plan.height;
  json["model_width"] = plan.model_width;
  json["model_height"] = plan.model_height;
  json["crop_width"] = plan.crop_width;
  json["crop_height"] = plan.crop_height;
  json["enlarged"] = plan.enlarged;
  json["fps"] = plan.fps;
  json["model_fps"] = plan.model_fps;
  json["frames"] = plan.frames;
  json["seconds"] = static_cast<double>(plan.frames) / plan.fps;
  json["latents"] = {plan.latent_channels, plan.latent_frames, plan.latent_height, plan.latent_width};
  json["windows"] = Json::array();
  for (const Window& window : plan.windows) {
    json["windows"].push_back({{"first", window.first},
                               {"count", window.count},
                               {"held", window.held},
                               {"held_end", window.held_end}});
  }
  json["drift_control"] = plan.drift_control;
  json["draft"] = plan.request.draft;
  json["stages"] = Json::array();  // of finish and --refine: what is made first, and this plan
  if (plan.finishes) {
    for (const Plan& each : plan.before)
      json["stages"].push_back({{"width", each.crop_width},
                                {"height", each.crop_height},
                                {"steps", each.steps - each.first_step}});
    json["stages"].push_back(
        {{"width", plan.crop_width}, {"height", plan.crop_height}, {"steps", plan.steps - plan.first_step}});
  }
  const auto tiling_json = [&](const std::optional<Tiling>& tiling) {
    if (!tiling) return Json();
    return Json(
        {{"frames", tiling->frames.size}, {"rows", tiling->rows.size}, {"columns", tiling->columns.size}});
  };
  json["tiles"] = tiling_json(plan.tiling);
  json["vae_tiles"] = tiling_json(plan.vae_tiling);
  json["output"] = plan.output;
  json["container"] = plan.container;
  json["codec"] = plan.codec;
  json["crf"] = plan.crf;
  json["pix_fmt"] = plan.pix_fmt;
  json["audio"] = plan.audio;
  json["device"] = plan.device;
  json["dtype"] = plan.dtype;
  json["threads"] = plan.threads;
  json["offload"] = plan.offload;
  json["memory"] = Json::object();
  for (const PhaseMemory& phase : plan.memory)
    json["memory"][phase.phase] = {{"ram_gb", phase.ram}, {"device_gb", phase.device}};
  json["text_cached"] = plan.text_cached;
  json["peak_memory_gb"] = plan.peak_memory_gb;
  json["seconds_estimate"] = plan.seconds_estimate ? Json(*plan.seconds_estimate) : Json();
  json["estimate_runs"] = plan.pace ? Json(plan.pace->runs) : Json();
  json["unknown_words"] = plan.unknown_words;
  json["notes"] = plan.notes;
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

namespace {

Json shot_lines(const Plan& plan) {
  Json lines = Json::array();
  for (const Shot& shot : plan.shots) lines.push_back(time_text(shot.time) + " " + shot.prompt);
  return lines;
}

// What a path is called at its end: where a model lies is nobody's business but this machine's, and a file is
// made again with the model of that name.
std::string told_model(const Plan& plan) {
  namespace fs = std::filesystem;
  if (plan.model_dir != fs::path(plan.request.model)) return plan.request.model;
  const fs::path path = fs::absolute(plan.model_dir).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

}  // namespace

// Names of Request, so that the same visitor reads them back; what is no field of it is for people.
std::string metadata_json(const Plan& plan) {
  Json json;
  json["generator"] = "sora-gen " SORA_GEN_VERSION;
  const bool tells_shots = verb_kind(plan.request.verb) == VerbKind::storyboard;
  if (tells_shots || plan.shots.empty()) {
    if (!tells_shots) json["prompt"] = plan.request.prompt;
  } else {
    json["shots"] = shot_lines(plan);  // the draft's, which finish reads again: for people
  }
  json["negative_prompt"] = plan.negative_prompt;
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
    if (!plan.shot_images.empty()) json["shot_image"] = Json::array();
    for (const ShotImage& image : plan.shot_images)
      json["shot_image"].push_back(time_text(image.time) + " " + image.path);
    json["fade"] = plan.fade;
  } else if (!plan.request.shot_image.empty()) {
    json["shot_image"] = plan.request.shot_image;  // the draft's
  }
  if (plan.request.draft) json["draft"] = true;
  if (plan.request.refine) json["refine"] = true;
  if (!plan.model_dir.empty()) json["model"] = told_model(plan);
  for (const auto& [component, file] : chosen_files(plan.request)) json[component] = file.string();
  if (!plan.request.lora.empty()) json["lora"] = plan.request.lora;
  if (!plan.request.lora_2.empty()) json["lora_2"] = plan.request.lora_2;
  json["model_digest"] = plan.model_digest.substr(0, 16);
  json["seed"] = *plan.request.seed;
  if (plan.preset == "fast" || plan.request.preset) json["preset"] = plan.preset;
  json["steps"] = asked_steps(plan);
  json["guidance"] = plan.guidance;
  if (plan.boundary_ratio) json["guidance_2"] = plan.guidance_2;
  json["flow_shift"] = plan.flow_shift;
  json["scheduler"] = plan.scheduler;
  json["frames"] = plan.frames;
  json["fps"] = plan.fps;
  if (plan.finishes) {
    if (plan.request.drift_control)
      json["drift_control"] = *plan.request.drift_control;  // of what comes before
  } else if (plan.windows.size() > 1) {
    json["drift_control"] = plan.drift_control;
  }
  if (!plan.request.res && (plan.request.aspect || plan.request.draft)) {
    // The canvas follows from it, not from the size.
    if (plan.request.aspect) json["aspect"] = *plan.request.aspect;
  } else {
    json["res"] = size(plan.width, plan.height);
  }
  json["codec"] = plan.codec;
  if (plan.request.crf) json["crf"] = plan.crf;
  json["pix_fmt"] = plan.pix_fmt;
  json["dtype"] = plan.dtype;
  if (plan.request.init_noise) json["init_noise"] = *plan.request.init_noise;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sora
