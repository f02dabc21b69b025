// Makes one video: plan, check, load the library, run, report.
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "cli/batch/batch.h"
#include "cli/configuration.h"
#include "cli/enhancer.h"
#include "cli/make.h"
#include "cli/piped_input.h"
#include "cli/ranks.h"
#include "cli/signals.h"
#include "cli/terminal/preview.h"
#include "cli/terminal/terminal.h"
#include "core/folders.h"
#include "core/random_seed.h"
#include "core/text.h"
#include "jobs/enhanced_prompts.h"
#include "jobs/job_key.h"
#include "jobs/output_files.h"
#include "jobs/output_name.h"
#include "jobs/sidecar.h"
#include "plan/machine/pace.h"
#include "plan/verbs/live.h"
#include "plan/verbs/transition.h"
#include "plan/verbs/upscale.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"
#include "sora/plan.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "options", message); }

constexpr auto kLongestUnused = std::chrono::hours(24 * 90);

void remove_old_checkpoints(const fs::path& folder) {
  std::error_code code;
  const auto now = fs::file_time_type::clock::now();
  for (fs::directory_iterator entry(folder, code), end; !code && entry != end; entry.increment(code)) {
    std::error_code of_entry;
    if (entry->path().extension() != ".safetensors") continue;
    const auto written = fs::last_write_time(entry->path(), of_entry);
    if (!of_entry && now - written > kLongestUnused) fs::remove(entry->path(), of_entry);
  }
}

}  // namespace

CheckpointOptions checkpoint_options(const Plan& plan) {
  CheckpointOptions checkpoint;
  const fs::path folder = state_folder();
  if (folder.empty()) return checkpoint;
  remove_old_checkpoints(folder);
  checkpoint.key = job_key(plan);
  checkpoint.file = folder / (checkpoint.key.substr(0, 32) + ".safetensors");
  checkpoint.every = plan.request.checkpoint_every;
  return checkpoint;
}

const Entry& Maker::library() {
  if (library_ == nullptr) library_ = &load_library(session_.log_sink);
  return *library_;
}

Result Maker::make(const Plan& plan, const CheckpointOptions& checkpoint, const ComingTexts& coming) {
  if (!status_) status_.emplace(session_.latest);
  Progress start;
  start.steps = steps_of(plan);
  start.frames = plan.timeline.frames;
  start.eta = plan.machine.seconds_estimate;
  session_.latest.set(start);
  session_.progress->update(start);
  const Policy policy = policy_of(session_.options, [] { return stop_signal() != 0; });
  ask_policy(policy, plan);
  check_signing(session_.options, plan);
  if (!generator_) generator_.emplace(make_generator(library()));
  RunHooks hooks;
  add_safeguards(hooks, session_.options, policy, plan);
  hooks.progress = [&](const Progress& progress) {
    session_.latest.set(progress);
    session_.progress->update(progress);
  };
  hooks.stop = stop_;
  hooks.live = director_;
  hooks.give_up = give_up;
  hooks.checkpoint = checkpoint;
  hooks.coming = coming;
  hooks.preview = make_preview(session_.options);
  Result result = library().run(**generator_, plan, hooks);
  const bool is_live = verb_kind(plan.request.verb) == VerbKind::live;  // its plan is longer than the film
  if (!checkpoint.only_decode && !is_live) remember_pace(plan, result);
  if (plan.request.sidecar)
    write_sidecar(is_live ? plan_of_film(plan, result.live_log, result.frames) : plan, result);
  return result;
}

void report(Session& session, const Plan& plan, const Result& result) {
  const Options& options = session.options;
  session.progress->done(result, *plan.request.seed);
  if (!options.quiet && !json_on_stderr(options)) write_stderr_line(result_text(result, *plan.request.seed));
  if (options.json) write_stdout(result_json(result, plan) + "\n");
}

int make_one(Session& session, const Request& request) {
  Maker maker(session);
  return make_one(session, request, maker);
}

int make_one(Session& session, const Request& asked, Maker& maker) {
  const Options& options = session.options;
  Request request = asked;
  std::optional<Enhancer> enhancer;
  if (wants_enhancing(options)) enhancer.emplace(session);
  // All errors that can be found without libtorch are found here.
  if (!options.dry_run) {
    check_output_files(request);
  }
  Plan plan = make_plan(request);
  estimate_pace(plan);
  if (plan.output.credentials && options.sign_key) {
    plan.output.credentials_text = "C2PA, signed with " + *options.sign_key;
    if (const std::string& beside = plan.output.credentials_sidecar; !beside.empty())
      plan.output.credentials_text += ", in " + beside;
  }
  if (plan.output.watermark && options.watermark_key)
    plan.output.watermark_text += ", by the key in " + *options.watermark_key;
  if (options.dry_run) {
    if (enhancer) plan.notes.push_back(enhancer->would_ask(texts_to_enhance(request).size()));
    write_stdout(options.json ? plan_json(plan) : plan_text(plan));
    return 0;
  }
  if (plan.output.path == "-" && ::isatty(STDOUT_FILENO) != 0) {
    wrong("-o - writes the video to stdout, which is a terminal; pipe it, as in | ffplay -, or name a file");
  }
  if (enhancer) {
    enhancer->enhance(request, plan.request);
    plan = make_plan(request);
    estimate_pace(plan);
  }
  begin_work(options.quiet || json_on_stderr(options));
  const bool prompt_of_file = request.prompt.empty() && !plan.request.prompt.empty();
  if (is_transition(plan)) {
    if (!options.quiet && !json_on_stderr(options))
      write_stderr_line("prompt: " + transition_text(plan.inputs));
  } else if (prompt_of_file && !options.quiet && !json_on_stderr(options)) {
    write_stderr_line("prompt: \"" + one_line(plan.request.prompt) + "\", with which the file was made");
  }
  for (const std::string& warning : plan.warnings) log(LogLevel::warning, warning);
  for (const std::string& note : plan.notes) log(LogLevel::info, note);
  report(session, plan, maker.make(plan, checkpoint_options(plan)));
  return 0;
}

int generate(Session& session) {
  const Options& options = session.options;
  if (options.print_config) {
    if (options.prompts) return print_list_config(session);
    write_stdout(config_text(options));
    return 0;
  }
  copy_piped_inputs(session.options.request);
  if (options.prompts || options.out_dir || videos_per_prompt(options) > 1) return run_batch(session);
  for (const bool given : {options.name.has_value(), options.sort, options.shard.has_value(),
                           options.jobs_from_rank, options.share, options.retry_failed, options.no_resume}) {
    if (given) {
      wrong(
          "--name, --sort, --shard, --jobs-from-rank, --share, --no-resume and --retry-failed are for "
          "several "
          "videos: give --prompts FILE, --count N, --repeat N or --out-dir DIR too");
    }
  }
  if (!options.has_prompt && input_files(options.request).empty()) {
    wrong("there is no prompt; give one, as in: sora-gen --prompt \"a lighthouse by the sea\"");
  }
  const int rank = join_ranks(session);
  if (rank > 0) return help_rank_0(session);
  Request request = options.request;
  if (!request.seed && request.verb == "finish" && request.input)
    request.seed = seed_of_file(*request.input);  // for the same composition
  if (!request.seed) request.seed = random_seed();
  if (!request.output) {
    request.output = default_output_name(title_of(request), *request.seed, extension_of(request));
  }
  return make_one(session, request);
}

}  // namespace sora
