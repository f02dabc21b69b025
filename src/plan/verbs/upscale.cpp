#include "plan/verbs/upscale.h"

#include <algorithm>
#include <cmath>

#include "core/text.h"
#include "plan/geometry/tiles.h"
#include "plan/geometry/windows.h"
#include "plan/model/sampling.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr Refining kUsualStage{0.3, 3};
constexpr double kLargestFactor = 2.1;      // of one stage
constexpr int kConditioning = 2;            // conditioning frames of a window after the first
constexpr int kLongestWindow = 3;           // in native lengths
constexpr double kWindowBytes = 512e6;      // of a window's latents and frames
constexpr double kVaeBytes = 1e9;           // of a decoded chunk, on a CPU
constexpr double kVaeShare = 0.3;           // of a GPU's free memory
constexpr double kVaeDeviceBytes = 6e9;     // on a GPU whose free memory is not known
constexpr std::int64_t kVaeOverlap = 6;     // latent cells
constexpr std::int64_t kSmallestTile = 16;  // latent cells of a side, of the VAE
constexpr double kShapeTolerance = 0.02;    // of the width: shapes that differ less count as equal

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "options", message); }

std::string text_of(Size size) { return std::to_string(size.width) + "x" + std::to_string(size.height); }

std::int64_t area(Size size) { return static_cast<std::int64_t>(size.width) * size.height; }

int even(double side) { return std::max(2, 2 * static_cast<int>(std::lround(side / 2))); }

std::int64_t model_frames_for(std::int64_t frames, double fps, double model_fps) {
  return std::llround(static_cast<double>(frames - 1) / fps * model_fps) + 1;
}

void plan_time(Plan& plan, const ModelFacts& model, const Source& source, bool last) {
  const Request& request = plan.request;
  plan.timeline.model_fps = source.fps;
  plan.timeline.fps = last ? request.fps.value_or(source.shown_fps) : source.fps;
  if (!(plan.timeline.fps >= 0.1 && plan.timeline.fps <= 1000))
    wrong("--fps: expected a number from 0.1 to 1000");
  const auto longest = static_cast<std::int64_t>(
      std::floor(static_cast<double>(source.shown_frames) / source.shown_fps * plan.timeline.fps + 1e-6));
  plan.timeline.frames = std::max<std::int64_t>(1, longest);
  if (request.seconds && request.frames) wrong("--seconds and --frames: expected one of the two");
  if (last && (request.seconds || request.frames)) {
    const auto wanted = request.frames ? static_cast<double>(*request.frames)
                                       : std::round(*request.seconds * plan.timeline.fps);
    if (!(wanted >= 1 && wanted <= static_cast<double>(plan.timeline.frames))) {
      wrong("finish makes at most the " + std::to_string(plan.timeline.frames) +
            " frames that the draft shows; for a longer video, make a longer draft");
    }
    plan.timeline.frames = static_cast<std::int64_t>(wanted);
  }
  plan.timeline.model_frames =
      last ? std::min(source.frames,
                      model_frames_for(plan.timeline.frames, plan.timeline.fps, plan.timeline.model_fps))
           : source.frames;
  if (!last) plan.timeline.frames = source.frames;

  const int scale = model.temporal_scale;
  const int native = (model.frames - 1) / scale + 1;
  const int latents = static_cast<int>((plan.timeline.model_frames - 1 + scale - 1) / scale) + 1;
  // Latents, predictions and the scheduler's history; frames as bytes, and decoded ones in fp16.
  const double latent_frame_bytes =
      6.0 * plan.picture.latent_channels * plan.picture.latent_height * plan.picture.latent_width * 4 +
      9.0 * scale * plan.picture.model_width * plan.picture.model_height;
  const int fits = static_cast<int>(std::min(1e6, kWindowBytes / latent_frame_bytes));
  int window = std::clamp(fits, native, kLongestWindow * native);
  if (latents > window && window > kConditioning) {  // all windows of about one length
    const int count = (latents - kConditioning + window - kConditioning - 1) / (window - kConditioning);
    window = std::max(native, kConditioning + (latents - kConditioning + count - 1) / count);
  }
  plan.timeline.windows = plan_windows(latents, window, kConditioning);
  plan.timeline.latent_frames = 0;
  for (const Window& each : plan.timeline.windows)
    plan.timeline.latent_frames = std::max(plan.timeline.latent_frames, each.first + each.count);
}

