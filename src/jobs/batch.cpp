#include "jobs/batch.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>

#include "core/host_name.h"
#include "core/log.h"
#include "core/output/temporary_name.h"
#include "core/text.h"
#include "jobs/batch_index.h"
#include "jobs/job_key.h"
#include "jobs/output_name.h"
#include "plan/kept_latents.h"
#include "plan/machine/text_cache.h"
#include "plan/model/model_choice.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using State = JobRecord::State;
using Clock = std::chrono::steady_clock;

// Whether all other jobs would fail for the same reason.
bool ends_the_run(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::io:
    case ErrorKind::cannot_create:
    case ErrorKind::interrupted:
    case ErrorKind::terminated:
    case ErrorKind::reader_gone:
    case ErrorKind::busy:
      return true;
    default:
      return false;
  }
}

// Equal for jobs that use the same model in memory and the same sizes.
std::string order_of(const Plan& plan) {
  return plan.model.dir.string() + '\n' + plan.machine.device + '\n' + plan.machine.dtype + '\n' +
         std::to_string(plan.picture.model_width) + 'x' + std::to_string(plan.picture.model_height) + '\n' +
         std::to_string(plan.timeline.latent_frames);
}

std::string devices_of(const Plan& plan) {
  std::string names;
  for (const std::string& device : plan.machine.parallel.devices)
    names += (names.empty() ? "" : ",") + device;
  return names.empty() ? plan.machine.device : names;
}

}  // namespace

Batch::Batch(JobList& list, Planner& planner, Journal& journal, const BatchSettings& settings,
             const EachPlan& each)
    : list_(list), planner_(planner), journal_(journal), settings_(settings) {
  journal_.refresh();
  const bool has_records = !journal_.records().empty();
  // An output may exist if this batch made it.
  const auto ours = [&](const Job& job, const Plan& plan) {
    if (!has_records) return false;
    const JobRecord* record = journal_.find(job_key(plan));
    return record != nullptr && (record->state == State::done || record->was_free) &&
           record->output == recorded_output(job);
  };
  list_.plan_all(planner_, ours, [&](const Job& job, const Plan& plan) {
    if (!is_utf8(recorded_output(job))) {
      throw Error(
          ErrorKind::usage, "options",
          job.output +
              ": the name is not UTF-8, which the journal of a batch needs; choose another name or folder");
    }
    Entry entry;
    entry.job = &job;
    entry.in_shard = (job.index - 1) % settings_.shard.count == settings_.shard.index - 1;
    if (settings_.sort) entry.order = order_of(plan);
    if (settings_.planned && entry.in_shard) settings_.planned(plan);
    if (each && entry.in_shard) {
      if (has_records) {
        entry.key = job_key(plan);
        read_state(entry);
      }
      each(job, plan, entry.state == Entry::State::already);
    }
    entries_.push_back(std::move(entry));
  });
  if (settings_.sort) {
    std::stable_sort(entries_.begin(), entries_.end(),
                     [](const Entry& a, const Entry& b) { return a.order < b.order; });
  }
}

std::string Batch::recorded_output(const Job& job) const {
  const fs::path relative = fs::path(job.output).lexically_relative(journal_.folder());
  const bool inside = !relative.empty() && *relative.begin() != "..";
  return inside ? relative.string() : fs::absolute(job.output).string();
}

bool Batch::is_done(const Entry& entry) {
  const JobRecord* record = journal_.find(entry.key);
  if (record == nullptr || record->state != State::done) return false;
  // The job may have been made under another name, such as when lines were inserted before it in the list.
  // That counts as done if the name came from a pattern, not if the user chose it.
  if (record->output != recorded_output(*entry.job) && (entry.job->named || !is_inside(record->output)))
    return false;
  const fs::path made = journal_.output_path(*record);
  if (list_.request(*entry.job).keep_latents && !latents_are_there(made, *record)) return false;
  return output_is_whole(made, *record);
}

void Batch::read_state(Entry& entry) {
  if (entry.key.empty()) entry.key = job_key(planner_.plan(list_.request(*entry.job)));
  if (!settings_.resume) return;
  const JobRecord* record = journal_.find(entry.key);
  if (record == nullptr) return;
  if (is_done(entry)) {
    entry.state = Entry::State::already;
  } else if (record->state == State::failed && !settings_.retry_failed) {
    entry.state = Entry::State::failed;
  }
}

BatchCounts Batch::counts() const {
  BatchCounts counts;
  for (const Entry& entry : entries_) {
    if (!entry.in_shard) continue;
    ++counts.jobs;
    counts.done += entry.state == Entry::State::done;
    counts.already += entry.state == Entry::State::already;
    counts.failed += entry.state == Entry::State::failed;
  }
  return counts;
}

