// make_plan(): every default resolved, every check that needs no tensors made, before any work.
#include "sora/plan.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <thread>
#include <tuple>

#include "checkpoint/safetensors.h"
#include "core/output_format.h"
#include "core/random_seed.h"
#include "core/text.h"
#include "models/family.h"
#include "plan/carry.h"
#include "plan/finish.h"
#include "plan/image_input.h"
#include "plan/memory.h"
#include "plan/model_choice.h"
#include "plan/picture.h"
#include "plan/preset.h"
#include "plan/size.h"
#include "plan/story.h"
#include "plan/text_cache.h"
#include "plan/verb.h"
#include "plan/vocabulary.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr double kDriftControl = 0.9;
constexpr double kLongest = 24 * 3600;  // seconds
constexpr std::int64_t kMostFrames = 10'000'000;
constexpr int kDraftSteps = 8;  // a draft has half of the steps, and these at least

[[noreturn]] void bad_option(const std::string& option, const std::string& expected) {
  throw Error(ErrorKind::usage, "options", option + ": expected " + expected);
}

std::string text_of(double value) {
  std::string text = fixed_text(value, 6);
  text.erase(text.find_last_not_of('0') + 1);
  if (!text.empty() && text.back() == '.') text.pop_back();
  return text;
}

double in_range(const char* option, double value, double low, double high) {
  if (!(value >= low && value <= high)) {
    bad_option(std::string(option) + " " + text_of(value),
               "a number from " + text_of(low) + " to " + text_of(high));
  }
  return value;
}

void plan_sampling(Plan& plan, const ModelFacts& model) {
  const Request& request = plan.request;
  const SamplingDefaults defaults = sampling_defaults(plan, model);
  const int usual = request.draft ? std::max(std::min(defaults.steps, kDraftSteps), (defaults.steps + 1) / 2)
                                  : defaults.steps;
  plan.sampling.steps = request.steps.value_or(usual);
  in_range("--steps", plan.sampling.steps, 1, 1000);
  plan.sampling.guidance = in_range("--guidance", request.guidance.value_or(defaults.guidance), 0, 100);
  plan.sampling.guidance_2 = in_range(
      "--guidance-2",
      request.guidance_2.value_or(request.guidance ? plan.sampling.guidance : defaults.guidance_2), 0, 100);
  plan.sampling.flow_shift =
      in_range("--flow-shift", request.flow_shift.value_or(defaults.flow_shift), 0.01, 100);
  plan.sampling.scheduler = request.scheduler.value_or(defaults.scheduler);
  plan.sampling.even_levels =
      plan.sampling.preset == "fast" && model.is_published && plan.sampling.scheduler == "euler";
  if (plan.sampling.scheduler != "unipc" && plan.sampling.scheduler != "euler" &&
      plan.sampling.scheduler != "dpm++") {
    bad_option("--scheduler " + plan.sampling.scheduler, "unipc, euler or dpm++");
  }
  plan.sampling.negative_prompt = request.negative_prompt.value_or(model.negative_prompt);
  plan.sampling.boundary_ratio =
      model.folder.has("transformer_2") ? model.folder.boundary_ratio : std::nullopt;
  plan.sampling.expand_timesteps = model.folder.expand_timesteps;
}

// In windows that go on freely from the one before; each still sees the frames that it goes on from. Whether
// there are any. Frames that are put in place at each step, for networks without a timestep for each token,
// must be what comes before.
bool set_anchors(Plan& plan) {
  if (!plan.sampling.expand_timesteps || !plan.inputs.shots.empty()) return false;
  bool any = false;
  for (std::size_t i = 1; i < plan.timeline.windows.size(); ++i) {
    Window& window = plan.timeline.windows[i];
    window.anchored = window.held > 1 && window.held_end == 0;
    any = any || window.anchored;
  }
  return any;
}

// Not where each window has frames of its own to follow, or goes on from those after it.
void plan_drift_control(Plan& plan) {
  const double strength =
      in_range("--drift-control", plan.request.drift_control.value_or(kDriftControl), 0, 1);
  const bool applies = verb_kind(plan.request.verb) != VerbKind::remix && !plan.request.backward;
  plan.timeline.drift_control = applies && plan.timeline.windows.size() > 1 ? strength : 0;
  if (plan.timeline.drift_control > 0) {
    const bool anchored = set_anchors(plan);
    plan.notes.push_back(
        "colour, contrast and sharpness are held to those of " +
        std::string(plan.inputs.shots.empty() ? "the first window" : "each shot's first window") +
        (anchored ? ", and later windows see its first frame" : "") + ", strength " +
        text_of(plan.timeline.drift_control) + " (--drift-control 0 turns it off)");
  }
}

