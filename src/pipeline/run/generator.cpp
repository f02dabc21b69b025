// A run: load -> condition -> for each window: denoise -> decode -> write.
#include "sora/generator.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <limits>
#include <new>
#include <optional>
#include <system_error>
#include <vector>

#include "core/log.h"
#include "core/output_file.h"
#include "media/write/video_writer.h"
#include "pipeline/denoise/denoise.h"
#include "pipeline/denoise/image_frames.h"
#include "pipeline/denoise/known_frames.h"
#include "pipeline/denoise/lead_back.h"
#include "pipeline/denoise/previewer.h"
#include "pipeline/denoise/storyboard.h"
#include "pipeline/frames/drift.h"
#include "pipeline/frames/frames.h"
#include "pipeline/frames/join.h"
#include "pipeline/frames/pictures.h"
#include "pipeline/frames/scratch_video.h"
#include "pipeline/frames/settle.h"
#include "pipeline/inputs/input_facts.h"
#include "pipeline/networks/model.h"
#include "pipeline/networks/tiled_vae.h"
#include "pipeline/run/kept_latents.h"
#include "pipeline/run/reporter.h"
#include "pipeline/text/prompt_embeds.h"
#include "plan/finish.h"
#include "plan/metadata.h"
#include "plan/model_choice.h"
#include "plan/verb.h"
#include "sampling/noise.h"
#include "sora/error.h"
#include "weights/tensor_file.h"

namespace sora {
namespace {

VideoSettings video_settings(const Plan& plan, const std::string& comment) {
  VideoSettings settings;
  settings.source_width = plan.picture.frame_width;
  settings.source_height = plan.picture.frame_height;
  settings.width = plan.picture.width;
  settings.height = plan.picture.height;
  settings.fps = plan.timeline.fps;
  settings.container = plan.output.container;
  settings.codec = plan.output.codec;
  settings.pix_fmt = plan.output.pix_fmt;
  settings.crf = plan.output.crf;
  if (comment.empty()) return settings;  // between two stages
  settings.metadata = {{"comment", comment}};
  settings.sounds = plan.output.audio;
  if (plan.request.copy) {
    settings.copies.push_back(*plan.request.input);
    if (plan.request.input_2) settings.copies.push_back(*plan.request.input_2);
  }
  return settings;
}

at::Tensor initial_noise(const Plan& plan, NoiseSource& source, const Window& window) {
  const std::vector<std::int64_t> shape{1, plan.picture.latent_channels, window.count,
                                        plan.picture.latent_height, plan.picture.latent_width};
  if (!plan.request.init_noise || window.first > 0) return source.draw(shape);
  return read_tensor(*plan.request.init_noise, "latents");  // its shape was checked with the plan
}

// Where a run's frames go: into a file of their own, or beside the clips that they go on from.
std::unique_ptr<FrameOut> open_frames(const Plan& plan, FrameWriter& writer, const Given& given) {
  if (joins_clips(plan.request)) return std::make_unique<JoinSink>(plan, writer, given);
  return std::make_unique<FrameSink>(plan, writer);
}

// Of the video that a stage makes for the next one.
InputFacts facts_between_stages(const Plan& stage) {
  InputFacts facts;
  facts.width = stage.picture.crop_width;
  facts.height = stage.picture.crop_height;
  facts.fps = stage.timeline.model_fps;
  facts.steady_rate = true;
  return facts;
}

// On the CPU libtorch reports a failed allocation as a plain c10::Error, told apart by its text alone.
bool is_out_of_memory(const c10::Error& error) {
  return dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
         std::string(error.what_without_backtrace()).find("can't allocate memory") != std::string::npos;
}

at::Tensor last_of(const at::Tensor& frames) { return frames.narrow(0, frames.size(0) - 1, 1); }

// What --dump-tensors writes.
struct Dump {
  explicit Dump(const Request& request) : wanted(request.dump_tensors.has_value()) {
    if (wanted) file.emplace(*request.dump_tensors, request.overwrite);
  }

