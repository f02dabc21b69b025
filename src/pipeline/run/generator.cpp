// A run: load -> condition -> for each window: denoise -> decode -> write.
#include "sora/generator.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <filesystem>
#include <new>
#include <optional>
#include <system_error>

#include "core/log.h"
#include "media/write/video_writer.h"
#include "nn/device.h"
#include "nn/ranks/socket_ranks.h"
#include "pipeline/frames/composite.h"
#include "pipeline/frames/pictures.h"
#include "pipeline/frames/review.h"
#include "pipeline/frames/scratch_video.h"
#include "pipeline/frames/visible_mark.h"
#include "pipeline/frames/watermark_writer.h"
#include "pipeline/inputs/input_facts.h"
#include "pipeline/networks/model.h"
#include "pipeline/ranks/follower.h"
#include "pipeline/ranks/shared_autoencoder.h"
#include "pipeline/ranks/shared_denoiser.h"
#include "pipeline/ranks/team.h"
#include "pipeline/ranks/weight_sharing.h"
#include "pipeline/run/credentials.h"
#include "pipeline/run/device_facts.h"
#include "pipeline/run/job_checkpoint.h"
#include "pipeline/run/latents_file.h"
#include "pipeline/run/reporter.h"
#include "pipeline/run/tensor_dump.h"
#include "pipeline/run/video_run.h"
#include "pipeline/text/prompt_embeds.h"
#include "plan/machine/parallel.h"
#include "plan/metadata.h"
#include "plan/model/model_choice.h"
#include "plan/verbs/live.h"
#include "plan/verbs/upscale.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"