bool is_still(const Request& request) {
  const OutputFormat format =
      resolve_output(request.output.value_or("video.mp4"), request.format, request.codec, request.pix_fmt);
  return format.still && !format.sequence;
}

void check_still(const Request& request, std::int64_t frames) {
  if (frames == 1) return;
  bad_option("--output " + request.output.value_or(""),
             "a container for video, or a numbered name such as dir/%05d.png, for " + std::to_string(frames) +
                 " frames");
}

void plan_time(Plan& plan, const ModelFacts& model, bool still) {
  const Request& request = plan.request;
  // A remix goes frame by frame, whatever the rate.
  plan.timeline.model_fps =
      verb_kind(request.verb) == VerbKind::remix ? request.fps.value_or(model.fps) : model.fps;
  plan.timeline.fps = in_range("--fps", request.fps.value_or(model.fps), 0.1, 1000);
  if (request.seconds && request.frames) bad_option("--seconds and --frames", "one of the two");
  if (request.frames) {
    if (*request.frames < 1 || *request.frames > kMostFrames) {
      bad_option("--frames " + std::to_string(*request.frames), "1 to " + std::to_string(kMostFrames));
    }
    plan.timeline.frames = *request.frames;
  } else if (request.seconds) {
    in_range("--seconds", *request.seconds, 0.001, kLongest);
    plan.timeline.frames = std::max<std::int64_t>(1, std::llround(*request.seconds * plan.timeline.fps));
  } else if (!plan.inputs.shots.empty() && !still) {
    plan.timeline.frames =
        std::max<std::int64_t>(1, std::llround(story_length(plan, model) * plan.timeline.fps));
  } else {
    plan.timeline.frames =
        still ? 1 : std::max<std::int64_t>(1, std::llround(model.frames * plan.timeline.fps / model.fps));
  }
  if (still) check_still(request, plan.timeline.frames);
  plan_verb_windows(plan, model);
  plan_drift_control(plan);
  if (plan.timeline.windows.size() > 1) {
    plan.notes.push_back("longer than the model's native " + std::to_string(model.frames) +
                         " frames: made in " + std::to_string(plan.timeline.windows.size()) +
                         " windows, each held to the end of the one before");
  }
  if (plan.timeline.fps != model.fps && verb_kind(request.verb) != VerbKind::remix) {
    plan.notes.push_back("the model makes " + text_of(model.fps) +
                         " frames per second; they are resampled in time to " + text_of(plan.timeline.fps));
  }
}

void plan_output(Plan& plan) {
  const Request& request = plan.request;
  plan.output.path = request.output.value_or("");
  const OutputFormat format = resolve_output(plan.output.path.empty() ? "video.mp4" : plan.output.path,
                                             request.format, request.codec, request.pix_fmt);
  check_size(format, plan.picture.width, plan.picture.height);
  plan.output.container = format.container;
  plan.output.codec = format.codec;
  plan.output.pix_fmt = format.pix_fmt;
  plan.output.crf = request.crf.value_or(18);
  if (request.crf && format.max_crf == 0)
    bad_option("--crf with " + format.codec, "no --crf: this codec has no quality scale");
  if (format.max_crf > 0) in_range("--crf", plan.output.crf, 0, format.max_crf);
}

// The pictures beside the video: one still each, and no two outputs of one name.
void check_pictures(const Request& request) {
  std::vector<std::string> names{request.output.value_or("")};
  const auto check = [&](const std::string& option, const std::optional<std::string>& name) {
    if (!name) return;
    if (*name == "-")
      bad_option(option + " -", "the name of a file; standard output carries the video alone");
    const OutputFormat format = resolve_output(*name);
    if (!format.still || format.sequence) {
      bad_option(option + " " + *name, "the name of one picture: .png, .jpg or .webp");
    }
    for (const std::string& other : names) {
      if (std::filesystem::path(other).lexically_normal() ==
          std::filesystem::path(*name).lexically_normal()) {
        bad_option(option + " " + *name, "a name of its own; another output has this one");
      }
    }
    names.push_back(*name);
  };
  check("--contact-sheet", request.contact_sheet);
  check("--thumbnail", request.thumbnail);
}

