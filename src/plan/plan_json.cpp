// A plan for programs: JSON.
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "plan/model/guidance_range.h"
#include "plan/verbs/file_frames.h"
#include "sora/plan.h"

namespace sora {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

void add_storyboard(Json& json, const Inputs& inputs) {
  if (inputs.shots.empty()) return;
  json["shots"] = Json::array();
  for (const Shot& shot : inputs.shots)
    json["shots"].push_back({{"time", shot.time}, {"prompt", shot.prompt}});
  json["shot_images"] = Json::array();
  for (const ShotImage& image : inputs.shot_images)
    json["shot_images"].push_back({{"time", image.time}, {"path", image.path}, {"latent", image.latent}});
  json["fade"] = inputs.fade;
}

// Of a model with a control branch; else null.
Json control_json(const Control& control) {
  if (!control.active) return {};
  Json json{{"scale", control.scale},
            {"references", control.references},
            {"follows", control.follows},
            {"edges", control.edges},
            {"composite", control.composite}};
  if (control.edits) {
    const Area& source = control.source;
    json["source"] = {source.left, source.top, source.width, source.height};
  }
  return json;
}

void add_sampling(Json& json, const Sampling& sampling) {
  json["first_step"] = sampling.first_step;
  json["preset"] = sampling.preset;
  json["steps"] = sampling.steps;
  json["guidance"] = sampling.guidance;
  json["guidance_2"] = sampling.guidance_2;
  json["flow_shift"] = sampling.flow_shift;
  json["scheduler"] = sampling.scheduler;
  json["boundary_ratio"] = or_null(sampling.boundary_ratio);
  json["expand_timesteps"] = sampling.expand_timesteps;
  json["sigmas"] = sampling.sigmas.empty() ? Json() : Json(sampling.sigmas);
  json["guided_steps"] = guided_steps(sampling);
  const StepCache& cache = sampling.cache;
  json["cache"] = cache.method.empty() ? Json()
                                       : Json{{"method", cache.method},
                                              {"threshold", cache.threshold},
                                              {"computed_steps", cache.computed}};
  const CausalSampling& causal = sampling.causal;
  json["causal"] = causal.block == 0 ? Json()
                                     : Json{{"block", causal.block},
                                            {"window", causal.window},
                                            {"sink", causal.sink},
                                            {"positions", causal.window_positions ? "window" : "video"},
                                            {"context_timestep", causal.context_timestep}};
}

void add_picture(Json& json, const Picture& picture) {
  json["width"] = picture.width;
  json["height"] = picture.height;
  json["model_width"] = picture.model_width;
  json["model_height"] = picture.model_height;
  json["crop_width"] = picture.crop_width;
  json["crop_height"] = picture.crop_height;
  json["enlarged"] = picture.enlarged;
}

// `frames`: of the file, which may have those of a clip beside the new ones.
void add_timeline(Json& json, const Timeline& timeline, const Picture& picture, std::int64_t frames) {
  json["fps"] = timeline.fps;
  json["model_fps"] = timeline.model_fps;
  json["frames"] = frames;
  json["new_frames"] = timeline.frames;
  json["seconds"] = static_cast<double>(frames) / timeline.fps;
  json["latents"] = {picture.latent_channels, timeline.latent_frames, picture.latent_height,
                     picture.latent_width};
  json["windows"] = Json::array();
  for (const Window& window : timeline.windows) {
    json["windows"].push_back({{"first", window.first},
                               {"count", window.count},
                               {"conditioning", window.conditioning},
                               {"conditioning_end", window.conditioning_end}});
  }
  json["drift_control"] = timeline.drift_control;
}

Json stage_json(const Plan& plan) {
  return {{"width", plan.picture.crop_width},
          {"height", plan.picture.crop_height},
          {"steps", plan.sampling.steps - plan.sampling.first_step}};
}

// Of finish and --refine: what is made first, and this plan.
Json stages_json(const Plan& plan) {
  Json stages = Json::array();
  if (!plan.upscale.active) return stages;
  for (const Plan& earlier : plan.before) stages.push_back(stage_json(earlier));
  stages.push_back(stage_json(plan));
  return stages;
}

Json tiling_json(const std::optional<Tiling>& tiling) {
  if (!tiling) return {};
  return {{"frames", tiling->frames.size}, {"rows", tiling->rows.size}, {"columns", tiling->columns.size}};
}

void add_output(Json& json, const Output& output) {
  json["output"] = output.path;
  json["container"] = output.container;
  json["codec"] = output.codec;
  json["crf"] = output.crf;
  json["pix_fmt"] = output.pix_fmt;
  json["audio"] = output.audio;
  json["credentials"] = {{"signed", output.credentials},
                         {"beside", output.credentials_sidecar},
                         {"text", output.credentials_text}};
  json["watermark"] = {{"marked", output.watermark}, {"text", output.watermark_text}};
}

void add_machine(Json& json, const Machine& machine) {
  json["device"] = machine.device;
  json["dtype"] = machine.dtype;
  json["threads"] = machine.threads;
  const Parallel& parallel = machine.parallel;
  json["parallel"] = parallel.ranks() == 1 ? Json()
                                           : Json{{"ranks", parallel.ranks()},
                                                  {"guidance", parallel.guidance},
                                                  {"sequence", parallel.sequence},
                                                  {"decode", parallel.decode},
                                                  {"decode_bytes", parallel.decode_bytes},
                                                  {"devices", parallel.devices},
                                                  {"processes", parallel.of_processes()},
                                                  {"why", parallel.text}};
  json["offload"] = machine.offload;
  json["memory"] = Json::object();
  for (const PhaseMemory& phase : machine.memory)
    json["memory"][phase.phase] = {{"ram_gb", phase.ram}, {"device_gb", phase.device}};
  json["text_cached"] = machine.text_cached;
  json["peak_memory_gb"] = machine.peak_memory_gb;
  json["memory_limit_gb"] = machine.memory_limit_gb > 0 ? Json(machine.memory_limit_gb) : Json();
  json["offload_memory_gb"] = Json::object();
  for (const OffloadMemory& each : machine.offload_memory)
    json["offload_memory_gb"][each.offload] = each.peak_gb;
  json["seconds_estimate"] = or_null(machine.seconds_estimate);
  json["estimate_runs"] = machine.pace ? Json(machine.pace->runs) : Json();
  json["slowdown"] = machine.slowdown;
}

void add_unknown_words(Json& json, const std::vector<UnknownWord>& words) {
  json["unknown_words"] = Json::array();
  json["nearest_words"] = Json::object();
  for (const UnknownWord& unknown : words) {
    json["unknown_words"].push_back(unknown.word);
    if (!unknown.nearest.empty()) json["nearest_words"][unknown.word] = unknown.nearest;
  }
}

}  // namespace