namespace sora {
namespace {

VideoSettings video_settings(const Plan& plan, const std::string& comment) {
  VideoSettings settings;
  settings.source_width = plan.picture.frame_width;
  settings.source_height = plan.picture.frame_height;
  settings.width = plan.picture.width;
  settings.height = plan.picture.height;
  settings.frames = plan.timeline.frames;
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

// The log of a live film is known at its end.
VideoSettings live_settings(const Plan& plan, const LiveFilm& film) {
  VideoSettings settings = video_settings(plan, file_metadata(plan));
  const bool keeps = plan.output.container == "mp4" || plan.output.container == "mov";
  if (plan.output.path != "-" && keeps) {
    settings.comment_at_end = [&film] {
      return file_metadata(plan_of_film(film.plan, film.log, film.frames));
    };
  }
  return settings;
}

// Adds what is done to the frames of any output on their way: an input's pixels where they are kept, marks,
// and a review that may refuse them.
std::unique_ptr<FrameWriter> with_marks(std::unique_ptr<FrameWriter> writer, const Plan& plan,
                                        const RunHooks& hooks) {
  const int width = plan.picture.frame_width, height = plan.picture.frame_height;
  if (plan.request.visible_mark) writer = with_mark(std::move(writer), width, height);
  if (hooks.approve) writer = with_review(std::move(writer), width, height, hooks.approve);
  if (plan.output.watermark) writer = with_watermark(std::move(writer), plan, hooks.watermark_key);
  if (plan.control.composite) writer = with_input_outside(std::move(writer), plan);
  return writer;
}

// What was made, with what is known when its file is closed.
Result marked(Result result, const Plan& plan, const RunHooks& hooks, bool is_signed) {
  result.is_signed = is_signed;
  if (plan.output.watermark)
    result.watermark = payload_text(watermark_payload(plan, !hooks.watermark_key.empty()));
  return result;
}

// The writer of the plan's output, with all that is made of its frames on their way.
std::unique_ptr<FrameWriter> open_output(const Plan& plan, const Destination& output, const RunHooks& hooks,
                                         LatentsFile& latents) {
  auto file = with_latents(latents, open_writer(video_settings(plan, file_metadata(plan)), output));
  return with_marks(with_pictures(plan, std::move(file), output), plan, hooks);
}

// Removes what a run made beside its output.
void remove_dump(const Request& request) {
  std::error_code code;
  if (request.dump_tensors) std::filesystem::remove(*request.dump_tensors, code);
}

// Facts of the video that a stage makes for the next one.
InputFacts facts_between_stages(const Plan& stage) {
  InputFacts facts;
  facts.width = stage.picture.crop_width;
  facts.height = stage.picture.crop_height;
  facts.fps = stage.timeline.model_fps;
  facts.steady_rate = true;
  return facts;
}

// The kept latents of the draft of finish, which is then decoded and not denoised again; else nothing.
// Latents beside the draft that turn out to be damaged are no reason to stop.
CheckpointOptions kept_draft(const Plan& stage, const Request& asked) {
  CheckpointOptions kept;
  if (!stage.inputs.latents || stage.upscale.active) return kept;
  kept.file = stage.inputs.latents->path;
  kept.only_decode = true;
  if (asked.latents) return kept;
  try {
    (void)read_job_checkpoint(kept.file, stage);
  } catch (const Error& error) {
    log(LogLevel::warning, "kept latents are not used, and the draft is made again: " + error.message());
    return {};
  }
  return kept;
}

// How processes find each other, and see that they have the same to do.
nn::Meeting meeting_of(const Plan& plan) {
  const Parallel& parallel = plan.machine.parallel;
  nn::Meeting meeting;
  meeting.rank = parallel.rank;
  meeting.size = parallel.ranks();
  meeting.address = parallel.address;
  meeting.port = static_cast<std::uint16_t>(parallel.port);
  meeting.on_one_machine = parallel.on_one_machine;
  meeting.job = plan.model.digest + " " + plan.machine.dtype + " " + division_text(parallel);
  return meeting;
}

// On the CPU libtorch reports a failed allocation as a plain c10::Error, which only its text identifies.
bool is_out_of_memory(const c10::Error& error) {
  return dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
         std::string(error.what_without_backtrace()).find("can't allocate memory") != std::string::npos;
}

// What would need less memory: first, a way to offload that is not used yet.
std::string advice_on_memory(const Plan& plan) {
  const std::string& offload = plan.machine.offload;
  const std::string with = offload == "stream"   ? ""
                           : offload == "stored" ? "try --offload stream, or "
                                                 : "try --offload stored or stream, or ";
  return "; " + with + "ask for a smaller --res, fewer --frames, or a smaller model";
}

}  // namespace

struct Generator::State {
  std::shared_ptr<Team> team;  // several ranks; null: this one alone
  Model model;
  std::string key;  // model_key() of what is loaded
  PromptEmbeds prompts;
  Conditioning text;