// The files of tests and comparisons, looked at before any work.
void check_tensor_files(const Plan& plan) {
  if (const auto& path = plan.request.init_noise) {
    const SafetensorsFile file(*path);
    const auto found = file.tensors().find("latents");
    const std::vector<std::int64_t> shape{1, plan.picture.latent_channels,
                                          plan.timeline.windows.front().count, plan.picture.latent_height,
                                          plan.picture.latent_width};
    if (found == file.tensors().end() || found->second.shape != shape) {
      throw Error(ErrorKind::data, "noise",
                  *path + ": latents are " +
                      (found == file.tensors().end() ? "missing" : shape_text(found->second.shape)) +
                      ", the plan needs " + shape_text(shape));
    }
  }
  if (const auto& path = plan.request.dump_tensors) {
    const auto folder = std::filesystem::path(*path).parent_path();
    std::error_code code;
    if (!folder.empty() && !std::filesystem::is_directory(folder, code)) {
      throw Error(ErrorKind::cannot_create, "output", *path + ": there is no folder " + folder.string());
    }
  }
}

// What plans need to know of the machine; asked once.
struct MachineFacts {
  bool cuda = false;
  int cores = 1;
  double memory_gb = 0;  // free
};

MachineFacts look_at_machine() {
  return {cuda_device_present(), std::max(1, static_cast<int>(std::thread::hardware_concurrency())),
          available_memory_gb()};
}

void plan_machine(Plan& plan, const MachineFacts& machine) {
  const Request& request = plan.request;
  const bool cuda = request.device.rfind("cuda", 0) == 0;
  if (request.device != "auto" && request.device != "cpu" && !cuda) {
    bad_option("--device " + request.device, "auto, cpu, cuda or cuda:N");
  }
  plan.machine.device = request.device == "auto" ? (machine.cuda ? "cuda" : "cpu") : request.device;
  plan.machine.dtype = request.dtype.value_or(plan.machine.device == "cpu" ? "float32" : "bfloat16");
  if (plan.machine.dtype != "float32" && plan.machine.dtype != "bfloat16")
    bad_option("--dtype " + plan.machine.dtype, "float32 or bfloat16");
  if (plan.machine.dtype == "bfloat16" && plan.machine.device == "cpu") {
    bad_option("--dtype bfloat16", "float32 on a CPU, which computes bfloat16 a hundred times slower");
  }
  plan.machine.threads = request.threads.value_or(machine.cores);
  in_range("--threads", plan.machine.threads, 1, 1024);
}

void plan_words(Plan& plan, const std::vector<std::string>& vocabulary) {
  if (vocabulary.empty()) return;
  std::string texts = plan.request.prompt;
  for (const Shot& shot : plan.inputs.shots) texts += "\n" + shot.prompt;
  plan.unknown_words = unknown_words(texts, vocabulary);
  if (!plan.unknown_words.empty()) plan.notes.push_back(unknown_words_text(plan.unknown_words));
}

}  // namespace

struct Planner::State {
  struct Entry {
    std::filesystem::path dir;
    ModelFacts facts;
    std::string name;
    std::string digest;
    std::optional<std::string> text_digest;  // of the text encoder, once it is asked for
  };
  std::map<std::string, Entry> models;  // by what the request says of it
  MachineFacts machine = look_at_machine();
  Canvases canvases;

  Entry& model(const Request& request) {
    const std::string key = model_choice(request);
    const auto known = models.find(key);
    if (known != models.end()) return known->second;
    Entry entry;
    entry.dir = chosen_folder(request);
    entry.facts = read_model(entry.dir, chosen_files(request));
    check_loras(request, entry.facts);
    entry.name = entry.dir.empty() ? std::filesystem::path(*request.transformer).stem().string()
                                   : std::filesystem::weakly_canonical(entry.dir).filename().string();
    entry.digest = chosen_digest(request, entry.dir);
    return models.emplace(key, std::move(entry)).first->second;
  }

  /// What a request begins with, whatever it asks for.
  Plan begin(const Request& request, const Entry& model) {
    Plan plan;
    plan.request = request;
    if (!plan.request.seed) plan.request.seed = random_seed();
    plan.model.dir = model.dir;
    plan.model.name = model.name;
    plan.model.digest = model.digest;
    plan.model.family = model.facts.family->name();
    plan.model.pipeline = model.facts.folder.pipeline;
    plan.model.weight_bytes = model.facts.weight_bytes;
    plan.model.transformer_dim = model.facts.transformer_dim;
    plan.model.text_dim = model.facts.text_dim;
    plan.model.text_rows = model.facts.text_rows;
    plan_sampling(plan, model.facts);
    return plan;
  }

