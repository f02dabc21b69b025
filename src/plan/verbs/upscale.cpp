#include "plan/verbs/upscale.h"

#include <algorithm>
#include <cmath>

#include "core/text.h"
#include "plan/geometry/tiles.h"
#include "plan/geometry/windows.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr double kLevel = 0.3;  // that a stage begins from, of 0 to 1
constexpr int kSteps = 3;       // that a stage makes
constexpr double kGrowth = 2.1;
constexpr int kHeld = 2;                 // latent frames that a window takes from the one before
constexpr int kLongest = 3;              // windows of the native length in one
constexpr double kWindowBytes = 512e6;   // of a window's latents and frames
constexpr double kVaeBytes = 1e9;        // of a chunk of the VAE
constexpr std::int64_t kVaeOverlap = 6;  // cells
constexpr std::int64_t kVaeLeast = 16;
constexpr double kSameShape = 0.02;  // of the width: two shapes that differ less are one

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
      wrong("finish makes at most what the draft shows, " + std::to_string(plan.timeline.frames) +
            " frames; it makes no longer video: draft a longer one");
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
  const int alone = static_cast<int>((plan.timeline.model_frames - 1 + scale - 1) / scale) + 1;
  // Latents, the scheduler's history and what is predicted; frames as bytes, and decoded ones in fp16.
  const double a_frame =
      6.0 * plan.picture.latent_channels * plan.picture.latent_height * plan.picture.latent_width * 4 +
      9.0 * scale * plan.picture.model_width * plan.picture.model_height;
  const int fits = static_cast<int>(std::min(1e6, kWindowBytes / a_frame));
  int window = std::clamp(fits, native, kLongest * native);
  if (alone > window && window > kHeld) {  // all of about one length
    const int count = (alone - kHeld + window - kHeld - 1) / (window - kHeld);
    window = std::max(native, kHeld + (alone - kHeld + count - 1) / count);
  }
  plan.timeline.windows = plan_windows(alone, window, kHeld);
  plan.timeline.latent_frames = 0;
  for (const Window& each : plan.timeline.windows)
    plan.timeline.latent_frames = std::max(plan.timeline.latent_frames, each.first + each.count);
}

TileAxis axis(std::int64_t size, std::int64_t grid, std::int64_t share) {
  return {size, std::max(grid, size / share / grid * grid)};
}

void plan_tiles(Plan& plan, const ModelFacts& model) {
  std::int64_t rows = std::max(1, model.height / (model.spatial_scale * model.patch_height));
  std::int64_t columns = std::max(1, model.width / (model.spatial_scale * model.patch_width));
  if ((rows < columns) != (plan.picture.latent_height < plan.picture.latent_width) && rows != columns)
    std::swap(rows, columns);
  const std::int64_t frames = (model.frames - 1) / model.temporal_scale + 1;
  Tiling tiling{axis(frames, 1, 2), axis(rows * model.patch_height, model.patch_height, 2),
                axis(columns * model.patch_width, model.patch_width, 2)};
  std::int64_t longest = 0;
  for (const Window& window : plan.timeline.windows) longest = std::max<std::int64_t>(longest, window.count);
  if (tiling.frames.size < longest || tiling.rows.size < plan.picture.latent_height ||
      tiling.columns.size < plan.picture.latent_width) {
    plan.picture.tiling = tiling;
  }
}

// The steps whose first level is nearest to the one that is asked for.
void plan_steps(Plan& plan) {
  const Request& request = plan.request;
  const bool own_level = !request.refine || verb_kind(request.verb) != VerbKind::remix;
  const double level = own_level ? request.strength.value_or(kLevel) : kLevel;
  if (!(level >= 0 && level <= 1)) {
    wrong("--strength: expected a noise level from 0 (enlarged, nothing is denoised) to 1");
  }
  const bool own_steps = request.steps && !request.refine;
  const int made = level == 0 ? 0 : (own_steps ? *request.steps : kSteps);
  if (made < 0 || made > 1000)
    wrong("--steps " + std::to_string(made) + ": expected a number from 1 to 1000");
  // sigma = shift u / (1 + (shift - 1) u), u falling evenly from 1 to 0
  const double u = level / (plan.sampling.flow_shift - (plan.sampling.flow_shift - 1) * level);
  plan.sampling.steps = made == 0 ? 1 : std::clamp(static_cast<int>(std::lround(made / u)), made, 1000);
  plan.sampling.first_step = plan.sampling.steps - made;
}

}  // namespace

Source source_of(const Plan& plan) {
  return {{plan.picture.crop_width, plan.picture.crop_height},
          plan.timeline.model_fps,
          plan.timeline.model_frames,
          plan.timeline.fps,
          plan.timeline.frames};
}

Source source_of(const Draft& draft, double native_fps) {
  const InputFacts& facts = draft.facts;
  Source source{{facts.width, facts.height}, facts.fps, facts.frames, 0, 0};
  if (facts.is_image) {
    source.fps = native_fps;
    source.frames = 1;
  }
  if (!(source.fps > 0)) wrong("the draft does not say its frame rate; write it into a file of another kind");
  source.fps = std::clamp(source.fps, 0.1, 1000.0);
  if (source.frames <= 0 || (!facts.steady_rate && !facts.is_image))
    source.frames = std::llround(facts.duration * source.fps);
  if (source.frames < 1) wrong("the draft does not say its length; write it into a file of another kind");
  source.shown_fps = source.fps;
  source.shown_frames = source.frames;
  return source;
}