TileAxis axis(std::int64_t size, std::int64_t grid, std::int64_t share) {
  return {size, std::max(grid, size / share / grid * grid)};
}

void plan_tiles(Picture& picture, const Timeline& timeline, const ModelFacts& model) {
  std::int64_t rows = std::max(1, model.height / (model.spatial_scale * model.patch_height));
  std::int64_t columns = std::max(1, model.width / (model.spatial_scale * model.patch_width));
  if ((rows < columns) != (picture.latent_height < picture.latent_width) && rows != columns)
    std::swap(rows, columns);
  const std::int64_t frames = (model.frames - 1) / model.temporal_scale + 1;
  Tiling tiling{axis(frames, 1, 2), axis(rows * model.patch_height, model.patch_height, 2),
                axis(columns * model.patch_width, model.patch_width, 2)};
  std::int64_t longest = 0;
  for (const Window& window : timeline.windows) longest = std::max<std::int64_t>(longest, window.count);
  if (tiling.frames.size < longest || tiling.rows.size < picture.latent_height ||
      tiling.columns.size < picture.latent_width) {
    picture.tiling = tiling;
  }
}

// A stage makes the last steps of a longer schedule: sets that schedule's length and the first step of the
// stage so that the stage begins as near as possible to the noise level of --strength.
void plan_steps(Sampling& sampling, const Request& request, const Refining& usual) {
  // With remix --refine, --strength belongs to the remix.
  const bool own_level = !request.refine || verb_kind(request.verb) != VerbKind::remix;
  const double level = own_level ? request.strength.value_or(usual.level) : usual.level;
  if (!(level >= 0 && level <= 1)) {
    wrong("--strength: expected a noise level from 0 (enlarged only, not denoised) to 1");
  }
  const bool own_steps = request.steps && verb_kind(request.verb) == VerbKind::finish;
  const int made = level == 0 ? 0 : (own_steps ? *request.steps : usual.steps);
  if (made < 0 || made > 1000)
    wrong("--steps " + std::to_string(made) + ": expected a number from 1 to 1000");
  // sigma = shift u / (1 + (shift - 1) u), u falling evenly from 1 to 0
  const double u = level / (sampling.flow_shift - (sampling.flow_shift - 1) * level);
  sampling.steps = made == 0 ? 1 : std::clamp(static_cast<int>(std::lround(made / u)), made, 1000);
  sampling.first_step = sampling.steps - made;
  sampling.sigmas.clear();  // of a whole run
}

// Tiles of the VAE in which a decoded chunk takes at most about `bytes`; empty where the whole picture does.
std::optional<Tiling> vae_tiling_for(const Picture& picture, const ModelFacts& model, double bytes,
                                     bool on_cpu) {
  const std::int64_t scale = model.spatial_scale;
  std::int64_t rows = picture.latent_height, columns = picture.latent_width;
  while (static_cast<double>(model.decoder_bytes(rows * scale, columns * scale, on_cpu)) > bytes &&
         std::max(rows, columns) > kSmallestTile) {
    std::int64_t& longer = rows >= columns ? rows : columns;
    longer = std::max(kSmallestTile, (longer + 1) / 2 + kVaeOverlap / 2);
  }
  if (rows == picture.latent_height && columns == picture.latent_width) return {};
  return Tiling{{1, 0}, {rows, kVaeOverlap}, {columns, kVaeOverlap}};
}

std::string crop_text(const Plan& plan) {
  return text_of({plan.picture.crop_width, plan.picture.crop_height});
}

int steps_made(const Plan& stage) { return stage.sampling.steps - stage.sampling.first_step; }

void note_enlarging(Plan& last, const std::vector<const Plan*>& stages) {
  std::string sizes;
  for (const Plan* stage : stages) sizes += (sizes.empty() ? "" : ", ") + crop_text(*stage);
  const int made = steps_made(last);
  std::string note = "made larger in " + std::to_string(stages.size()) +
                     (stages.size() == 1 ? " stage (" : " stages (") + sizes + "), each enlarged" +
                     (made == 0 ? std::string(", encoded and decoded")
                                : ", re-noised and denoised in " + std::to_string(made) + " steps");
  if (last.picture.tiling && made > 0) {
    const auto scale = static_cast<std::int64_t>(last.picture.model_width / last.picture.latent_width);
    note += " in tiles of " + std::to_string(last.picture.tiling->columns.size * scale) + "x" +
            std::to_string(last.picture.tiling->rows.size * scale) + ", blended";
  }
  last.notes.push_back(note);
}

}  // namespace