  /// What computes it, and what it keeps in memory.
  void fit(Plan& plan, Entry& entry) {
    plan_machine(plan, machine);
    plan_text_cache(plan, entry.facts, entry.text_digest);
    plan_memory(plan, entry.facts, machine.memory_gb);
  }

  /// Checks the outputs and what the machine has for them.
  void end(Plan& plan, Entry& entry) {
    plan_output(plan);
    plan_words(plan, entry.facts.vocabulary);
    plan_carried(plan);
    check_pictures(plan.request);
    check_tensor_files(plan);
    fit(plan, entry);
  }

  Plan plan(const Request& request) {
    Entry& entry = model(request);
    Plan plan = begin(request, entry);
    plan_inputs(plan, entry.facts);
    plan_picture(plan, entry.facts, canvases);
    plan_time(plan, entry.facts, is_still(request));
    check_images(entry.facts, request.image.has_value(), request.last_image.has_value(),
                 plan.timeline.latent_frames);
    end(plan, entry);
    return plan;
  }

  /// The stages from `source` to `size`, after what is in `before`.
  Plan stages(const Request& request, std::vector<Plan> before, const Source& source, Size size) {
    Entry& entry = model(request);
    const bool from_file = before.empty();
    Source from = source;
    for (const Size each : stage_sizes(source.size, size)) {
      const bool last = each.width == size.width && each.height == size.height;
      Plan stage = begin(request, entry);
      plan_stage(stage, entry.facts, from, each, last);
      const bool own_prompt = verb_kind(request.verb) == VerbKind::finish && !request.prompt.empty();
      if (!before.empty() && !own_prompt) {  // of a storyboard
        stage.inputs.shots = before.front().inputs.shots;
        stage.inputs.shot_images = before.front().inputs.shot_images;
        stage.inputs.fade = before.front().inputs.fade;
      }
      const double growth = std::max(static_cast<double>(each.width) / source.size.width,
                                     static_cast<double>(each.height) / source.size.height);
      stage.upscale.draft_width = static_cast<int>(std::lround(each.width / growth));
      stage.upscale.draft_height = static_cast<int>(std::lround(each.height / growth));
      if (last) {
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
      from = source_of(stage);
      from.shown_fps = source.shown_fps;
      from.shown_frames = source.shown_frames;
      before.push_back(std::move(stage));
    }
    throw Error(ErrorKind::internal, "plan", "the stages end before the size that was asked for");
  }

  Plan finish(const Request& asked) {
    check_verb_options(asked);
    Request request = asked;
    Draft draft = look_at_draft(request);
    std::vector<Plan> before;
    Source source;
    if (draft.request) {
      try {
        before.push_back(plan(*draft.request));
        if (!before.front().model.digest.starts_with(draft.model_digest))
          throw Error(ErrorKind::data, "draft", "its model is another one here, or has changed since");
        source = source_of(before.front());
        make_source(before.front());
      } catch (const Error& error) {  // its model or its inputs are gone
        draft.why_frames = "it cannot be made again: " + error.message();
        before.clear();
      }
    }
    if (before.empty()) source = source_of(draft, model(request).facts.fps);
    if (!request.seed) request.seed = random_seed();
    const Size size = finished_size(request, source, {draft.facts.width, draft.facts.height});
    Plan plan = stages(request, std::move(before), source, size);
    plan.inputs.video = draft.facts;
    plan_carried(plan);
    if (!draft.why_frames.empty() && !plan.before.empty()) plan.before.front().inputs.video = draft.facts;
    note_draft(plan, draft);
    return plan;
  }

  Plan refine(Plan small) {
    const Request request = small.request;
    const Source source = source_of(small);
    const Size size{small.picture.width, small.picture.height};
    make_source(small);
    std::vector<Plan> before;
    before.push_back(std::move(small));
    return stages(request, std::move(before), source, size);
  }
};

Planner::Planner() : state_(std::make_unique<State>()) {}
Planner::~Planner() = default;

Plan Planner::plan(const Request& request) {
  if (verb_kind(request.verb) == VerbKind::finish) return state_->finish(request);
  Plan plan = state_->plan(request);
  return request.refine && plan.picture.enlarged && plan.picture.width > plan.picture.crop_width
             ? state_->refine(plan)
             : plan;
}

Plan make_plan(const Request& request) { return Planner().plan(request); }

}  // namespace sora
