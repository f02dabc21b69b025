// Many videos: a prompts file, or one prompt with many seeds.
#include "cli/batch/batch.h"

#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "cli/batch/batch_warnings.h"
#include "cli/enhancer.h"
#include "cli/make.h"
#include "cli/ranks.h"
#include "cli/shared_input.h"
#include "cli/signals.h"
#include "cli/terminal/terminal.h"
#include "core/file.h"
#include "core/json/json_line.h"
#include "core/random_seed.h"
#include "core/text.h"
#include "jobs/batch.h"
#include "jobs/batch_index.h"
#include "jobs/enhanced_prompts.h"
#include "jobs/rank.h"
#include "plan/machine/pace.h"
#include "plan/verbs/file_frames.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr std::uint64_t kLargestList = std::uint64_t{1} << 30;  // bytes
constexpr std::size_t kMostErrors = 50;

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "options", message); }

std::string counted(std::uint64_t n, const char* one, const char* many) {
  return std::to_string(n) + " " + (n == 1 ? one : many);
}

}  // namespace

PromptsFile read_list(const Options& options) {
  if (!options.prompts) {  // one prompt, many seeds
    PromptsFile file;
    file.lines.emplace_back();
    return file;
  }
  const std::string& name = *options.prompts;
  if (name == "-")
    refuse_shared_input(options.request, "--prompts -", "write the list to a file and give that");
  return parse_prompts(name, name == "-"
                                 ? read_stdin(kLargestList, "is over 1 GB, expected a list of prompts")
                                 : read_text(name, "prompts", kLargestList));
}

ListSettings list_settings(const Options& options) {
  ListSettings settings;
  settings.base = options.request;
  if (options.prompts) settings.presets = options.presets;
  const bool numbered = options.count && !options.prompts;  // one name, numbered for each video
  if (numbered && options.request.output) {
    if (*options.request.output == "-") {
      wrong("-o - is one stream, and --count " + std::to_string(*options.count) +
            " makes several files; name them, as in -o picture.png");
    }
    if (options.name) wrong("both -o and --name are given; leave one out");
    settings.name_pattern = numbered_pattern(*options.request.output);
    settings.named = true;
  } else if (options.request.output) {
    wrong(
        "-o names one file, and this makes several; use --out-dir DIR and --name "
        "\"{index:04}-{slug}.{ext}\"");
  }
  for (auto* beside : {&settings.base.contact_sheet, &settings.base.thumbnail, &settings.base.dump_tensors}) {
    if (!*beside || (*beside)->find('{') != std::string::npos) continue;
    if (!numbered) {
      wrong("\"" + **beside + "\" names one file, and this makes several; use fields, as in \"{index:04}" +
            fs::path(**beside).extension().string() + "\"");
    }
    *beside = numbered_pattern(**beside);
  }
  settings.out_dir = options.out_dir.value_or("");
  settings.repeat = static_cast<std::uint64_t>(videos_per_prompt(options));
  // Random seeds as for a single video. In the folder of a batch, JobList computes the same seeds in every
  // run.
  if (numbered && !options.out_dir && !settings.base.seed) settings.base.seed = random_seed();
  if (!options.prompts && !settings.named) settings.name_pattern = "{slug}-{seed}.{ext}";
  if (options.name) settings.name_pattern = *options.name;
  return settings;
}

namespace {

// The folder of the videos, with the journal.
fs::path folder_of(const Options& options) {
  if (options.out_dir) return *options.out_dir;
  const fs::path folder =
      options.count ? fs::path(options.request.output.value_or("")).parent_path() : fs::path();
  return folder.empty() ? fs::path(".") : folder;
}

BatchSettings batch_settings(const Options& options) {
  BatchSettings settings;
  settings.resume = !options.no_resume;
  settings.retry_failed = options.retry_failed;
  settings.sort = options.sort;
  if (options.shard) settings.shard = parse_shard(*options.shard);
  settings.posters = options.index;
  return settings;
}

// Reports the errors of the list, each with its line.
[[noreturn]] void refuse(const std::string& name, const std::vector<LineError>& errors) {
  const std::string shown = name == "-" ? "stdin" : name;
  for (std::size_t i = 0; i < errors.size() && i < kMostErrors; ++i) {
    log(LogLevel::error, shown + ":" + std::to_string(errors[i].line) + ": " + errors[i].message);
  }
  const std::string more =
      errors.size() > kMostErrors ? ", the first " + std::to_string(kMostErrors) + " are above" : "";
  throw Error(ErrorKind::data, "prompts",
              shown + ": " + counted(errors.size(), "line is", "lines are") + " wrong" + more +
                  "; nothing was started");
}

void check_list(const Options& options, const JobList& list) {
  if (list.errors().empty()) {
    if (list.jobs().empty()) {
      throw Error(ErrorKind::data, "prompts", *options.prompts + ": has no prompt; write one a line");
    }
    return;
  }
  // A single prompt has no line numbers.
  if (!options.prompts) {
    const LineError& error = list.errors().front();
    throw error.cause ? *error.cause : Error(ErrorKind::usage, "options", error.message);
  }
  refuse(*options.prompts, list.errors());
}

// The lines of --dry-run. They are shown when the whole list has been checked.
class ListedPlans {
 public:
  ListedPlans(const JobList& list, bool json) : list_(list), json_(json) {}

