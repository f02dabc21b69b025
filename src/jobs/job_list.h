// The jobs of a batch: every line of a prompts file times --repeat, with seed and output filled in.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/json/presets.h"
#include "jobs/output_name.h"
#include "jobs/prompts_file.h"
#include "sora/plan.h"
#include "sora/request.h"

namespace sora {

struct Shard {
  std::uint64_t index = 1;  ///< 1 to count
  std::uint64_t count = 1;
};

/// "2/8". Throws Error (usage).
Shard parse_shard(const std::string& text);

/// The shard of this process, from SLURM_PROCID and SLURM_NTASKS, OMPI_COMM_WORLD_RANK and _SIZE, PMI_RANK
/// and PMI_SIZE, or RANK and WORLD_SIZE (torchrun), the first pair that is set. Throws Error (usage) when
/// none is.
Shard shard_from_rank();

struct ListSettings {
  Request base;         ///< defaults, configuration and the options of the command line
  Presets presets;      ///< those that a line may name
  Overrides given;      ///< of the command line: they count more than a line's (core/json/presets.h)
  std::string out_dir;  ///< relative outputs lie in it
  std::string name_pattern = "{index:04}-{slug}-{seed}.{ext}";
  bool named = false;        ///< the pattern is a name that was asked for, and a job under another is not it
  std::uint64_t repeat = 1;  ///< seeds a prompt
};

/// A hundred thousand of these stay small; request() makes the whole of one.
struct Job {
  std::uint64_t index = 0;  ///< in the whole list, from 1
  std::uint32_t entry = 0;  ///< of PromptsFile::lines
  std::uint32_t repeat = 1;
  std::uint64_t seed = 0;
  std::string output;  ///< with its folder
  bool named = false;  ///< its output is a name that was asked for; else one that the pattern gave
};

class JobList {
 public:
  /// A job without a seed of its own gets one from its prompt and from how often that prompt came before: the
  /// same list gives the same videos. A given seed counts up over the repeats.
  /// Faults of single lines, two jobs with one output among them, are added to `file.errors`.
  JobList(PromptsFile file, ListSettings settings);

  const std::vector<Job>& jobs() const { return jobs_; }
  const std::vector<LineError>& errors() const { return file_.errors; }  ///< in the order of the lines
  std::uint32_t line(const Job& job) const { return file_.lines[job.entry].line; }

  /// All options of the job; the output with its folder.
  Request request(const Job& job) const;

  /// Plans every job, and adds to the errors what is wrong: options that the model cannot follow, a model
  /// that is missing, an output that cannot be written. `each` sees the plans that are fine, in order;
  /// `exists_is_fine` says of which jobs the output may exist.
  void plan_all(Planner& planner, const std::function<bool(const Job&, const Plan&)>& exists_is_fine,
                const std::function<void(const Job&, const Plan&)>& each);

 private:
  NameFields fields_of(const Job& job, const Request& request) const;
  Request overlaid(std::uint32_t entry) const;
  void name_outputs();
  void add_error(std::uint32_t line, const std::string& message, std::optional<Error> cause = {});

  PromptsFile file_;
  ListSettings settings_;
  std::vector<Job> jobs_;
};

}  // namespace sora
