#include "pipeline/run/video_run.h"

#include <algorithm>

#include "pipeline/denoise/known_frames.h"
#include "pipeline/denoise/storyboard.h"
#include "pipeline/frames/seam.h"
#include "pipeline/networks/bad_weights.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"
#include "weights/tensor_file.h"

namespace sora {
namespace {

// The noise that steps take (Scheduler::takes_noise()), drawn in their order after that of the window's
// start.
class StepNoise {
 public:
  StepNoise(NoiseSource& source, const at::Tensor& like, const Sampling& sampling)
      : source_(source),
        shape_(like.sizes().vec()),
        left_(sampling.scheduler == "lcm" ? sampling.steps - 1 : 0) {}
  /// Advances the generator beyond this window's noise, whichever part of it was used.
  ~StepNoise() {
    while (left_ > 0) draw();
  }
  StepNoise(const StepNoise&) = delete;
  StepNoise& operator=(const StepNoise&) = delete;

  at::Tensor of_step(int step) {
    while (drawn_ < step && left_ > 0) draw();
    return draw();
  }

 private:
  at::Tensor draw() {
    ++drawn_;
    --left_;
    return source_.draw(shape_);
  }

  NoiseSource& source_;
  std::vector<std::int64_t> shape_;
  int drawn_ = 0, left_;
};

// The receiver of a run's frames: a file of new frames alone, or one with the clips that they continue.
std::unique_ptr<FrameOut> open_frames(const Plan& plan, FrameWriter& writer,
                                      const ConditioningInputs& inputs) {
  if (adds_to_clip(plan.request)) return std::make_unique<SeamWriter>(plan, writer, inputs);
  return std::make_unique<FrameSink>(plan, writer);
}

}  // namespace

VideoRun::VideoRun(const Plan& plan, Model& model, const PromptEmbeds& prompts, Conditioning& text,
                   FrameWriter& writer, Reporter& report, JobCheckpoint& checkpoint, TensorDump& dump,
                   LatentsFile* latents, const PreviewSink& preview, LiveFilm* live)
    : plan_(plan),
      model_(model),
      prompts_(prompts),
      text_(text),
      writer_(writer),
      report_(report),
      checkpoint_(checkpoint),
      dump_(dump),
      latents_(latents),
      saved_(checkpoint.saved()),
      noise_(*plan.request.seed),
      live_(live) {
  if (!checkpoint.complete()) condition();
  if (!checkpoint.complete() && plan.sampling.causal.block > 0) film_.emplace(model, plan);
  if (preview) previewer_.emplace(plan, *model.vae, model.tiny_vae.get(), preview);
  conditioning_.emplace(plan, *model.vae, !images_);
  if (plan.upscale.active || verb_kind(plan.request.verb) == VerbKind::remix)
    source_.emplace(plan, *model.vae);
  frames_ = open_frames(plan, writer, conditioning_->inputs());
  if (live_ != nullptr && live_->can_undo) {
    auto held = std::make_unique<HeldFrames>(std::move(frames_));
    held_ = held.get();
    frames_ = std::move(held);
  }
  const VideoAutoencoder& shows = plan.picture.tiny.decodes_file ? *model.tiny_vae : *model.vae;
  decoder_.emplace(plan, shows, *conditioning_, source_ ? &*source_ : nullptr, *frames_, dump, report);
}

void VideoRun::condition() {
  report_.enter(Phase::encode_text);
  // Some models that take image conditioning make videos without it, too.
  text_.image_condition.reset();  // of a job before
  if (takes_image_condition(model_) && plan_.request.image) images_.emplace(plan_, model_, text_);
  if (model_.denoiser->control_channels() > 0) control_.emplace(plan_, *model_.vae);
  if (plan_.machine.frees_text_encoder) model_.image_encoder.reset();  // its tokens are computed
  if (plan_.inputs.shots.empty()) {
    condition_on_text(model_, plan_, prompts_, text_);
  } else {
    condition_on_shots(model_, plan_, prompts_, 0, text_);
  }
}

DenoiseHooks VideoRun::hooks() {
  DenoiseHooks hooks;
  hooks.before_step = [this] { report_.check_stop(); };
  hooks.after_step = [this](const DenoiseState& state) {
    report_.step_done();
    checkpoint_.step_done(state, report_.elapsed(), report_.eta());
  };
  hooks.first_prediction = [this](const at::Tensor& noise_pred) { dump_.first_prediction(noise_pred); };
  return hooks;
}

at::Tensor VideoRun::noise_of(const Window& window) {
  const Picture& picture = plan_.picture;
  const std::int64_t references = plan_.control.references;  // latent frames before the window's own
  const std::int64_t frames = references + denoised_frames(plan_, window);
  if (plan_.request.init_noise && window.first == 0) {  // its shape was checked with the plan
    return read_tensor(*plan_.request.init_noise, "latents")
        .narrow(2, references + window.count - frames, frames);
  }
  return noise_.draw({1, picture.latent_channels, frames, picture.latent_height, picture.latent_width});
}

at::Tensor VideoRun::denoised(std::size_t number, const at::Tensor& noise, const DenoiseHooks& hooks,
                              const DenoiseState* from) {
  ConditioningFrames conditioning = images_ ? ConditioningFrames() : conditioning_->frames_for(number);
  if (images_) text_.image_condition = images_->condition(number, *conditioning_);
  if (control_) text_.control = control_->of_window(number, known_frames(plan_, number, *conditioning_));
  const std::int64_t references = plan_.control.references;  // latent frames before the window's own
  conditioning.shift(references);
  at::Tensor latents = denoise(model_, plan_, text_, noise, conditioning, hooks, from);
  latents = latents.narrow(2, references, plan_.timeline.windows[number].count).contiguous();
  conditioning_->restore_replaced(latents);
  return latents;
}

// The first block may begin with frames that are given: they pass through the network first.
at::Tensor VideoRun::denoised_block(std::size_t number, const at::Tensor& noise, const DenoiseHooks& hooks,
                                    const DenoiseState* from) {
  film_->use(text_.prompts.front());
  const ConditioningFrames given = conditioning_->frames_for(number);
  if (!given.empty()) film_->add_all(given.latents);
  const at::Tensor latents = film_->denoise(noise, hooks, from);
  film_->add(latents);
  return given.empty() ? latents : at::cat({given.latents.to(latents.device()), latents}, 2);
}

// A block of an earlier run.
void VideoRun::add_saved(std::size_t number) {
  const std::int64_t given = plan_.timeline.windows[number].conditioning;
  const at::Tensor& latents = saved_.windows[number];
  report_.check_stop();
  if (!plan_.inputs.shots.empty()) condition_on_shots(model_, plan_, prompts_, number, text_);
  film_->use(text_.prompts.front());
  film_->add_all(latents.narrow(2, 0, given));
  film_->add(latents.narrow(2, given, latents.size(2) - given));
}

// The latents of a window [1, C, T, h, w]: those that an earlier run saved, or else denoised now, continuing
// where an earlier run stopped.
at::Tensor VideoRun::latents_of(std::size_t number) {
  const Window& window = plan_.timeline.windows[number];
  const at::Tensor noise =
      noise_of(window);  // always drawn, because it advances the generator for the next window
  if (model_.vae->takes_noise()) decoder_->set_noise(number, noise_.draw(noise.sizes()));
  StepNoise step_noise(noise_, noise, plan_.sampling);
  if (source_) source_->go_to(window);
  if (number < saved_.windows.size()) {
    report_.steps_skipped(plan_.sampling.steps - plan_.sampling.first_step);
    if (film_) add_saved(number);
    return saved_.windows[number];
  }
  if (!plan_.inputs.shots.empty()) condition_on_shots(model_, plan_, prompts_, number, text_);

  const bool was_begun = number == saved_.windows.size() && saved_.current;
  const DenoiseState* from = was_begun ? &*saved_.current : nullptr;
  DenoiseState begin;
  if (source_ && !was_begun) {
    begin = remix_start(model_, plan_, source_->latents(), noise);
    from = &begin;
  }
  if (from != nullptr) report_.steps_skipped(from->step - plan_.sampling.first_step);

  DenoiseHooks hooks = this->hooks();
  hooks.step_noise = [&](int step) { return step_noise.of_step(step); };
  if (previewer_)
    hooks.preview = [&](const auto& clean) {
      if (film_) return previewer_->offer(clean, 0, window.conditioning_end);
      const std::int64_t references = plan_.control.references;
      previewer_->offer([&] { return clean().narrow(2, references, window.count); }, window.conditioning,
                        window.conditioning_end);
    };
  const at::Tensor latents =
      film_ ? denoised_block(number, noise, hooks, from) : denoised(number, noise, hooks, from);
  if (live_ == nullptr)  // a live film has no end that it could be continued to
    checkpoint_.window_done(latents, report_.elapsed(), report_.eta());
  return latents;
}

// Backward, the window next to the clip is denoised first and shown last.
void VideoRun::make_windows() {
  const std::size_t count = plan_.timeline.windows.size();
  std::vector<at::Tensor> waiting, made;
  for (std::size_t i = 0; i < count; ++i) {
    report_.enter(Phase::denoise);
    const at::Tensor latents = latents_of(i);
    conditioning_->window_denoised(latents);
    if (latents_ != nullptr && latents_->keeps()) made.push_back(latents);

    report_.enter(Phase::decode);
    if (i == 0) frames_->begin();
    if (plan_.request.backward) {
      decoder_->decode_start(i, latents);
      waiting.push_back(latents);
    } else {
      decoder_->show(i, latents);
    }
  }
  for (std::size_t i = waiting.size(); i-- > 0;) decoder_->show(i, waiting[i]);
  frames_->end();
  if (latents_ != nullptr) latents_->write(made, decoder_->ends(), *model_.vae);
}

Result VideoRun::run() {
  try {
    live_ != nullptr ? make_live() : make_windows();
  } catch (const Error& error) {
    const bool not_finite = error.component() == "denoise" || error.component() == "decode";
    if (not_finite && error.kind() == ErrorKind::internal) report_bad_weights(plan_);
    throw;
  }
  report_.enter(Phase::finish);
  dump_.write(plan_, text_);
  const Written written = writer_.finish();
  Result result{plan_.output.path, written.frames, written.bytes, written.sha256};
  if (live_ != nullptr) result.live_log = live_->log;
  report_.report_times(result);
  if (previewer_) result.step_seconds = std::max(0.0, result.step_seconds - previewer_->seconds());
  return result;
}

}  // namespace sora