  Result run(const Plan& plan, const RunHooks& hooks);
  Result run_alone(const Plan& plan, const RunHooks& hooks);
  Result make_all(const Plan& plan, const RunHooks& hooks, Reporter& report, JobCheckpoint& checkpoint);
  Result make(const Plan& plan, FrameWriter& writer, const RunHooks& hooks, Reporter& report,
              JobCheckpoint& checkpoint, LatentsFile* latents, LiveFilm* live = nullptr);
  Result make_live(const Plan& plan, const RunHooks& hooks, Reporter& report);
  Result run_as_process(const Plan& plan, const RunHooks& hooks);
  void load(const Plan& plan, bool denoises, const ComingTexts& coming, Reporter& report);
  void share(const Plan& plan, Reporter& report);
  void forget();
};

Generator::Generator() : state_(std::make_unique<State>()) {
  use_own_probe();
  use_own_device_probe();
  prepare_devices();
}
Generator::~Generator() = default;

void Generator::State::forget() {
  prompts.clear();
  text = {};
  model = {};
  key.clear();
  if (team && !team->of_processes()) team.reset();
}

// The text encoder is loaded first, so that it can be freed before the rest is loaded.
void Generator::State::load(const Plan& plan, bool denoises, const ComingTexts& coming, Reporter& report) {
  const std::string wanted = model_key(plan);
  // Frees the old model before the new one is loaded.
  if (key != wanted || (team && team->is_abandoned() && !team->of_processes())) forget();
  const bool has_ranks = plan.machine.parallel.ranks() > 1 && (denoises || plan.machine.parallel.decode > 1);
  if (has_ranks) {
    if (!team) team = Team::of_threads(plan);
    team->load(plan, denoises);
  } else if (team) {
    team->decode_alone();
  }
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
    load_model(model, plan, denoises, has_ranks ? weight_sharing(plan, team->own_side()) : nullptr);
  }
  if (has_ranks) share(plan, report);
  set_rate_and_scale(model, plan);
  key = wanted;
}

// Waits for the other ranks, which load their networks while this one does.
void Generator::State::share(const Plan& plan, Reporter& report) {
  try {
    team->loaded(model.placement.device, [&] { report.check_stop(); });
  } catch (...) {
    team->abandon(error_for_others());
    throw;
  }
  share_denoisers(model, team);
  share_autoencoder(model, team);
  log(LogLevel::info, std::to_string(plan.machine.parallel.ranks()) +
                          " ranks are ready: " + division_text(plan.machine.parallel));
}

Result Generator::State::run(const Plan& plan, const RunHooks& hooks) {
  return plan.machine.parallel.of_processes() ? run_as_process(plan, hooks) : run_alone(plan, hooks);
}

Result Generator::State::run_as_process(const Plan& plan, const RunHooks& hooks) {
  const auto stop = [&] { Reporter(plan, hooks).check_stop(); };
  nn::Meeting meeting = meeting_of(plan);
  meeting.give_up = hooks.give_up;
  forget();  // what an earlier run left is not in the memory of the others
  auto communicator = nn::meet(meeting, stop);
  if (communicator->rank() > 0) {
    if (plan.machine.threads > 0) at::set_num_threads(plan.machine.threads);
    follow(
        *communicator, [&](const Command& command) { return plan_of_process(plan, command); }, stop);
    return {};
  }
  team = Team::of_processes(std::move(communicator));
  try {
    Result result = run_alone(plan, hooks);
    team->end();
    forget();
    team.reset();
    return result;
  } catch (...) {
    team->abandon(error_for_others());
    forget();
    team.reset();
    throw;
  }
}

Result Generator::State::run_alone(const Plan& plan, const RunHooks& asked) {
  const c10::InferenceMode inference;
  RunHooks hooks = asked;
  if (team && team->of_processes()) {
    hooks.stop = [&] {
      team->communicator().check();
      return asked.stop && asked.stop();
    };
  }
  if (plan.machine.threads > 0) at::set_num_threads(threads_of_rank(plan));
  Reporter report(plan, hooks);
  // A dump needs all steps in one process, so such a run has no checkpoint.
  const CheckpointOptions checkpoint_options =
      plan.request.dump_tensors || verb_kind(plan.request.verb) == VerbKind::live ? CheckpointOptions{}
                                                                                  : hooks.checkpoint;
  JobCheckpoint checkpoint(plan, checkpoint_options);
  const bool is_live = verb_kind(plan.request.verb) == VerbKind::live;
  try {
    Result result = is_live ? make_live(plan, hooks, report) : make_all(plan, hooks, report, checkpoint);
    checkpoint.finished();
    return result;
  } catch (const Error& error) {
    // The next run reopens the model's files, which may be complete by then.
    if (error.component() == "checkpoint") forget();
    if (error.kind() == ErrorKind::refused) {  // nothing stays
      checkpoint.finished();
      remove_dump(plan.request);
      throw;
    }
    // A closed pipe is not a failure, and such a job is not continued.
    const std::string advice =
        error.kind() == ErrorKind::reader_gone ? "" : checkpoint.failed(report.elapsed());
    if (advice.empty()) throw;
    throw Error(error.kind(), error.component(), error.message() + "; " + advice);
  } catch (...) {
    const std::string advice = checkpoint.failed(report.elapsed());
    if (!advice.empty()) log(LogLevel::info, advice);
    throw;
  }
}

// Makes the stages of plan.before first, each from the video of the one before it; most plans have none.
Result Generator::State::make_all(const Plan& plan, const RunHooks& hooks, Reporter& report,
                                  JobCheckpoint& checkpoint) {
  Destination output{plan.output.path, plan.request.overwrite};
  output.stop = hooks.stop;
  LatentsFile latents(plan);
  bool is_signed = false;
  output.seal = sealing(plan, hooks.signing, is_signed);
  const auto writer = open_output(plan, output, hooks, latents);
  const auto said = [&](Result result) { return marked(std::move(result), plan, hooks, is_signed); };
  if (!plan.upscale.active) return said(make(plan, *writer, hooks, report, checkpoint, &latents));

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
    const CheckpointOptions kept = kept_draft(stage, plan.request);
    JobCheckpoint draft(stage, kept);
    make(stage, *between, quiet, report, draft, nullptr);
    source = std::move(made);
    source_facts = facts_between_stages(stage);
  }
  report.counts_frames(true);
  Plan last = plan;
  last.before.clear();
  return said(make(from_source(std::move(last)), *writer, hooks, report, checkpoint, &latents));
}

