// make_plan(): every default resolved, every check that needs no tensors made, before any work.
#include "sora/plan.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "checkpoint/model_digest.h"
#include "core/random_seed.h"
#include "core/sha256.h"
#include "models/family.h"
#include "plan/clip_latents.h"
#include "plan/idle_options.h"
#include "plan/machine/machine.h"
#include "plan/machine/memory.h"
#include "plan/machine/parallel.h"
#include "plan/machine/text_cache.h"
#include "plan/model/causal.h"
#include "plan/model/experts.h"
#include "plan/model/guidance_range.h"
#include "plan/model/model_choice.h"
#include "plan/model/model_files.h"
#include "plan/model/prompt_words.h"
#include "plan/model/sampling.h"
#include "plan/model/step_cache.h"
#include "plan/model/tiny_decoder.h"
#include "plan/output.h"
#include "plan/picture.h"
#include "plan/timeline.h"
#include "plan/verbs/edit/control_plan.h"
#include "plan/verbs/image_input.h"
#include "plan/verbs/inputs.h"
#include "plan/verbs/stream_copy.h"
#include "plan/verbs/upscale.h"
#include "plan/verbs/verb.h"
#include "plan/verbs/verb_options.h"
#include "sora/error.h"

namespace sora {
namespace {

// Of the files that hold the video autoencoder: kept latents are of use to any model that has the same.
std::string autoencoder_digest(const ModelFacts& model) {
  const ComponentSource source = model.folder.source("vae");
  std::string all = model_digest(source.path);
  if (!source.reference.empty()) all += model_digest(source.reference);
  return sha256_hex(all);
}

}  // namespace

struct Planner::State {
  struct Entry {
    std::filesystem::path dir;
    ModelFacts facts;
    std::string name;
    std::string digest;
    std::string vae_digest;
    std::vector<std::string> left_out;       // of the LoRAs
    std::optional<std::string> text_digest;  // of the text encoder's files; empty: not computed yet
    TinyDecoders tiny_decoders;
  };
  std::map<std::string, Entry> models;  // by model_choice()
  MachineFacts machine = machine_facts();
  Canvases canvases;

  std::map<std::string, Request> files;  // with_model_files(), by model_choice()

  /// The request with the files of its model in options of their own.
  Request with_files(const Request& request) {
    const std::string key = model_choice(request);
    auto known = files.find(key);
    if (known == files.end()) known = files.emplace(key, with_model_files(request)).first;
    Request found = request;
    const Request& chosen = known->second;
    found.model = chosen.model;
    found.transformer = chosen.transformer;
    found.transformer_2 = chosen.transformer_2;
    found.vae = chosen.vae;
    found.text_encoder = chosen.text_encoder;
    found.image_encoder = chosen.image_encoder;
    return found;
  }

  Entry& model(const Request& request) {
    const std::string key = model_choice(request) + (request.image ? " from an image" : "");
    const auto known = models.find(key);
    if (known != models.end()) return known->second;
    Entry entry;
    entry.dir = chosen_folder(request);
    entry.facts = read_model(entry.dir, chosen_files(request));
    if (entry.facts.image.optional && !request.image) entry.facts.image.concat = false;
    entry.left_out = check_loras(request, entry.facts);
    entry.name = entry.dir.empty() ? std::filesystem::path(*request.transformer).stem().string()
                                   : folder_name(entry.dir);
    entry.digest = chosen_digest(request, entry.dir);
    entry.vae_digest = autoencoder_digest(entry.facts);
    return models.emplace(key, std::move(entry)).first->second;
  }

  /// What every plan has: the request with a seed, the machine, the model, and how it is sampled.
  Plan begin(const Request& request, const Entry& model) {
    refuse_for_causal(request, model.facts);
    Plan plan;
    plan.request = request;
    plan_machine(plan, machine);
    if (!plan.request.seed) plan.request.seed = random_seed();
    plan.model.dir = model.dir;
    plan.model.name = model.name;
    plan.model.digest = model.digest;
    plan.model.vae_digest = model.vae_digest;
    plan.model.family = model.facts.family->name();
    plan.model.pipeline = model.facts.folder.pipeline;
    plan.model.weight_bytes = model.facts.weight_bytes;
    plan.model.transformer_dim = model.facts.transformer_dim;
    plan.model.text_dim = model.facts.text_dim;
    plan.model.text_rows = model.facts.text_rows;
    plan.control.active = model.facts.control_layers > 0;
    plan_sampling(plan, model.facts);
    cut_prompts(plan, model.facts);
    return plan;
  }