Source source_of(const Picture& picture, const Timeline& timeline) {
  return {{picture.crop_width, picture.crop_height},
          timeline.model_fps,
          timeline.model_frames,
          timeline.fps,
          timeline.frames};
}

Source source_of(const Draft& draft, double native_fps) {
  const InputFacts& facts = draft.facts;
  Source source{{facts.width, facts.height}, facts.fps, facts.frames, 0, 0};
  if (facts.is_image) {
    source.fps = native_fps;
    source.frames = 1;
  }
  if (!(source.fps > 0))
    wrong("the draft's file does not say its frame rate; use a file of another kind, such as .mp4 or .mkv");
  source.fps = std::clamp(source.fps, 0.1, 1000.0);
  if (source.frames <= 0 || (!facts.steady_rate && !facts.is_image))
    source.frames = std::llround(facts.duration * source.fps);
  if (source.frames < 1)
    wrong("the draft's file does not say its length; use a file of another kind, such as .mp4 or .mkv");
  source.shown_fps = source.fps;
  source.shown_frames = source.frames;
  return source;
}

Size finished_size(const Request& request, const Source& source, Size file) {
  if (!request.res) wrong("finish needs --res, the size of the finished video, as in --res 1920x1080");
  std::optional<std::string> aspect = request.aspect;
  // "1080p" of a portrait or a square draft has the draft's shape.
  const bool named = request.res->find('x') == std::string::npos;
  if (named && !aspect) aspect = std::to_string(file.width) + ":" + std::to_string(file.height);
  const Size size = *parse_res(request.res, aspect);
  if (size.width < file.width || size.height < file.height || area(size) <= area(source.size)) {
    wrong("--res " + *request.res + " is not larger than the draft, which has " + text_of(file) +
          "; finish makes a video larger, remix changes it at its own size");
  }
  return size;
}

bool is_refined(const Request& request, const ModelFacts& model) {
  if (!model.refining || request.draft || request.image || request.last_image || !request.shot_image.empty())
    return false;
  const VerbKind kind = verb_kind(request.verb);
  return kind == VerbKind::generate || kind == VerbKind::storyboard ||
         (kind == VerbKind::loop && !request.input);
}

std::vector<Stage> stages_between(Size from, Size to) {
  const double growth =
      std::max(static_cast<double>(to.width) / from.width, static_cast<double>(to.height) / from.height);
  const int count =
      std::max(1, static_cast<int>(std::ceil(std::log(growth) / std::log(kLargestFactor) - 1e-9)));
  std::vector<Stage> stages;
  for (int i = 1; i < count; ++i) {
    const double share = std::pow(growth, static_cast<double>(i - count) / count);
    stages.push_back({{even(to.width * share), even(to.height * share)}});
  }
  stages.push_back({to});
  return stages;
}

std::vector<Stage> stages_of_own(Size from, Size to, const ModelFacts& model, bool only_refines) {
  const double native_area = static_cast<double>(model.width) * model.height;
  const auto from_area = static_cast<double>(area(from)), to_area = static_cast<double>(area(to));
  std::vector<Stage> stages;
  if (model.refining && 2 * from_area <= native_area) {
    const double share = std::min(1.0, std::sqrt(native_area / to_area));
    stages.push_back({share == 1 ? to : Size{even(to.width * share), even(to.height * share)}, true});
    if (share == 1 || only_refines) return stages;
    from = stages.back().size;
  }
  const std::vector<Stage> larger = stages_between(from, to);
  stages.insert(stages.end(), larger.begin(), larger.end());
  return stages;
}

void make_source(Plan& plan) {
  plan.picture.width = plan.picture.frame_width = plan.picture.crop_width;
  plan.picture.height = plan.picture.frame_height = plan.picture.crop_height;
  plan.picture.enlarged = false;
  plan.picture.tiny.decodes_file = false;
  plan.timeline.fps = plan.timeline.model_fps;
  plan.timeline.frames = plan.timeline.model_frames;
  plan.output.path = "-";
  plan.output.container = "matroska";
  plan.output.codec = "ffv1";
  plan.output.pix_fmt = "bgr0";
  plan.output.crf = 0;
  Request& request = plan.request;
  request.output = "-";
  request.contact_sheet.reset();
  request.thumbnail.reset();
  request.dump_tensors.reset();
  request.sidecar = request.keep_latents = false;
}