Result Generator::State::make(const Plan& plan, FrameWriter& writer, const RunHooks& hooks, Reporter& report,
                              JobCheckpoint& checkpoint, LatentsFile* latents, LiveFilm* live) {
  TensorDump dump(plan.request);
  report.enter(Phase::load);
  load(plan, !checkpoint.complete(), hooks.coming, report);
  return VideoRun(plan, model, prompts, text, writer, report, checkpoint, dump, latents, hooks.preview, live)
      .run();
}

Result Generator::State::make_live(const Plan& plan, const RunHooks& hooks, Reporter& report) {
  if (!hooks.live && !plan.request.frames && !plan.request.seconds)
    throw Error(ErrorKind::usage, "options", "a live film that nobody directs needs --seconds");
  Plan film_plan = plan;
  LiveFilm film{film_plan, hooks.live ? hooks.live : replay(plan.request.live_log),
                [&] { load(film_plan, true, {}, report); }, plan.output.path != "-", !hooks.live};
  Destination output{plan.output.path, plan.request.overwrite};
  output.stop = hooks.stop;
  bool is_signed = false;
  output.seal = sealing(plan, hooks.signing, is_signed);
  const auto writer = with_marks(open_writer(live_settings(film_plan, film), output), plan, hooks);
  const CheckpointOptions unsaved;
  JobCheckpoint none(film_plan, unsaved);
  Result made = make(film_plan, *writer, hooks, report, none, nullptr, &film);
  return marked(std::move(made), plan, hooks, is_signed);
}

Result Generator::run(const Plan& plan, const RunHooks& hooks) {
  try {
    return state_->run(plan, hooks);
  } catch (const c10::Error& error) {
    log(LogLevel::debug, error.what());  // with its stack trace
    std::string text = error.what_without_backtrace();
    text.resize(std::min(text.find('\n'), text.size()));
    if (is_out_of_memory(error)) {
      throw Error(
          ErrorKind::unavailable, "memory",
          (plan.machine.device == "cpu" ? "" : plan.machine.device + ": ") + text + advice_on_memory(plan));
    }
    throw Error(ErrorKind::internal, "libtorch",
                text + "; this is a bug, please report it with the output of -vv");
  } catch (const std::bad_alloc&) {
    throw Error(ErrorKind::unavailable, "memory", "out of memory" + advice_on_memory(plan));
  } catch (const std::system_error& error) {
    // A memory limit can also make the stacks of new threads fail.
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