Size finished_size(const Request& request, const Source& source, Size file) {
  if (!request.res) wrong("finish needs --res, the size to make the draft at, as in --res 1920x1080");
  std::optional<std::string> aspect = request.aspect;
  // "1080p" of a portrait or a square is its own 1080p.
  const bool named = request.res->find('x') == std::string::npos;
  if (named && !aspect) aspect = std::to_string(file.width) + ":" + std::to_string(file.height);
  const Size size = *parse_res(request.res, aspect);
  if (size.width < file.width || size.height < file.height || area(size) <= area(source.size)) {
    wrong("--res " + *request.res + " is not larger than the draft, which has " + text_of(file) +
          "; finish makes a video larger, and remix makes it anew at its own size");
  }
  return size;
}

std::vector<Size> stage_sizes(Size from, Size to) {
  const double growth =
      std::max(static_cast<double>(to.width) / from.width, static_cast<double>(to.height) / from.height);
  const int stages = std::max(1, static_cast<int>(std::ceil(std::log(growth) / std::log(kGrowth) - 1e-9)));
  std::vector<Size> sizes;
  for (int i = 1; i < stages; ++i) {
    const double share = std::pow(growth, static_cast<double>(i - stages) / stages);
    sizes.push_back({even(to.width * share), even(to.height * share)});
  }
  sizes.push_back(to);
  return sizes;
}

void make_source(Plan& plan) {
  plan.picture.width = plan.picture.frame_width = plan.picture.crop_width;
  plan.picture.height = plan.picture.frame_height = plan.picture.crop_height;
  plan.picture.enlarged = false;
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
  request.sidecar = false;
}

std::optional<Tiling> vae_tiling_for(const Plan& plan, const ModelFacts& model, double bytes) {
  const std::int64_t scale = model.spatial_scale;
  std::int64_t rows = plan.picture.latent_height, columns = plan.picture.latent_width;
  while (static_cast<double>(model.decoder_bytes(rows * scale, columns * scale)) > bytes &&
         std::max(rows, columns) > kVaeLeast) {
    std::int64_t& longer = rows >= columns ? rows : columns;
    longer = std::max(kVaeLeast, (longer + 1) / 2 + kVaeOverlap / 2);
  }
  if (rows == plan.picture.latent_height && columns == plan.picture.latent_width) return {};
  return Tiling{{1, 0}, {rows, kVaeOverlap}, {columns, kVaeOverlap}};
}

void plan_stage(Plan& plan, const ModelFacts& model, const Source& source, Size size, bool last) {
  if (model.image.joined) {
    wrong(plan.model.name +
          " makes videos of images alone; finish with a model that needs none: --model NAME");
  }
  plan.upscale.active = true;
  plan_steps(plan);
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
  plan_tiles(plan, model);
  const double limit = plan.request.max_memory.value_or(1e6) * 1e9;
  plan.picture.vae_tiling = vae_tiling_for(plan, model, std::min(kVaeBytes, limit / 4));
}

void note_stages(Plan& last, const std::vector<Plan>& before, bool from_file) {
  std::string sizes;
  for (std::size_t i = from_file ? 0 : 1; i < before.size(); ++i)
    sizes += text_of({before[i].picture.crop_width, before[i].picture.crop_height}) + ", ";
  sizes += text_of({last.picture.crop_width, last.picture.crop_height});
  const int made = last.sampling.steps - last.sampling.first_step;
  std::string note = "made larger in " + std::to_string(before.size() + (from_file ? 1 : 0)) + " stages (" +
                     sizes + "), each enlarged" +
                     (made == 0 ? std::string(" and passed through the VAE")
                                : ", re-noised and denoised in " + std::to_string(made) + " steps");
  if (last.picture.tiling && made > 0) {
    const auto scale = static_cast<std::int64_t>(last.picture.model_width / last.picture.latent_width);
    note += " in tiles of " + std::to_string(last.picture.tiling->columns.size * scale) + "x" +
            std::to_string(last.picture.tiling->rows.size * scale) + ", blended";
  }
  last.notes.push_back(note);
  if (last.picture.vae_tiling)
    last.notes.push_back("the VAE sees the picture in tiles, so that it fits into memory");
  if (last.timeline.windows.size() > 1) {
    last.notes.push_back("made in " + std::to_string(last.timeline.windows.size()) +
                         " windows, each held to the end of the one before");
  }
}

void note_draft(Plan& plan, const Draft& draft) {
  const Size made{plan.upscale.draft_width, plan.upscale.draft_height};
  if (draft.why_frames.empty()) {
    plan.notes.insert(plan.notes.begin(), "the draft is made again from its seed and parameters, at " +
                                              text_of(made) + ", as the network made it");
  } else {
    plan.notes.insert(plan.notes.begin(), "the draft is taken from its frames: " + draft.why_frames);
  }
  if (plan.request.prompt.empty() && plan.inputs.shots.empty())
    plan.notes.emplace_back("there is no prompt: the model is not told what it sees; --prompt tells it");
}

Request stage_request(const Plan& stage, const std::string& path) {
  Request request = stage.request;
  request.verb = "finish";
  request.input = path;
  request.refine = request.draft = request.backward = request.only_new = false;
  request.image.reset();
  request.last_image.reset();
  request.input_2.reset();
  // Of one shape but for the rounding of its sides: no part is cut off for that.
  const double width = stage.inputs.video->width;
  const double wanted =
      static_cast<double>(stage.inputs.video->height) * stage.picture.crop_width / stage.picture.crop_height;
  if (std::abs(width - wanted) <= std::max(2.0, kSameShape * width)) request.fit = "stretch";
  return request;
}

int steps_of(const Plan& plan) {
  int steps =
      (plan.sampling.steps - plan.sampling.first_step) * static_cast<int>(plan.timeline.windows.size());
  for (const Plan& each : plan.before) steps += steps_of(each);
  return steps;
}

}  // namespace sora