void plan_stage(Plan& plan, const ModelFacts& model, const Source& source, const Stage& stage, bool last) {
  if (model.image.concat) {
    wrong(plan.model.name + " makes videos from images only; use a model that needs none: --model NAME");
  }
  plan.upscale.active = true;
  plan.upscale.follows_draft = !stage.refines;
  const Size size = stage.size;
  const Size grid{model.spatial_scale * model.patch_width, model.spatial_scale * model.patch_height};
  const Canvas canvas = exact_canvas(size, grid);
  plan.picture.model_width = canvas.made.width;
  plan.picture.model_height = canvas.made.height;
  plan.picture.crop_width = plan.picture.frame_width = plan.picture.width = size.width;
  plan.picture.crop_height = plan.picture.frame_height = plan.picture.height = size.height;
  plan.picture.latent_channels = model.latent_channels;
  plan.picture.latent_width = plan.picture.model_width / model.spatial_scale;
  plan.picture.latent_height = plan.picture.model_height / model.spatial_scale;
  plan_time(plan, model, source, last);
  plan_tiles(plan.picture, plan.timeline, model);
  plan_shift_by_tokens(plan, model);
  plan_steps(plan.sampling, plan.request, stage.refines ? *model.refining : kUsualStage);
  const double limit = plan.request.max_memory.value_or(1e6) * 1e9;
  const Machine& machine = plan.machine;
  const bool on_cpu = machine.device == "cpu";
  const double most = on_cpu                ? kVaeBytes
                      : machine.free_gb > 0 ? kVaeShare * machine.free_gb * 1e9
                                            : kVaeDeviceBytes;
  plan.picture.vae_tiling = vae_tiling_for(plan.picture, model, std::min(most, limit / 4), on_cpu);
}

void note_stages(Plan& last, const std::vector<Plan>& before, bool from_file) {
  std::vector<const Plan*> stages;
  for (std::size_t i = from_file ? 0 : 1; i < before.size(); ++i) stages.push_back(&before[i]);
  stages.push_back(&last);
  if (!stages.front()->upscale.follows_draft) {
    last.notes.push_back("the picture is composed at " + crop_text(before.front()) + " and refined at " +
                         crop_text(*stages.front()) + " in " + std::to_string(steps_made(*stages.front())) +
                         " steps, as suits the model best");
    stages.erase(stages.begin());
  }
  if (!stages.empty()) note_enlarging(last, stages);
  if (last.picture.vae_tiling) last.notes.push_back("the VAE works in tiles, so that it fits into memory");
  if (last.timeline.windows.size() > 1) {
    last.notes.push_back("made in " + std::to_string(last.timeline.windows.size()) +
                         " windows, each conditioned on the last frames of the one before");
  }
}

void note_draft(Plan& plan, const Draft& draft) {
  const Size made{plan.upscale.draft_width, plan.upscale.draft_height};
  if (draft.why_frames.empty()) {
    const bool kept = !plan.before.empty() && plan.before.front().inputs.latents;
    plan.notes.insert(plan.notes.begin(),
                      std::string(kept ? "the draft is decoded from its kept latents"
                                       : "the draft is made again from its seed and parameters") +
                          ", at " + text_of(made) + ", the size that its network makes");
  } else {
    plan.notes.insert(plan.notes.begin(), "the frames in the draft's file are used: " + draft.why_frames);
  }
  if (plan.request.prompt.empty() && plan.inputs.shots.empty())
    plan.notes.emplace_back("there is no prompt; --prompt describes to the model what the draft shows");
}

Request stage_request(const Plan& stage, const std::string& path) {
  Request request = stage.request;
  request.verb = "finish";
  request.input = path;
  request.refine = request.draft = request.backward = request.only_new = false;
  request.image.reset();
  request.last_image.reset();
  request.input_2.reset();
  request.control.reset();
  request.control_kind.reset();
  request.reference.clear();
  // Where the shape differs by the rounding of the sides alone, nothing is cropped.
  const double width = stage.inputs.video->width;
  const double wanted =
      static_cast<double>(stage.inputs.video->height) * stage.picture.crop_width / stage.picture.crop_height;
  if (std::abs(width - wanted) <= std::max(2.0, kShapeTolerance * width)) request.fit = "stretch";
  return request;
}

int steps_of(const Plan& plan) {
  int steps =
      (plan.sampling.steps - plan.sampling.first_step) * static_cast<int>(plan.timeline.windows.size());
  for (const Plan& each : plan.before) steps += steps_of(each);
  return steps;
}

}  // namespace sora
