// A run: load -> condition -> for each window: denoise -> decode -> write.
#include "sora/generator.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <new>
#include <vector>

#include "checkpoint/tensor_file.h"
#include "core/log.h"
#include "media/video_writer.h"
#include "pipeline/denoise.h"
#include "pipeline/frames.h"
#include "pipeline/kept_latents.h"
#include "pipeline/metadata.h"
#include "pipeline/model.h"
#include "pipeline/model_choice.h"
#include "pipeline/pictures.h"
#include "pipeline/previewer.h"
#include "pipeline/reporter.h"
#include "sampling/noise.h"
#include "sora/error.h"

namespace sora {
namespace {

// The last frames of what was decoded, for the next window to be held to.
class Tail {
 public:
  explicit Tail(std::int64_t frames) : wanted_(frames) {}

  void push(const at::Tensor& chunk) {  // [1, 3, n, H, W]
    frames_ = frames_.defined() ? at::cat({frames_, chunk}, 2) : chunk;
    if (frames_.size(2) > wanted_) frames_ = frames_.narrow(2, frames_.size(2) - wanted_, wanted_).clone();
  }

  const at::Tensor& frames() const { return frames_; }

 private:
  std::int64_t wanted_;
  at::Tensor frames_;
};

VideoSettings video_settings(const Plan& plan) {
  VideoSettings settings;
  settings.source_width = plan.crop_width;
  settings.source_height = plan.crop_height;
  settings.width = plan.width;
  settings.height = plan.height;
  settings.fps = plan.fps;
  settings.container = plan.container;
  settings.codec = plan.codec;
  settings.pix_fmt = plan.pix_fmt;
  settings.crf = plan.crf;
  settings.metadata = {{"comment", metadata_json(plan)}};
  return settings;
}

at::Tensor initial_noise(const Plan& plan, NoiseSource& source, const Window& window) {
  const std::vector<std::int64_t> shape{1, plan.latent_channels, window.count, plan.latent_height,
                                        plan.latent_width};
  if (!plan.request.init_noise || window.first > 0) return source.draw(shape);
  return read_tensor(*plan.request.init_noise, "latents");  // its shape was checked with the plan
}

// On the CPU libtorch reports a failed allocation as a plain c10::Error, told apart by its text alone.
bool is_out_of_memory(const c10::Error& error) {
  return dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
         std::string(error.what_without_backtrace()).find("can't allocate memory") != std::string::npos;
}

// What --dump-tensors writes.
struct Dump {
  bool wanted = false;
  at::Tensor noise_pred;
  std::vector<at::Tensor> latents, video;
};

void write_dump(const Plan& plan, const Conditioning& text, const Dump& dump) {
  std::map<std::string, at::Tensor> tensors{
      {"prompt_embeds", text.prompt.embeds},
      {"noise_pred_0", dump.noise_pred},
      {"latents", at::cat(dump.latents, 2)},
      {"video", at::cat(dump.video, 0).narrow(0, 0, plan.model_frames)}};
  if (plan.guidance > 1) tensors["negative_prompt_embeds"] = text.negative.embeds;
  write_tensors(*plan.request.dump_tensors, tensors);
}

}  // namespace

struct Generator::State {
  Model model;
  std::string key;  // model_key() of what is loaded
  Conditioning text;

  Result run(const Plan& plan, const RunHooks& hooks);
  Result make(const Plan& plan, const PreviewSink& preview, Reporter& report, Keeper& keeper);
  void load(const Plan& plan, bool denoises, Reporter& report);
};

Generator::Generator() : state_(std::make_unique<State>()) {}
Generator::~Generator() = default;

void Generator::State::load(const Plan& plan, bool denoises, Reporter& report) {
  const std::string wanted = model_key(plan);
  if (key != wanted) {
    text = {};
    model = {};  // before the next one takes its place in memory
  }
  if (model.vae && (model.transformer || !denoises)) return report.loaded_before();
  load_model(model, plan, denoises);
  key = wanted;
}

Result Generator::State::run(const Plan& plan, const RunHooks& hooks) {
  const c10::InferenceMode inference;
  if (plan.threads > 0) at::set_num_threads(plan.threads);
  Reporter report(plan, hooks);
  // The dump wants every step of one process.
  const Keep keep = plan.request.dump_tensors ? Keep{} : hooks.keep;
  Keeper keeper(plan, keep);
  try {
    const Result result = make(plan, hooks.preview, report, keeper);
    keeper.finished();
    return result;
  } catch (const Error& error) {
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

Result Generator::State::make(const Plan& plan, const PreviewSink& preview, Reporter& report,
                              Keeper& keeper) {
  const auto writer =
      with_pictures(plan, open_writer(video_settings(plan), {plan.output, plan.request.overwrite, 1}));

  report.enter(Phase::load);
  load(plan, !keeper.complete(), report);
  if (!keeper.complete()) {
    report.enter(Phase::encode_text);
    condition_on_text(model, plan, text);
  }

  Dump dump;
  dump.wanted = plan.request.dump_tensors.has_value();
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
  if (preview) previewer.emplace(plan, *model.vae, preview);

  NoiseSource source(*plan.request.seed);
  auto decoder = model.vae->decoder();
  FrameSink frames(plan, *writer);
  std::optional<Tail> tail;
  if (plan.windows.size() > 1) tail.emplace(1 + (plan.windows[1].held - 1) * model.vae->temporal_scale());

  const KeptLatents kept = keeper.kept();  // of an earlier run
  for (std::size_t i = 0; i < plan.windows.size(); ++i) {
    const Window& window = plan.windows[i];
    report.enter(Phase::denoise);
    const at::Tensor noise =
        initial_noise(plan, source, window);  // drawn always: the next window's follows it
    at::Tensor latents;                       // [1, C, T, h, w]
    if (i < kept.windows.size()) {
      latents = kept.windows[i];
      report.steps_skipped(plan.steps);
    } else {
      Held held;
      if (window.held > 0) held.add(model.vae->encode(tail->frames()), 0);
      const DenoiseState* from = i == kept.windows.size() && kept.current ? &*kept.current : nullptr;
      if (from != nullptr) report.steps_skipped(from->step);
      if (previewer) hooks.look = [&](const auto& clean) { previewer->offer(clean, window.held); };
      latents = denoise(model, plan, text, noise, held, hooks, from);
      keeper.window_done(latents, report.elapsed(), report.eta());
    }

    report.enter(Phase::decode);
    if (dump.wanted) dump.latents.push_back(latents.narrow(2, window.held, window.count - window.held));
    // Each window is decoded as the clip that it is, from its held frames on, which are not shown again.
    // Going on with the cache of the window before gives the decoder a history longer than any clip it was
    // trained on: measured with the default model, contrast then jumps by a tenth at each joint.
    if (window.held > 0) decoder = model.vae->decoder();
    for (std::int64_t t = 0; t < window.held; ++t) (void)decoder.next(latents.narrow(2, t, 1));
    for (std::int64_t t = window.held; t < window.count && !frames.complete(); ++t) {
      const at::Tensor chunk = decoder.next(latents.narrow(2, t, 1));  // [1, 3, n, H, W]
      const at::Tensor pixels = to_pixels(chunk);
      if (tail) tail->push(chunk);
      if (dump.wanted) dump.video.push_back(pixels);
      frames.push(pixels);
      report.frames_written(frames.written());
    }
  }

  report.enter(Phase::finish);
  if (dump.wanted) write_dump(plan, text, dump);
  const Written written = writer->finish();
  Result result{plan.output, written.frames, written.bytes, written.sha256};
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
  }
}

}  // namespace sora