  static void warn_of_loras(Plan& plan, const std::vector<std::string>& left_out) {
    if (plan.request.lora_strict && !left_out.empty()) throw Error(ErrorKind::data, "lora", left_out.front());
    plan.warnings.insert(plan.warnings.end(), left_out.begin(), left_out.end());
  }

  /// What follows from the final number of steps; text cache and memory. Throws Error (unavailable) where the
  /// plan does not fit.
  void fit(Plan& plan, Entry& entry) {
    plan_guidance_range(plan);
    plan_parallel(plan, entry.facts, machine);
    plan_text_cache(plan, entry.facts, entry.text_digest);
    plan_memory(plan, entry.facts, machine.memory_gb);
  }

  /// The outputs, and what the machine needs to make them.
  void end(Plan& plan, Entry& entry) {
    plan.output = plan_output(plan.request, plan.picture);
    cut_prompts(plan, entry.facts);  // those of files
    plan_words(plan, entry.facts);
    warn_of_loras(plan, entry.left_out);
    for (std::string& fault : expert_faults(entry.facts)) plan.warnings.push_back(std::move(fault));
    plan_step_cache(plan, entry.facts);
    plan_tiny_decoder(plan, entry.facts, entry.tiny_decoders);
    warn_of_idle_options(plan, entry.facts);
    plan_stream_copy(plan);
    check_pictures(plan.request);
    check_tensor_files(plan);
    fit(plan, entry);
  }

  Plan plan(const Request& request) {
    Entry& entry = model(request);
    Plan plan = begin(request, entry);
    plan_inputs(plan, entry.facts);
    const ModelFacts facts = at_rate_of(plan.request, entry.facts);
    plan_picture(plan, facts, canvases, request.draft || is_refined(request, facts));
    plan_clip_latents(plan, facts);
    plan_timeline(plan, facts, is_still(request));
    plan_control(plan, facts);
    plan_shift_by_tokens(plan, facts);
    check_images(facts, request.image.has_value(), request.last_image.has_value(),
                 plan.timeline.latent_frames);
    end(plan, entry);
    return plan;
  }

  /// The upscale stages that make a file of `size` of `source`. `before` are the plans that make `source`;
  /// empty: it is a file. `only_refines`: as stages_of_own() has it.
  Plan stages(const Request& request, std::vector<Plan> before, const Source& source, Size size,
              bool only_refines) {
    Entry& entry = model(request);
    const bool from_file = before.empty();
    const bool own = !from_file && before.front().model.digest == entry.digest;
    Source from = source;
    const std::vector<Stage> all =
        own ? stages_of_own(source.size, size, entry.facts, only_refines) : stages_between(source.size, size);
    for (const Stage& each : all) {
      const bool last = &each == &all.back();
      Plan stage = begin(request, entry);
      plan_stage(stage, entry.facts, from, each, last);
      const bool own_prompt = verb_kind(request.verb) == VerbKind::finish && !request.prompt.empty();
      if (!before.empty() && !own_prompt) {  // shots, where the small video is a storyboard
        stage.inputs.shots = before.front().inputs.shots;
        stage.inputs.shot_images = before.front().inputs.shot_images;
        stage.inputs.fade = before.front().inputs.fade;
      }
      const double growth = std::max(static_cast<double>(each.size.width) / source.size.width,
                                     static_cast<double>(each.size.height) / source.size.height);
      stage.upscale.draft_width = static_cast<int>(std::lround(each.size.width / growth));
      stage.upscale.draft_height = static_cast<int>(std::lround(each.size.height / growth));
      if (last) {
        plan_file_size(stage, size);
        if (is_still(request)) check_still(request, stage.timeline.frames);
        note_stages(stage, before, from_file);
        end(stage, entry);
        for (const Plan& other : before)
          stage.machine.peak_memory_gb = std::max(stage.machine.peak_memory_gb, other.machine.peak_memory_gb);
        stage.before = std::move(before);
        return stage;
      }
      make_source(stage);
      fit(stage, entry);
      from = source_of(stage.picture, stage.timeline);
      from.shown_fps = source.shown_fps;
      from.shown_frames = source.shown_frames;
      before.push_back(std::move(stage));
    }
    throw Error(ErrorKind::internal, "plan", "the stages end before the size that was asked for");
  }