std::string plan_json(const Plan& plan, int indent) {
  Json json;
  json["prompt"] = plan.request.prompt;
  if (plan.request.original_prompt) json["original_prompt"] = *plan.request.original_prompt;
  json["negative_prompt"] = plan.sampling.negative_prompt;
  json["seed"] = *plan.request.seed;
  json["model"] = {{"name", plan.model.name},
                   {"path", plan.model.dir.string()},
                   {"pipeline", plan.model.pipeline},
                   {"weight_bytes", plan.model.weight_bytes}};
  json["verb"] = plan.request.verb;
  add_storyboard(json, plan.inputs);
  json["control"] = control_json(plan.control);
  add_sampling(json, plan.sampling);
  add_picture(json, plan.picture);
  add_timeline(json, plan.timeline, plan.picture, file_frames(plan));
  json["draft"] = plan.request.draft;
  json["visible_mark"] = plan.request.visible_mark;
  json["stages"] = stages_json(plan);
  json["tiles"] = tiling_json(plan.picture.tiling);
  json["vae_tiles"] = tiling_json(plan.picture.vae_tiling);
  add_output(json, plan.output);
  add_machine(json, plan.machine);
  add_unknown_words(json, plan.unknown_words);
  json["warnings"] = plan.warnings;
  json["notes"] = plan.notes;
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace sora