  void add(const Job& job, const Plan& plan, bool done) {
    ++jobs_;
    done_ += done;
    seconds_ += static_cast<double>(file_frames(plan)) / plan.timeline.fps;
    if (json_) {
      JsonLine line;
      line.add("index", job.index)
          .add("line", static_cast<std::uint64_t>(list_.line(job)))
          .add("done", done)
          .add("prompt", plan.request.prompt)
          .add("output", job.output)
          .add("seed", job.seed)
          .add("model", plan.model.name)
          .add("width", plan.picture.width)
          .add("height", plan.picture.height)
          .add("frames", file_frames(plan))
          .add("fps", plan.timeline.fps)
          .add("steps", plan.sampling.steps)
          .add("peak_memory_gb", plan.machine.peak_memory_gb)
          .add("warnings", plan.warnings);
      if (plan.request.original_prompt) line.add("original_prompt", *plan.request.original_prompt);
      text_ += line.text() + "\n";
    } else {
      text_ += std::to_string(job.index) + "  " + one_line(job.output) + (done ? "  (done)" : "") + "  \"" +
               one_line(plan.request.prompt) + "\"\n";
    }
  }

  void note(const std::string& text) { note_ = text; }

  void show() {
    if (!note_.empty() && json_) log(LogLevel::warning, note_);
    if (!note_.empty() && !json_) text_ += note_ + "\n";
    if (!json_) {
      text_ += counted(jobs_, "job", "jobs") + ", " + std::to_string(done_) + " done, " +
               seconds_text(seconds_) + " of video\n";
    }
    write_stdout(text_);
  }

 private:
  const JobList& list_;
  bool json_;
  std::string text_, note_;
  std::uint64_t jobs_ = 0, done_ = 0;
  double seconds_ = 0;
};

// How many prompts of the list nobody has written out yet.
std::size_t texts_to_ask_for(const JobList& list) {
  std::set<std::string> texts;
  for (const Job& job : list.jobs())
    for (const std::string& text : texts_to_enhance(list.request(job))) texts.insert(text);
  return texts.size();
}

class Reporter final : public BatchObserver {
 public:
  /// Calls `changed` when a video was made, or could not be.
  Reporter(Session& session, std::function<void()> changed)
      : session_(session), changed_(std::move(changed)) {}

  void begins(const BatchCounts& counts) override {
    std::string text = counted(counts.jobs, "job", "jobs");
    if (counts.already > 0) text += ", " + std::to_string(counts.already) + " done already";
    if (counts.failed > 0)
      text += ", " + std::to_string(counts.failed) + " failed earlier (--retry-failed tries again)";
    log(LogLevel::info, text);
    changed_();
  }

  void job_begins(const Job& job, const Plan& plan, const BatchCounts& counts) override {
    const std::uint64_t position = counts.already + counts.done + counts.failed + 1;
    session_.latest.set_job(std::to_string(position) + "/" + std::to_string(counts.jobs) + " " + job.output);
    session_.progress->job({position, counts.jobs, job.output, plan.request.prompt, job.seed});
  }

  void job_done(const Job&, const Plan& plan, const Result& result) override {
    report(session_, plan, result);
    changed_();
  }

  void job_failed(const Job& job, const Plan&, const Error& error) override {
    if (!session_.progress->failed(error)) log(LogLevel::error, job.output + ": " + error.what());
    changed_();
  }

