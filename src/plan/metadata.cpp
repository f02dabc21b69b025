#include "plan/metadata.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/text.h"
#include "plan/clip_latents.h"
#include "plan/model/model_choice.h"
#include "plan/model/noise_levels.h"
#include "plan/verbs/file_words.h"
#include "plan/verbs/story.h"
#include "plan/verbs/verb.h"

namespace sora {
namespace {

using Json = nlohmann::ordered_json;

Json shot_lines(const std::vector<Shot>& shots) {
  Json lines = Json::array();
  for (const Shot& shot : shots) lines.push_back(time_text(shot.time) + " " + shot.prompt);
  return lines;
}

// Of a model's path only the last part is written: the folder that it lies in is private to this machine, and
// whoever makes the video again has the model elsewhere.
std::string model_name(const ModelChoice& model, const Request& request) {
  namespace fs = std::filesystem;
  if (model.dir != fs::path(request.model)) return request.model;
  const fs::path path = fs::absolute(model.dir).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

// How the video is sampled that options are for: with --refine, or of a model that refines, the small one.
const Sampling& first_sampling(const Plan& plan) {
  const bool finishes = verb_kind(plan.request.verb) == VerbKind::finish;
  return finishes || plan.before.empty() ? plan.sampling : plan.before.front().sampling;
}

// The value of --steps that gives this plan: of finish the steps of a stage.
int requested_steps(const Plan& plan) {
  const Sampling& sampling = first_sampling(plan);
  return verb_kind(plan.request.verb) == VerbKind::finish ? std::max(1, sampling.steps - sampling.first_step)
                                                          : sampling.steps;
}

void add_prompts(Json& json, const Plan& plan) {
  const bool is_storyboard = verb_kind(plan.request.verb) == VerbKind::storyboard;
  const bool is_live = verb_kind(plan.request.verb) == VerbKind::live;
  if (is_live || (!is_storyboard && plan.inputs.shots.empty())) json["prompt"] = plan.request.prompt;
  if (!plan.request.live_log.empty()) json["live_log"] = plan.request.live_log;
  // "shots" is no option: it is for people, and for verbs that go on with the words of the file. Those of a
  // draft are read by finish from the draft itself, and those of clips from the clips.
  const std::vector<Shot> of_clips = words_by_time(plan);
  if (!of_clips.empty()) {
    json["shots"] = shot_lines(of_clips);
  } else if (!is_storyboard && !plan.inputs.shots.empty()) {
    json["shots"] = shot_lines(plan.inputs.shots);
  }
  if (plan.request.original_prompt) json["original_prompt"] = *plan.request.original_prompt;
  json["negative_prompt"] = plan.sampling.negative_prompt;
}

void add_inputs(Json& json, const Inputs& inputs, const Request& request) {
  const auto add = [&](const char* name, const auto& field) {
    if (field) json[name] = *field;
  };
  const auto add_flag = [&](const char* name, bool flag) {
    if (flag) json[name] = true;
  };
  if (request.verb != "generate") json["verb"] = request.verb;
  add("image", request.image);
  add("last_image", request.last_image);
  add("input", request.input);
  add("input_2", request.input_2);
  if (inputs.latents) json["input_latents"] = used_latents(inputs.latents);
  if (inputs.latents_2) json["input_2_latents"] = used_latents(inputs.latents_2);
  add("fit", request.fit);
  add("background", request.background);
  add("strength", request.strength);
  add_flag("backward", request.backward);
  add_flag("only_new", request.only_new);
  add_flag("no_audio", request.no_audio);
  add_flag("copy", request.copy);
  add("mask", request.mask);
  if (!request.box.empty()) json["box"] = request.box;
  add("outpaint", request.outpaint);
  if (!request.reference.empty()) json["reference"] = request.reference;
  add("control", request.control);
  add("control_kind", request.control_kind);
  add("control_scale", request.control_scale);
  add_flag("no_composite", request.no_composite);
}

void add_storyboard(Json& json, const Inputs& inputs, const Request& request) {
  if (verb_kind(request.verb) == VerbKind::storyboard) {
    json["shot"] = shot_lines(inputs.shots);
    if (!inputs.shot_images.empty()) json["shot_image"] = Json::array();
    for (const ShotImage& image : inputs.shot_images)
      json["shot_image"].push_back(time_text(image.time) + " " + image.path);
    json["fade"] = inputs.fade;
  } else if (!request.shot_image.empty()) {
    json["shot_image"] = request.shot_image;  // of the draft that finish makes large
  }
}

void add_model(Json& json, const ModelChoice& model, const TinyDecoder& tiny, const Request& request) {
  if (!model.dir.empty()) json["model"] = model_name(model, request);
  for (const auto& [component, file] : chosen_files(request)) json[component] = file.string();
  if (tiny.decodes_file) json["tiny_vae"] = *request.tiny_vae;
  if (request.tiny_result) json["tiny_result"] = true;
  if (!request.lora.empty()) json["lora"] = request.lora;
  if (!request.lora_2.empty()) json["lora_2"] = request.lora_2;
  json["model_digest"] = model.digest.substr(0, 16);
}

void add_sampling(Json& json, const Plan& plan) {
  const Sampling& sampling = plan.sampling;
  json["seed"] = *plan.request.seed;
  if (sampling.preset == "fast" || plan.request.preset) json["preset"] = sampling.preset;
  json["steps"] = requested_steps(plan);
  json["guidance"] = sampling.guidance;
  if (sampling.boundary_ratio) json["guidance_2"] = sampling.guidance_2;
  const Sampling& first = first_sampling(plan);
  if (first.sigmas.empty()) {
    json["flow_shift"] = sampling.flow_shift;
  } else {
    json["sigmas"] = levels_text(first.sigmas);
  }
  json["scheduler"] = sampling.scheduler;
  if (sampling.causal.block > 0) {
    json["attention_window"] = sampling.causal.window;
    json["attention_sink"] = sampling.causal.sink;
  }
  if (plan.request.guidance_range) json["guidance_range"] = *plan.request.guidance_range;
  if (!first.cache.method.empty())
    json["cache"] = first.cache.method + ":" + number_text(first.cache.threshold);
}

void add_length_and_size(Json& json, const Plan& plan) {
  const Request& request = plan.request;
  json["frames"] = plan.timeline.frames;
  json["fps"] = plan.timeline.fps;
  if (plan.upscale.active) {
    if (request.drift_control) json["drift_control"] = *request.drift_control;  // of the small video
  } else if (plan.timeline.windows.size() > 1) {
    json["drift_control"] = plan.timeline.drift_control;
  }
  if (!request.res && (request.aspect || request.draft)) {
    // The size that the network makes follows from the aspect, not from the size of the file.
    if (request.aspect) json["aspect"] = *request.aspect;
  } else {
    json["res"] = std::to_string(plan.picture.width) + "x" + std::to_string(plan.picture.height);
  }
}

}  // namespace

namespace {

constexpr std::array kWords{"prompt", "original_prompt", "negative_prompt", "shots", "shot", "live_log"};
// Their names may be those of prompts. To make the file again they have to be given anyway.
constexpr std::array kFiles{"image", "last_image", "input",     "input_2",   "shot_image",
                            "mask",  "control",    "reference", "init_noise"};

Json without_words(Json json) {
  for (const char* name : kWords) json.erase(name);
  json["words_left_out"] = true;
  for (const char* name : kFiles) {
    const auto file = json.find(name);
    if (file == json.end()) continue;
    *file = file->is_array() ? Json(std::vector<std::string>(file->size(), name)) : Json(name);
  }
  return json;
}

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json parameters(const Plan& plan) {
  const Request& request = plan.request;
  Json json;
  json["generator"] = "sora-gen " SORA_GEN_VERSION;
  add_prompts(json, plan);
  add_inputs(json, plan.inputs, request);
  add_storyboard(json, plan.inputs, request);
  if (request.draft) json["draft"] = true;
  if (request.refine) json["refine"] = true;
  if (request.visible_mark) json["visible_mark"] = true;
  json["watermark"] = plan.output.watermark;  // no option: another run is marked by its own options
  add_model(json, plan.model, plan.picture.tiny, request);
  add_sampling(json, plan);
  add_length_and_size(json, plan);
  json["codec"] = plan.output.codec;
  if (request.crf) json["crf"] = plan.output.crf;
  json["pix_fmt"] = plan.output.pix_fmt;
  json["dtype"] = plan.machine.dtype;
  if (request.init_noise) json["init_noise"] = *request.init_noise;
  return json;
}

}  // namespace

std::string metadata_json(const Plan& plan) { return text_of(parameters(plan)); }

std::string file_metadata(const Plan& plan) {
  return text_of(plan.request.no_prompt_in_file ? without_words(parameters(plan)) : parameters(plan));
}

}  // namespace sora