  Plan finish(const Request& asked) {
    check_verb_options(asked);
    Request request = asked;
    Draft draft = read_draft(request);
    std::vector<Plan> before;
    std::vector<std::string> warnings;
    Source source;
    if (draft.request) {
      try {
        Plan made = plan_of_any(*draft.request);
        if (!made.model.digest.starts_with(draft.model_digest))
          throw Error(ErrorKind::data, "draft",
                      "the model of that name here is another one, or has changed since");
        source = source_of(made.picture, made.timeline);
        if (made.before.empty())
          plan_draft_latents(made, *request.input, request.latents, warnings);
        else if (request.latents && request.latents != "none")
          throw Error(ErrorKind::data, "latents",
                      *request.latents + ": cannot be used: its video was refined, and is made again");
        before = with_source(std::move(made));
      } catch (const Error& error) {                // its model or its inputs are gone
        if (error.component() == "latents") throw;  // those that --latents names
        draft.why_frames = "it cannot be made again: " + error.message();
        before.clear();
      }
    }
    if (before.empty() && request.latents && request.latents != "none") {
      throw Error(ErrorKind::data, "latents",
                  *request.latents + ": cannot be used for " + *request.input + ": " + draft.why_frames);
    }
    if (before.empty()) source = source_of(draft, model(request).facts.fps);
    if (!request.seed) request.seed = random_seed();
    const Size size = finished_size(request, source, {draft.facts.width, draft.facts.height});
    Plan plan = stages(request, std::move(before), source, size, false);
    plan.inputs.video = draft.facts;
    plan_stream_copy(plan);
    if (!draft.why_frames.empty() && !plan.before.empty()) plan.before.front().inputs.video = draft.facts;
    note_draft(plan, draft);
    plan.warnings.insert(plan.warnings.end(), warnings.begin(), warnings.end());
    return plan;
  }

  /// The plan of a larger video of which `small` is the first stage: of --refine, and of a model that
  /// refines.
  Plan refine(Plan small, const std::string& prompt) {
    Request request = small.request;
    if (!prompt.empty()) request.prompt = prompt;  // uncut, so that the stages warn too if it is too long
    const Source source = source_of(small.picture, small.timeline);
    const Size size{small.picture.width, small.picture.height};
    return stages(request, with_source(std::move(small)), source, size, !request.refine);
  }

  /// The plan of any verb but finish.
  Plan plan_of_any(const Request& request) {
    Plan made = plan(request);
    const bool larger = made.picture.enlarged && made.picture.width > made.picture.crop_width;
    const bool in_stages = request.refine || is_refined(request, model(request).facts);
    return in_stages && larger ? refine(std::move(made), request.prompt) : made;
  }

  /// The plans that make what `made` makes, for a stage that comes after them.
  static std::vector<Plan> with_source(Plan made) {
    std::vector<Plan> all = std::move(made.before);
    made.before.clear();
    make_source(made);
    all.push_back(std::move(made));
    return all;
  }
};

Planner::Planner() : state_(std::make_unique<State>()) {}
Planner::~Planner() = default;

Plan Planner::plan(const Request& asked) {
  const Request request = state_->with_files(asked);
  return verb_kind(request.verb) == VerbKind::finish ? state_->finish(request) : state_->plan_of_any(request);
}

Plan make_plan(const Request& request) { return Planner().plan(request); }

}  // namespace sora