 private:
  Session& session_;
  std::function<void()> changed_;
};

std::string summary(const BatchCounts& counts) {
  std::string text = std::to_string(counts.done) + " made";
  if (counts.already > 0) text += ", " + std::to_string(counts.already) + " done before";
  if (counts.elsewhere > 0) text += ", " + std::to_string(counts.elsewhere) + " by other runs";
  if (counts.failed > 0)
    text += ", " + std::to_string(counts.failed) + " failed (--retry-failed tries them again)";
  return text;
}

void write_index(const JobList& list, Planner& planner, Journal& journal, const ScoutView* scout) {
  journal.refresh();
  write_batch_index(list, planner, journal, scout != nullptr ? &scout->page : nullptr);
  log(LogLevel::info,
      (journal.folder() / "index.html").string() + ": the videos of this batch, for a browser");
}

// The page and the pictures of a scout, with the drafts made so far.
void show_drafts(const ScoutView& scout, const JobList& list, Planner& planner, Journal& journal) {
  try {
    journal.refresh();
    DraftPage page = scout.page;
    page.filling = true;
    write_batch_index(list, planner, journal, &page);
    scout.changed(list, planner, journal);
  } catch (const Error& error) {
    log(LogLevel::warning, error.what());  // the drafts themselves are whole
  }
}

// Whether it was not there before.
bool create_folder(const fs::path& folder) {
  std::error_code code;
  const bool there = fs::exists(folder, code);
  fs::create_directories(folder, code);
  if (code) {
    throw Error(ErrorKind::cannot_create, "output",
                folder.string() + ": cannot be created: " + code.message());
  }
  return !there;
}

// Makes the videos; whatever ends the run, the page has those that were made.
BatchCounts make_all(Session& session, Batch& batch, JobList& list, Planner& planner, Journal& journal,
                     const ScoutView* scout) {
  const Options& options = session.options;
  begin_work(options.quiet || json_on_stderr(options));
  Maker maker(session);
  Reporter reporter(session, [&] {
    if (scout != nullptr) show_drafts(*scout, list, planner, journal);
  });
  const auto make = [&](Plan plan, const CheckpointOptions& checkpoint, const ComingTexts& coming) {
    estimate_pace(plan);
    return maker.make(plan, checkpoint, coming);
  };
  try {
    return batch.run(make, reporter);
  } catch (const Error&) {
    try {
      if (options.index) write_index(list, planner, journal, scout);
    } catch (const Error& error) {
      log(LogLevel::warning, error.what());  // the error that ended the run is reported by the caller
    }
    throw;
  }
}

}  // namespace

int run_batch(Session& session) { return run_batch(session, nullptr); }

int run_batch(Session& session, const ScoutView* scout) {
  if (scout == nullptr) share_jobs_of_ranks(session.options);
  const Options& options = session.options;
  if (!options.prompts && !options.has_prompt && input_files(options.request).empty()) {
    wrong("there is no prompt; give --prompts FILE, or --prompt \"a lighthouse by the sea\"");
  }
  BatchSettings settings = batch_settings(options);
  std::optional<Enhancer> enhancer;
  if (wants_enhancing(options)) enhancer.emplace(session);
  const fs::path folder = folder_of(options);
  Journal journal(folder);
  ListSettings of_list = list_settings(options);
  if (scout != nullptr) {
    of_list.name_option = "--out-dir";
    of_list.if_taken = scout->if_taken;
  }
  if (options.jobs_from_rank) settings.shard = take_rank(of_list.base);
  settings.rank = rank_of_process(options);
  settings.share = options.share || settings.shard.count > 1;  // the other shards work in the same folder
  if (enhancer) of_list.rewrite = [&](Request& request) { enhancer->put_known(request, journal); };
  JobList list(read_list(options), of_list);
  if (list.jobs().empty()) check_list(options, list);

  const bool made_folder = !options.dry_run && options.out_dir && create_folder(folder);
  Planner planner;
  ListedPlans plans(list, options.json);
  BatchWarnings warnings;
  settings.planned = [&](const Plan& plan) { warnings.add(plan); };
  if (scout != nullptr) settings.poster_type = "png";
  const auto show = [&](const Job& job, const Plan& plan, bool done) { plans.add(job, plan, done); };
  Batch batch(list, planner, journal, settings, options.dry_run ? show : Batch::EachPlan());
  std::error_code code;
  if (made_folder && !list.errors().empty()) fs::remove(folder, code);  // it is empty
  check_list(options, list);
  for (const std::string& warning : warnings.lines()) log(LogLevel::warning, warning);
  if (options.dry_run) {
    if (enhancer) plans.note(enhancer->would_ask(texts_to_ask_for(list)));
    plans.show();
    return 0;
  }
  if (enhancer) {
    journal.open(settings.share);
    enhancer->ask_for_all(list, journal);
  }
  const BatchCounts counts = make_all(session, batch, list, planner, journal, scout);
  session.progress->batch_done(counts.done, counts.already, counts.failed);
  if (!options.quiet && !json_on_stderr(options)) write_stderr_line(summary(counts));
  if (options.index) write_index(list, planner, journal, scout);
  return counts.failed > 0 ? static_cast<int>(ErrorKind::some_failed) : 0;
}

}  // namespace sora
