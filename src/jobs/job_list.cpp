#include "jobs/job_list.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "core/sha256.h"
#include "jobs/output_files.h"
#include "jobs/output_name.h"
#include "plan/model/model_choice.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "options", message); }

std::optional<std::uint64_t> variable(const char* name) {
  const char* text = std::getenv(name);
  std::uint64_t value = 0;
  if (text == nullptr || !set_from_text(value, text).empty()) return {};
  return value;
}

// 32 bits, short enough to type, from a hash of the prompt: the same in every run of the list.
std::uint64_t seed_of(const std::string& prompt, std::uint64_t occurrence, std::uint64_t repeat) {
  const std::string digest =
      sha256_hex(prompt + "\n" + std::to_string(occurrence) + "\n" + std::to_string(repeat));
  return std::strtoull(digest.substr(0, 8).c_str(), nullptr, 16);
}

std::string in_folder(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : (fs::path(folder) / name).string();
}

// The output, or a file beside it.
bool any_exists(const Request& request) {
  const auto files = files_beside(request);
  return OutputCheck::exists(*request.output) ||
         std::any_of(files.begin(), files.end(),
                     [](const auto& file) { return OutputCheck::exists(file.second); });
}

}  // namespace

Shard parse_shard(const std::string& text) {
  Shard shard;
  const std::size_t slash = text.find('/');
  const bool numbers = slash != std::string::npos &&
                       set_from_text(shard.index, text.substr(0, slash)).empty() &&
                       set_from_text(shard.count, text.substr(slash + 1)).empty();
  if (!numbers || shard.count < 1 || shard.index < 1 || shard.index > shard.count) {
    wrong("--shard is \"" + text + "\", expected i/n with i from 1 to n, such as 2/8");
  }
  return shard;
}

Shard shard_from_rank() {
  struct Names {
    const char *rank, *size;
  };
  // The innermost launcher counts, as in launched(). SLURM_NTASKS is no size: a script of sbatch has it too.
  for (const Names& names : {Names{"RANK", "WORLD_SIZE"},
                             {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
                             {"PMI_RANK", "PMI_SIZE"},
                             {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS"}}) {
    const auto rank = variable(names.rank);
    const auto size = variable(names.size);
    if (!rank || !size) continue;
    if (*rank >= *size) {
      wrong(std::string(names.rank) + " is " + std::to_string(*rank) + " and " + names.size + " " +
            std::to_string(*size) + ", expected a rank below the size");
    }
    return {*rank + 1, *size};
  }
  wrong(
      "--jobs-from-rank found no rank: neither RANK and WORLD_SIZE, OMPI_COMM_WORLD_RANK and _SIZE, PMI_RANK "
      "and PMI_SIZE, nor SLURM_PROCID and SLURM_STEP_NUM_TASKS are set; run it under srun, mpirun or "
      "torchrun, or use --shard i/n");
}

JobList::JobList(PromptsFile file, ListSettings settings)
    : file_(std::move(file)), settings_(std::move(settings)) {
  std::unordered_map<std::string, std::uint64_t> occurrences;
  jobs_.reserve(file_.lines.size() * settings_.repeat);
  for (std::uint32_t entry = 0; entry < file_.lines.size(); ++entry) {
    const Request request = with_line_options(entry);
    if (request.prompt.empty() && !file_.lines[entry].overrides.has("prompt") &&
        settings_.base.prompt.empty() && input_files(request).empty() && request.shot.empty()) {
      add_error(file_.lines[entry].line, "has no prompt");
      continue;
    }
    const std::uint64_t occurrence = request.seed ? 0 : occurrences[request.prompt]++;
    for (std::uint32_t repeat = 1; repeat <= settings_.repeat; ++repeat) {
      Job job;
      job.index = jobs_.size() + 1;
      job.entry = entry;
      job.repeat = repeat;
      job.seed = request.seed ? *request.seed + repeat - 1 : seed_of(request.prompt, occurrence, repeat);
      jobs_.push_back(std::move(job));
    }
  }
  name_outputs();
}

void JobList::name_outputs() {
  std::unordered_map<std::string_view, const Job*> taken;
  for (Job& job : jobs_) {
    const Request request = with_line_options(job.entry);
    const bool by_line = file_.lines[job.entry].overrides.has("output");
    job.named = by_line || settings_.named;
    if (by_line && *request.output == "-") {
      add_error(line(job), "output is -, expected a file: a batch makes several");
    }
    const std::string pattern = by_line ? *request.output : settings_.name_pattern;
    try {
      // The name in a line is used literally, unless there are fields in it.
      const bool plain = by_line && pattern.find('{') == std::string::npos;
      job.output =
          in_folder(settings_.out_dir, plain ? pattern : format_name(pattern, fields_of(job, request)));
    } catch (const Error& error) {
      if (!by_line) throw;
      add_error(line(job), error.message());
      continue;
    }
    const auto [other, fresh] = taken.emplace(job.output, &job);
    if (!fresh) {
      add_error(line(job), "its output " + job.output + " is also that of line " +
                               std::to_string(line(*other->second)) +
                               "; put {index}, {repeat} or {seed} into the names, so that they differ");
    }
  }
}

NameFields JobList::fields_of(const Job& job, const Request& request) const {
  return {job.index,
          line(job),
          job.repeat,
          job.seed,
          title_of(request),
          fs::path(request.model).filename().string(),
          extension_of(request)};
}

Request JobList::with_line_options(std::uint32_t entry) const {
  const Overrides& line = file_.lines[entry].overrides;
  Request request = layered(settings_.base, settings_.presets, line);
  if (line.has("model")) keep_given_model(request);
  return request;
}

Request JobList::request(const Job& job) const {
  Request request = with_line_options(job.entry);
  request.seed = job.seed;
  request.output = job.output;
  for (auto* beside : {&request.contact_sheet, &request.thumbnail, &request.dump_tensors}) {
    if (*beside && (*beside)->find('{') != std::string::npos) {
      *beside = in_folder(settings_.out_dir, format_name(**beside, fields_of(job, request)));
    }
  }
  if (settings_.rewrite) settings_.rewrite(request);
  return request;
}

void JobList::plan_all(Planner& planner, const std::function<bool(const Job&, const Plan&)>& may_exist,
                       const std::function<void(const Job&, const Plan&)>& each) {
  OutputCheck outputs(settings_.named ? "-o" : settings_.name_option, settings_.if_taken);
  if (!settings_.out_dir.empty() || !settings_.named)
    outputs.creates((fs::path(settings_.out_dir) / "x").parent_path());  // written as in the jobs' outputs
  for (const Job& job : jobs_) {
    if (job.output.empty()) continue;  // its error is in the list already
    try {
      const Request request = this->request(job);
      const Plan plan = planner.plan(request);
      const bool fine = request.overwrite || (any_exists(request) && may_exist(job, plan));
      outputs.check(job.output, fine);
      if (!fine) check_files_beside(request);
      each(job, plan);
    } catch (const Error& error) {
      add_error(line(job), error.message(), error);
    }
  }
  std::stable_sort(file_.errors.begin(), file_.errors.end(),
                   [](const LineError& a, const LineError& b) { return a.line < b.line; });
}

void JobList::add_error(std::uint32_t line, const std::string& message, std::optional<Error> cause) {
  file_.errors.push_back({line, message, std::move(cause)});
}

}  // namespace sora
