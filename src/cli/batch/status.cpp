// status DIR: shows the state of a batch from its journal.
#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "cli/terminal/terminal.h"
#include "cli/verbs.h"
#include "core/json/json_line.h"
#include "core/text.h"
#include "jobs/journal.h"
#include "jobs/throughput.h"
#include "plan/kept_latents.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using State = JobRecord::State;

constexpr std::size_t kMostParts = 64;  // lines of the throughput

struct JobStatus {
  ListedJob job;
  std::string state;  // done, changed, elsewhere, failed, running, stopped, left
  const JobRecord* record = nullptr;
};

// A folder may come from a stranger: no file outside of it is looked at, whatever its journal names.
std::string state_of_output(const Journal& journal, const JobRecord& record) {
  if (!lies_inside(journal.folder(), record.output)) return "elsewhere";
  const fs::path file = journal.output_path(record);
  const bool whole = output_is_whole(file, record) && (!record.latents || latents_are_there(file, record));
  return whole ? "done" : "changed";
}

JobStatus status_of(const ListedJob& job, const Journal& journal) {
  JobStatus status{job, "left", journal.find(job.key)};
  if (status.record == nullptr) return status;
  switch (status.record->state) {
    case State::done:
      status.state = state_of_output(journal, *status.record);
      break;
    case State::failed:
      status.state = "failed";
      break;
    case State::stopped:
      status.state = "stopped";
      break;
    case State::started:
      status.state = journal.is_claimed(job.key) ? "running" : "stopped";
  }
  return status;
}

std::string time_text(double time) {
  const auto seconds = static_cast<std::time_t>(time);
  std::tm local{};
  if (::localtime_r(&seconds, &local) == nullptr) return "an unknown time";
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
  return text;
}

std::string json_of(const JobStatus& status) {
  JsonLine line;
  line.add("state", status.state).add("output", status.job.output).add("prompt", status.job.prompt);
  if (const JobRecord* record = status.record) {
    line.add("time", record->time);
    if (record->state == State::done) {
      line.add("seconds", record->seconds).add("bytes", record->bytes).add("sha256", record->sha256);
      if (record->latents) line.add("latents", latents_name(status.job.output));
      if (!record->by.host.empty()) line.add("host", record->by.host);
      if (!record->by.device.empty()) line.add("device", record->by.device);
      if (record->by.rank) line.add("rank", *record->by.rank);
    }
    if (record->state == State::failed) line.add("exit_code", record->exit_code).add("error", record->error);
  }
  return line.text();
}

// The line of a job that is not done as it should be; empty for the others.
std::string line_of(const JobStatus& status) {
  if (status.state == "failed") {
    return "failed   " + one_line(status.job.output) + "  " + time_text(status.record->time) + "  " +
           one_line(status.record->error) + "\n";
  }
  if (status.state == "elsewhere") {
    return "elsewhere  " + one_line(status.record->output) +
           "  was made, and is not looked at: it lies outside the folder\n";
  }
  if (status.state == "running" || status.state == "stopped" || status.state == "changed") {
    return status.state + "  " + one_line(status.job.output) + "  since " + time_text(status.record->time) +
           "\n";
  }
  return {};
}

// How many jobs are in which state, and how long the rest will take. `spent`: seconds of those that are done.
std::string summary(std::uint64_t jobs, std::map<std::string, std::uint64_t> counts, double spent,
                    const Throughput& throughput) {
  const std::uint64_t done = counts["done"], elsewhere = counts["elsewhere"];
  const std::uint64_t unfinished = jobs - done - elsewhere - counts["failed"];
  std::string text = std::to_string(jobs) + (jobs == 1 ? " job: " : " jobs: ") + std::to_string(done) +
                     " done, " + std::to_string(counts["failed"]) + " failed, " +
                     std::to_string(counts["running"]) + " running, " +
                     std::to_string(unfinished - counts["running"]) + " left" +
                     (elsewhere > 0 ? ", " + std::to_string(elsewhere) + " elsewhere" : "") + "\n";
  if (done == 0) return text;
  const double each = spent / static_cast<double>(done);
  text += "took " + seconds_text(spent) + ", " + seconds_text(each) + " a job";
  const double interval = throughput.per_hour > 0 ? 3600 / throughput.per_hour : each;
  if (unfinished > 0)
    text += "; about " + seconds_text(interval * static_cast<double>(unfinished)) + " to go at this pace";
  text += "\n";
  if (throughput.per_hour > 0) text += throughput_text(throughput.per_hour) + "\n";
  for (std::size_t i = 0; i < throughput.parts.size() && i < kMostParts; ++i) {
    const Throughput::Part& part = throughput.parts[i];
    text += "  " + part.name + ": " + std::to_string(part.videos) +
            (part.videos == 1 ? " video" : " videos") +
            (part.per_hour > 0 ? ", " + throughput_text(part.per_hour) : "") + "\n";
  }
  if (throughput.parts.size() > kMostParts)
    text += "  and " + std::to_string(throughput.parts.size() - kMostParts) + " more\n";
  return text;
}

}  // namespace

int show_status_of(Session& session) {
  const fs::path folder = session.options.words.at(1);
  std::error_code code;
  if (!Journal::exists(folder)) {
    throw Error(
        ErrorKind::no_input, "status",
        folder.string() + (fs::is_directory(folder, code)
                               ? ": no batch was run in this folder; sora-gen --prompts FILE --out-dir " +
                                     folder.string() + " starts one"
                               : ": there is no such folder"));
  }
  Journal journal(folder);
  journal.refresh();
  std::vector<ListedJob> listed = journal.read_list();
  if (listed.empty()) {  // after a crash before the list was written: the jobs in the journal
    for (const auto& [key, record] : journal.records()) listed.push_back({key, record.output, ""});
  }

  std::map<std::string, std::uint64_t> counts;
  double spent = 0;
  std::vector<const JobRecord*> done;
  std::string text;
  std::map<std::string, std::string> states;  // by key: a damaged list may have a job many times
  for (const ListedJob& job : listed) {
    JobStatus status{job, "", journal.find(job.key)};
    const auto [known, fresh] = states.try_emplace(job.key);
    if (fresh) known->second = status_of(job, journal).state;
    status.state = known->second;
    ++counts[status.state];
    if (status.state == "done") {
      spent += status.record->seconds;
      done.push_back(status.record);
    }
    text += session.options.json ? json_of(status) + "\n" : line_of(status);
  }
  if (!session.options.json) text += summary(listed.size(), counts, spent, throughput_of(done));
  write_stdout(text);
  return 0;
}

}  // namespace sora