BatchCounts Batch::run(const RunJob& run_job, BatchObserver& observer) {
  journal_.open(settings_.share);
  journal_.refresh();
  std::vector<ListedJob> listed;
  for (Entry& entry : entries_) {
    read_state(entry);
    const Request request = list_.request(*entry.job);
    listed.push_back(
        {entry.key, recorded_output(*entry.job), request.no_prompt_in_file ? "" : request.prompt});
  }
  journal_.write_list(listed);  // all shards write the same whole list
  journal_.run_begins(counts().jobs);
  observer.begins(counts());

  // Removes files of runs that were killed meanwhile, since there may be no later run that does so.
  struct Sweep {
    const Batch& batch;
    ~Sweep() { batch.remove_left_over_files(); }
  } sweep{*this};

  // The second pass makes jobs that other runs had claimed and did not finish.
  for (int pass = 0; pass < (settings_.share ? 2 : 1); ++pass) {
    for (Entry& entry : entries_) {
      if (!entry.in_shard || entry.state != Entry::State::left) continue;
      if (!journal_.claim(entry.key)) continue;
      struct Release {
        Journal& journal;
        const std::string& key;
        ~Release() { journal.release(key); }
      } release{journal_, entry.key};
      if (settings_.share) {
        journal_.refresh();
        read_state(entry);
        if (entry.state != Entry::State::left) continue;
      }
      make(entry, run_job, observer);
    }
  }
  BatchCounts result = counts();
  result.elsewhere = result.jobs - result.done - result.already - result.failed;
  return result;
}

void Batch::remove_left_over_files() const noexcept {
  try {
    const fs::path home = journal_.folder() / ".sora-gen";
    std::set<fs::path> folders{home, home / "posters"};
    for (const Entry& entry : entries_) folders.insert(fs::path(entry.job->output).parent_path());
    for (const fs::path& folder : folders) remove_left_over(folder);
  } catch (const std::exception& error) {
    log(LogLevel::debug, std::string("files of killed runs are not removed: ") + error.what());
  }
}

// The output of a job that was done was changed since, or the disk lost a part of it. The file is renamed, so
// that nothing is lost.
void Batch::rename_changed_output(const Job& job) {
  std::error_code code;
  if (!fs::is_regular_file(job.output, code)) return;
  fs::path old = job.output;
  for (int i = 1; fs::exists(old, code); ++i) {
    old = fs::path(job.output)
              .replace_extension(".old-" + std::to_string(i) + fs::path(job.output).extension().string());
  }
  fs::rename(job.output, old, code);
  if (!code) {
    std::error_code without;  // most videos have no kept latents
    fs::rename(latents_name(job.output), latents_name(old.string()), without);
    log(LogLevel::warning,
        job.output + ": has changed since it was made; renamed to " + old.string() + ", and made again");
  }
}

// The texts of the next jobs of this run that use the same model.
std::vector<std::string> Batch::coming_texts(const Entry& entry, const Plan& plan) {
  constexpr std::size_t kMostJobs = 64;  // their embeddings stay in memory until they are used
  const std::string model = model_key(plan);
  std::vector<std::string> texts;
  std::size_t jobs = 0;
  for (auto i = static_cast<std::size_t>(&entry - entries_.data()) + 1; i < entries_.size(); ++i) {
    const Entry& next = entries_[i];
    if (!next.in_shard || next.state != Entry::State::left) continue;
    if (++jobs > kMostJobs) break;
    const Plan later = planner_.plan(list_.request(*next.job));
    if (model_key(later) != model) continue;
    for (const std::string& text : texts_of(later)) {
      if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
    }
  }
  return texts;
}

void Batch::make(Entry& entry, const RunJob& run_job, BatchObserver& observer) {
  const Job& job = *entry.job;
  Request request = list_.request(job);
  const std::string output = recorded_output(job);
  const JobRecord* record = journal_.find(entry.key);
  const bool ours = record != nullptr && record->was_free && record->output == output;
  // A video that only lacks its kept latents is made again, and is replaced by the same bytes.
  const bool lacks_latents = record != nullptr && record->state == State::done && record->output == output &&
                             output_is_whole(journal_.output_path(*record), *record);
  if (record != nullptr && record->state == State::done && !request.overwrite && !lacks_latents)
    rename_changed_output(job);
  const bool was_free = !OutputCheck::exists(job.output);
  const bool was_made = record != nullptr && record->state == State::done && record->output == output;
  // A file that appeared since the job was first started is the job's own: a crash came between the file and
  // the journal. To be safe it is made again and replaced. The same is true of the files beside a video that
  // was made and then deleted.
  if (ours || !settings_.resume || (was_made && was_free) || lacks_latents) request.overwrite = true;
  if (settings_.posters && !request.thumbnail) {
    const fs::path poster = poster_path(journal_, entry.key, settings_.poster_type);
    std::error_code code;
    fs::create_directories(poster.parent_path(), code);
    fs::remove(poster, code);  // of an unfinished run
    request.thumbnail = poster.string();
  }
  const Plan plan = planner_.plan(request);

  observer.job_begins(job, plan, counts());
  journal_.started(entry.key, output, was_free || ours || lacks_latents);
  const auto start = Clock::now();
  try {
    CheckpointOptions checkpoint;
    checkpoint.file = journal_.checkpoint_file(entry.key);
    checkpoint.key = entry.key;
    checkpoint.every = request.checkpoint_every;
    const Result result = run_job(plan, checkpoint, [&] { return coming_texts(entry, plan); });
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    journal_.done(entry.key, result, output, seconds, request.keep_latents,
                  {host_name(), devices_of(plan), settings_.rank});
    entry.state = Entry::State::done;
    observer.job_done(job, plan, result);
  } catch (const Error& error) {
    entry.state = Entry::State::failed;
    if (ends_the_run(error.kind())) {
      try {
        journal_.stopped(entry.key, output);
      } catch (const Error&) {
        // The disk is full for the journal, too. The "start" event is in it, which is enough.
      }
      throw;
    }
    journal_.failed(entry.key, output, error.exit_code(), error.what());
    observer.job_failed(job, plan, error);
  }
}

}  // namespace sora