  bool wanted;
  std::optional<OutputFile> file;  // opened at once, so that it fails early
  at::Tensor noise_pred;
  std::vector<at::Tensor> latents, video;
};

void write_dump(const Plan& plan, const Conditioning& text, Dump& dump) {
  std::map<std::string, at::Tensor> tensors{
      {"prompt_embeds", text.prompts.front().embeds},
      {"noise_pred_0", dump.noise_pred},
      {"latents", at::cat(dump.latents, 2)},
      {"video", at::cat(dump.video, 0).narrow(0, 0, plan.timeline.model_frames)}};
  if (plan.sampling.guidance > 1) tensors["negative_prompt_embeds"] = text.negative.embeds;
  write_tensors(*dump.file, tensors);
}

}  // namespace

struct Generator::State {
  Model model;
  std::string key;  // model_key() of what is loaded
  PromptEmbeds prompts;
  Conditioning text;

  Result run(const Plan& plan, const RunHooks& hooks);
  Result make_all(const Plan& plan, const RunHooks& hooks, Reporter& report, Keeper& keeper);
  Result make(const Plan& plan, FrameWriter& writer, const RunHooks& hooks, Reporter& report, Keeper& keeper);
  void load(const Plan& plan, bool denoises, const ComingTexts& coming, Reporter& report);
  void forget();
};

Generator::Generator() : state_(std::make_unique<State>()) { use_own_probe(); }
Generator::~Generator() = default;

void Generator::State::forget() {
  prompts.clear();
  text = {};
  model = {};
  key.clear();
}

// The text encoder comes first, so that it can be gone before the rest is loaded.
void Generator::State::load(const Plan& plan, bool denoises, const ComingTexts& coming, Reporter& report) {
  const std::string wanted = model_key(plan);
  if (key != wanted) forget();  // before the next one takes its place in memory
  bool loads = false;
  if (denoises) {
    prompts.prepare(model, plan, coming, [&] {
      if (!plan.machine.frees_text_encoder) return;
      loads = true;
      report.enter(Phase::encode_text);
    });
  }
  const bool lacks_image_encoder =
      model.denoiser && model.denoiser->attends_to_images() && !model.image_encoder;
  const bool there = model.vae && (!denoises || (model.denoiser && !lacks_image_encoder));
  if (there && !loads) report.loaded_before();
  if (!there) {
    report.enter(Phase::load);
    load_model(model, plan, denoises);
  }
  key = wanted;
}

Result Generator::State::run(const Plan& plan, const RunHooks& hooks) {
  const c10::InferenceMode inference;
  if (plan.machine.threads > 0) at::set_num_threads(plan.machine.threads);
  Reporter report(plan, hooks);
  // The dump wants every step of one process.
  const Keep keep = plan.request.dump_tensors ? Keep{} : hooks.keep;
  Keeper keeper(plan, keep);
  try {
    Result result = make_all(plan, hooks, report, keeper);
    keeper.finished();
    return result;
  } catch (const Error& error) {
    // The next run opens the model's files anew: a whole one may lie there by then.
    if (error.component() == "checkpoint") forget();
    // A pipe that is closed is no failure, and nothing would go on from there.
    const std::string advice = error.kind() == ErrorKind::reader_gone ? "" : keeper.failed(report.elapsed());
    if (advice.empty()) throw;
    throw Error(error.kind(), error.component(), error.message() + "; " + advice);
  } catch (...) {
    const std::string advice = keeper.failed(report.elapsed());
    if (!advice.empty()) log(LogLevel::info, advice);
    throw;
  }
}

// What comes before is made first, each from the video of the one before it; most plans have nothing there.
Result Generator::State::make_all(const Plan& plan, const RunHooks& hooks, Reporter& report, Keeper& keeper) {
  const auto writer = with_pictures(plan, open_writer(video_settings(plan, metadata_json(plan)),
                                                      {plan.output.path, plan.request.overwrite, 1}));
  if (!plan.upscale.active) return make(plan, *writer, hooks, report, keeper);

  std::unique_ptr<ScratchVideo> source;
  InputFacts source_facts;
  const auto from_source = [&](Plan stage) {
    if (!stage.upscale.active) return stage;
    const std::string path = source ? source->path().string() : *stage.request.input;
    if (source) stage.inputs.video = source_facts;
    stage.request = stage_request(stage, path);
    return stage;
  };
  RunHooks quiet;
  quiet.coming = hooks.coming;
  report.counts_frames(false);
  for (const Plan& each : plan.before) {
    const Plan stage = from_source(each);
    auto made = std::make_unique<ScratchVideo>();
    const auto between = open_writer(video_settings(stage, ""), made->destination());
    const Keep nothing;
    Keeper none(stage, nothing);
    make(stage, *between, quiet, report, none);
    source = std::move(made);
    source_facts = facts_between_stages(stage);
  }
  report.counts_frames(true);
  Plan last = plan;
  last.before.clear();
  return make(from_source(std::move(last)), *writer, hooks, report, keeper);
}

Result Generator::State::make(const Plan& plan, FrameWriter& writer, const RunHooks& run_hooks,
                              Reporter& report, Keeper& keeper) {
  Dump dump(plan.request);
  report.enter(Phase::load);
  load(plan, !keeper.complete(), run_hooks.coming, report);
  std::optional<ImageFrames> images;  // of models that take them beside the noise
  if (!keeper.complete()) {
    report.enter(Phase::encode_text);
    if (joins_images(model)) images.emplace(plan, model, text);
    if (plan.machine.frees_text_encoder) model.image_encoder.reset();  // it has made its tokens
    if (plan.inputs.shots.empty()) {
      condition_on_text(model, plan, prompts, text);
    } else {
      condition_on_shots(model, plan, prompts, 0, text);
    }
  }

  DenoiseHooks hooks;
  hooks.before_step = [&] { report.check_stop(); };
  hooks.after_step = [&](const DenoiseState& state) {
    report.step_done();
    keeper.step_done(state, report.elapsed(), report.eta());
  };
  hooks.first_prediction = [&](const at::Tensor& noise_pred) {
    if (dump.wanted && !dump.noise_pred.defined()) dump.noise_pred = noise_pred;
  };

  std::optional<Previewer> previewer;
  if (run_hooks.preview) previewer.emplace(plan, *model.vae, run_hooks.preview);

  NoiseSource source(*plan.request.seed);
  KnownFrames known(plan, *model.vae, !images);
  std::optional<ClipWindows> clip;
  if (plan.upscale.active || verb_kind(plan.request.verb) == VerbKind::remix) clip.emplace(plan, *model.vae);
  const auto out = open_frames(plan, writer, known.given());
  FrameOut& frames = *out;

  DriftControl drift(plan, model.vae->temporal_scale());
  Settling settling(plan.timeline.model_fps);
  at::Tensor last_frame;  // [1, H, W, 3], before the next one
  const bool backward = plan.request.backward;
  // Each window is decoded as the clip that it is, from its held frames on, which are not shown again.
  // Going on with the cache of the window before gives the decoder a history longer than any clip it was
  // trained on: measured with the default model, contrast then jumps by a tenth at each joint.
  const auto show = [&](const Window& window, const at::Tensor& latents) {
    const std::int64_t end = window.count - window.hidden_end;
    if (dump.wanted) dump.latents.push_back(latents.narrow(2, window.hidden, end - window.hidden));
    if (window.hidden_end > 0 &&
        &window == &plan.timeline.windows[backward ? 0 : plan.timeline.windows.size() - 1]) {
      ClipDecoder ahead(*model.vae, latents, plan.picture.vae_tiling);
      at::Tensor last, chunk;
      for (std::int64_t t = 0; t <= end; ++t) {
        last = chunk;
        chunk = ahead.next();
      }
      frames.see_end(to_pixels(last), to_pixels(chunk.narrow(2, 0, 1)));
    }
    drift.begin(static_cast<std::size_t>(&window - plan.timeline.windows.data()));
    ClipDecoder decoder(*model.vae, latents, plan.picture.vae_tiling);
    at::Tensor hidden;
    for (std::int64_t t = 0; t < window.hidden; ++t) hidden = decoder.next();
    double clip_step = std::numeric_limits<double>::infinity();
    if (hidden.defined() && !last_frame.defined()) {  // the end of a clip
      const at::Tensor clip_end = to_pixels(hidden);
      clip_step = step_of(clip_end);
      const at::Tensor& shown = known.given().before.frames;  // the VAE's view of them may flicker
      if (shown.defined()) clip_step = std::min(clip_step, step_of(to_pixels(shown)));
      last_frame = last_of(clip_end);
    }
    for (std::int64_t t = window.hidden; t < end && !frames.complete(); ++t) {
      at::Tensor chunk = decoder.next();  // [1, 3, n, H, W]
      if (plan.upscale.active) {
        const std::int64_t first = t == 0 ? 0 : 1 + (t - 1) * model.vae->temporal_scale();
        chunk = led_back(
            chunk,
            clip->frames({first, chunk.size(2), 0, plan.picture.model_height, 0, plan.picture.model_width}),
            plan);
      }
      at::Tensor pixels = drift.hold(to_pixels(chunk));
      if (dump.wanted) dump.video.push_back(pixels);
      if (t > 0 && t == window.held && !plan.upscale.active) settling.begin(last_frame, pixels, clip_step);
      pixels = settling.hold(pixels);
      const bool changed = drift.changes() || settling.changes();
      known.decoded(changed ? to_network(pixels).to(chunk.device(), chunk.scalar_type()) : chunk);
      last_frame = last_of(pixels);
      frames.push(pixels);
      report.frames_written(frames.written());
    }
  };

  std::vector<at::Tensor> made;            // backward: the last window in time is denoised first
  const KeptLatents kept = keeper.kept();  // of an earlier run
  for (std::size_t i = 0; i < plan.timeline.windows.size(); ++i) {
    const Window& window = plan.timeline.windows[i];
    report.enter(Phase::denoise);
    const at::Tensor noise =
        initial_noise(plan, source, window);  // drawn always: the next window's follows it
    at::Tensor latents;                       // [1, C, T, h, w]
    if (clip) clip->go_to(window);
    if (i < kept.windows.size()) {
      latents = kept.windows[i];
      report.steps_skipped(plan.sampling.steps - plan.sampling.first_step);
    } else {
      const Held held = images ? Held() : known.of(i);
      if (images) text.joined = images->condition(i, known);
      if (!plan.inputs.shots.empty()) condition_on_shots(model, plan, prompts, i, text);
      const DenoiseState* from = i == kept.windows.size() && kept.current ? &*kept.current : nullptr;
      DenoiseState begin;
      if (clip && from == nullptr) {
        begin = remix_start(model, plan, clip->latents(), noise);
        from = &begin;
      }
      if (from != nullptr) report.steps_skipped(from->step - plan.sampling.first_step);
      if (previewer)
        hooks.look = [&](const auto& clean) { previewer->offer(clean, window.held, window.held_end); };
      latents = denoise(model, plan, text, noise, held, hooks, from);
      known.put_back(latents);
      keeper.window_done(latents, report.elapsed(), report.eta());
    }
    known.denoised(latents);

    report.enter(Phase::decode);
    if (i == 0) frames.begin();
    if (backward) {
      made.push_back(latents);
    } else {
      show(window, latents);
    }
  }
  for (std::size_t i = made.size(); i-- > 0;) show(plan.timeline.windows[i], made[i]);
  frames.end();

  report.enter(Phase::finish);
  if (dump.wanted) write_dump(plan, text, dump);
  const Written written = writer.finish();
  Result result{plan.output.path, written.frames, written.bytes, written.sha256};
  report.report_times(result);
  if (previewer) result.step_seconds = std::max(0.0, result.step_seconds - previewer->seconds());
  return result;
}

Result Generator::run(const Plan& plan, const RunHooks& hooks) {
  try {
    return state_->run(plan, hooks);
  } catch (const c10::Error& error) {
    log(LogLevel::debug, error.what());  // with its stack trace
    std::string text = error.what_without_backtrace();
    text.resize(std::min(text.find('\n'), text.size()));
    if (is_out_of_memory(error)) {
      throw Error(ErrorKind::unavailable, "memory",
                  text + "; ask for a smaller --res, fewer --frames, or a smaller model");
    }
    throw Error(ErrorKind::internal, "libtorch",
                text + "; this is a bug, please report it with the output of -vv");
  } catch (const std::bad_alloc&) {
    throw Error(ErrorKind::unavailable, "memory",
                "out of memory; ask for a smaller --res, fewer --frames, or a smaller model");
  } catch (const std::system_error& error) {
    // A limit on memory is also met by the stacks of new threads.
    if (error.code() != std::errc::resource_unavailable_try_again &&
        error.code() != std::errc::not_enough_memory)
      throw;
    throw Error(
        ErrorKind::unavailable, "memory",
        std::string(error.what()) +
            ": out of memory, or of threads; ask for fewer --threads, a smaller --res or model, or raise "
            "the limit (ulimit -v, ulimit -u)");
  }
}

}  // namespace sora
