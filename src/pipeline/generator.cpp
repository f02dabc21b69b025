// A run: load -> condition -> for each window: denoise -> decode -> write.
#include "sora/generator.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <vector>

#include "checkpoint/tensor_file.h"
#include "core/log.h"
#include "media/video_writer.h"
#include "pipeline/denoise.h"
#include "pipeline/frames.h"
#include "pipeline/metadata.h"
#include "pipeline/model.h"
#include "pipeline/model_choice.h"
#include "sampling/noise.h"
#include "sora/error.h"

namespace sora {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Tells the world how far the run is, and stops it when asked to.
class Reporter {
 public:
  Reporter(const Plan& plan, const ProgressSink& sink, const StopRequest& stop)
      : sink_(sink), stop_(stop), start_(Clock::now()), last_(start_) {
    state_.steps = plan.steps * static_cast<int>(plan.windows.size());
    state_.frames = plan.frames;
  }

  void enter(Phase phase) {
    check_stop();
    state_.phase = phase;
    last_ = Clock::now();
    send();
  }

  void step_done() {
    step_seconds_ += lap();
    ++state_.step;
    send();
  }

  void frames_written(std::int64_t frames) {
    check_stop();
    frame_seconds_ += lap();
    state_.frame = frames;
    send();
  }

  void check_stop() const {
    if (stop_ && stop_()) {
      throw Error(ErrorKind::interrupted, "run", "interrupted; nothing was left under the output's name");
    }
  }

  double elapsed() const { return seconds_since(start_); }

 private:
  double lap() {
    const auto before = last_;
    last_ = Clock::now();
    return std::chrono::duration<double>(last_ - before).count();
  }

  // What is left at the pace so far; before the first frame nothing is known about decoding, which is
  // then left out while there are steps to do, and no estimate is given when there are none.
  std::optional<double> eta() const {
    if (state_.step == 0 || (state_.frame == 0 && state_.step == state_.steps)) return {};
    const double steps_left = step_seconds_ / state_.step * (state_.steps - state_.step);
    if (state_.frame == 0) return steps_left;
    return steps_left + frame_seconds_ / static_cast<double>(state_.frame) *
                            static_cast<double>(state_.frames - state_.frame);
  }

  void send() {
    state_.elapsed = elapsed();
    state_.eta = eta();
    if (sink_) sink_(state_);
  }

  const ProgressSink& sink_;
  const StopRequest& stop_;
  Clock::time_point start_, last_;
  double step_seconds_ = 0, frame_seconds_ = 0;
  Progress state_;
};

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
      {"prompt_embeds", text.prompt_embeds},
      {"noise_pred_0", dump.noise_pred},
      {"latents", at::cat(dump.latents, 2)},
      {"video", at::cat(dump.video, 0).narrow(0, 0, plan.model_frames)}};
  if (text.negative_prompt_embeds.defined()) tensors["negative_prompt_embeds"] = text.negative_prompt_embeds;
  write_tensors(*plan.request.dump_tensors, tensors);
}

}  // namespace

struct Generator::State {
  std::optional<Model> model;
  std::string key;  // model_key() of what is loaded

  Result run(const Plan& plan, const ProgressSink& progress, const StopRequest& stop);
};

Generator::Generator() : state_(std::make_unique<State>()) {}
Generator::~Generator() = default;

Result Generator::State::run(const Plan& plan, const ProgressSink& progress, const StopRequest& stop) {
  const c10::InferenceMode inference;
  if (plan.threads > 0) at::set_num_threads(plan.threads);
  Reporter report(plan, progress, stop);

  const auto writer = open_writer(video_settings(plan), {plan.output, plan.request.overwrite, 1});

  report.enter(Phase::load);
  const std::string wanted = model_key(plan);
  if (!model || key != wanted) {
    model.reset();  // before the next one takes its place in memory
    model = load_model(plan);
    key = wanted;
  }

  report.enter(Phase::encode_text);
  const Conditioning text = condition_on_text(*model, plan);

  Dump dump;
  dump.wanted = plan.request.dump_tensors.has_value();
  DenoiseHooks hooks;
  hooks.before_step = [&] { report.check_stop(); };
  hooks.after_step = [&] { report.step_done(); };
  hooks.first_prediction = [&](const at::Tensor& noise_pred) {
    if (dump.wanted && !dump.noise_pred.defined()) dump.noise_pred = noise_pred;
  };

  NoiseSource source(*plan.request.seed);
  auto decoder = model->vae->decoder();
  FrameSink frames(plan, *writer);
  std::optional<Tail> tail;
  if (plan.windows.size() > 1) tail.emplace(1 + (plan.windows[1].held - 1) * model->vae->temporal_scale());

  for (const Window& window : plan.windows) {
    report.enter(Phase::denoise);
    const at::Tensor noise = initial_noise(plan, source, window);
    const at::Tensor held = window.held > 0 ? model->vae->encode(tail->frames()) : at::Tensor();
    const at::Tensor latents = denoise(*model, plan, text, noise, held, hooks);  // [1, C, T, h, w]

    report.enter(Phase::decode);
    if (dump.wanted) dump.latents.push_back(latents.narrow(2, window.held, window.count - window.held));
    // Each window is decoded as the clip that it is, from its held frames on, which are not shown again.
    // Going on with the cache of the window before gives the decoder a history longer than any clip it was
    // trained on: measured with the default model, contrast then jumps by a tenth at each joint.
    if (window.held > 0) decoder = model->vae->decoder();
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
  return {plan.output, written.frames, written.bytes, written.sha256, report.elapsed()};
}

Result Generator::run(const Plan& plan, const ProgressSink& progress, const StopRequest& stop) {
  try {
    return state_->run(plan, progress, stop);
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
