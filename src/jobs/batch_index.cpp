#include "jobs/batch_index.h"

#include "core/file.h"
#include "core/output/output_file.h"
#include "core/text.h"
#include "jobs/index_page.h"
#include "jobs/job_key.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr std::uint64_t kLargestPoster = 4 << 20;

std::string number(double value) { return number_text(value); }

std::vector<std::pair<std::string, std::string>> parameters_of(const Plan& plan) {
  std::vector<std::pair<std::string, std::string>> list{
      {"seed", std::to_string(*plan.request.seed)},
      {"model", plan.model.name},
      {"size", std::to_string(plan.picture.width) + "x" + std::to_string(plan.picture.height)},
      {"length", number(static_cast<double>(plan.timeline.frames) / plan.timeline.fps) + " s at " +
                     number(plan.timeline.fps) + " fps"},
      {"steps", std::to_string(plan.sampling.steps) + " of " + plan.sampling.scheduler},
      {"guidance", number(plan.sampling.guidance)}};
  const bool shows_words = !plan.request.no_prompt_in_file;
  if (!plan.sampling.negative_prompt.empty() && plan.sampling.guidance > 1 && shows_words)
    list.emplace_back("not", plan.sampling.negative_prompt);
  return list;
}

// `done` gets the record of a job that is done.
IndexEntry entry_of(const Job& job, const Plan& plan, const Journal& journal, const DraftPage* drafts,
                    std::vector<const JobRecord*>& done) {
  const std::string key = job_key(plan);
  IndexEntry entry;
  entry.file = fs::path(job.output).lexically_relative(journal.folder()).string();
  if (!plan.request.no_prompt_in_file) entry.prompt = plan.request.prompt;
  entry.parameters = parameters_of(plan);
  if (drafts != nullptr) entry.number = job.index;
  const JobRecord* record = journal.find(key);
  if (record == nullptr) return entry;
  if (record->state == JobRecord::State::done) {
    if (is_inside(record->output)) entry.file = record->output;  // perhaps made under another name
    entry.status = IndexStatus::done;
    done.push_back(record);
    entry.seconds = record->seconds;
    entry.bytes = record->bytes;
    std::error_code code;
    const fs::path poster = poster_path(journal, key, drafts != nullptr ? "png" : "jpg");
    if (drafts != nullptr) entry.command = drafts->command(job.index);
    if (fs::exists(poster, code)) entry.poster = read_text(poster, "index", kLargestPoster);
  } else if (record->state == JobRecord::State::failed) {
    entry.status = IndexStatus::failed;
    entry.error = record->error;
  }
  return entry;
}

}  // namespace

fs::path poster_path(const Journal& journal, const std::string& key, const std::string& type) {
  return journal.folder() / ".sora-gen" / "posters" / (key.substr(0, 32) + "." + type);
}

void write_batch_index(const JobList& list, Planner& planner, const Journal& journal,
                       const DraftPage* drafts) {
  std::vector<IndexEntry> entries;
  std::vector<const JobRecord*> done;
  for (const Job& job : list.jobs()) {
    entries.push_back(entry_of(job, planner.plan(list.request(job)), journal, drafts, done));
  }
  std::string title = fs::absolute(journal.folder()).lexically_normal().filename().string();
  if (drafts != nullptr) title = drafts->title;
  const std::string page = index_page(title.empty() ? "sora-gen" : title, entries,
                                      drafts != nullptr && drafts->filling, throughput_of(done));
  OutputFile file(journal.folder() / "index.html", true);
  file.write(page.data(), page.size());
  file.commit();
}

}  // namespace sora
