// The jobs of a batch: --repeat jobs for every line of a prompts file, each with a seed and an output.
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

/// The shard of this process, from RANK and WORLD_SIZE (torchrun), OMPI_COMM_WORLD_RANK and _SIZE, PMI_RANK
/// and PMI_SIZE, or SLURM_PROCID and SLURM_STEP_NUM_TASKS (srun), the first pair that is set. Throws Error
/// (usage) where none is set, as in a script of sbatch outside of srun.
Shard shard_from_rank();

struct ListSettings {
  Request base;  ///< defaults, configuration and options of the command line; those of a line override them
  Presets presets;      ///< those that a line may name
  std::string out_dir;  ///< the folder of relative outputs
  std::string name_pattern = "{index:04}-{slug}-{seed}.{ext}";
  bool named = false;                               ///< the pattern comes from -o: the user chose the name
  std::string name_option = "--name or --out-dir";  ///< for messages: what chooses other names
  std::string if_taken;                             ///< for messages: OutputCheck
  std::uint64_t repeat = 1;                         ///< videos for each prompt
  /// Puts enhanced prompts into the request of a job, whose seed and name depend on the prompt as it is in
  /// the list; may be empty.
  std::function<void(Request&)> rewrite;
};

/// A job, small enough for a list of a hundred thousand. JobList::request() has all its options.
struct Job {
  std::uint64_t index = 0;  ///< in the whole list, from 1
  std::uint32_t entry = 0;  ///< index in PromptsFile::lines
  std::uint32_t repeat = 1;
  std::uint64_t seed = 0;
  std::string output;  ///< with its folder
  bool named = false;  ///< the user chose the name of the output; else it comes from a pattern
};

class JobList {
 public:
  /// A job without a seed gets one that is computed from its prompt and how often the prompt occurred before
  /// in the list: the same list gives the same videos. A seed that is given counts up over the repeats.
  /// Faults of single lines, such as an output that another line has, are added to `file.errors`.
  JobList(PromptsFile file, ListSettings settings);

  const std::vector<Job>& jobs() const { return jobs_; }
  const std::vector<LineError>& errors() const { return file_.errors; }  ///< in the order of the lines
  std::uint32_t line(const Job& job) const { return file_.lines[job.entry].line; }

  /// All options of the job; the output with its folder.
  Request request(const Job& job) const;

  /// Plans every job, and adds its errors: options that the model does not support, a missing model, an
  /// output that cannot be written. Calls `each` for plans without errors, in order; `may_exist` says whether
  /// the output of a job may exist already.
  void plan_all(Planner& planner, const std::function<bool(const Job&, const Plan&)>& may_exist,
                const std::function<void(const Job&, const Plan&)>& each);

 private:
  NameFields fields_of(const Job& job, const Request& request) const;
  Request with_line_options(std::uint32_t entry) const;
  void name_outputs();
  void add_error(std::uint32_t line, const std::string& message, std::optional<Error> cause = {});

  PromptsFile file_;
  ListSettings settings_;
  std::vector<Job> jobs_;
};

}  // namespace sora
