// Makes the jobs of a list one after another, with a journal. However a run ends, the next one continues.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "jobs/job_list.h"
#include "jobs/journal.h"
#include "sora/error.h"
#include "sora/generator.h"

namespace sora {

struct BatchSettings {
  bool resume = true;                        ///< skip jobs that are done and whose output is unchanged
  bool retry_failed = false;                 ///< try jobs again that failed in an earlier run
  bool share = false;                        ///< other runs may take jobs from the same list
  bool sort = false;                         ///< jobs of one model and size one after another
  bool posters = false;                      ///< a thumbnail of every video, for the index
  std::string poster_type = "jpg";           ///< or png
  std::function<void(const Plan&)> planned;  ///< gets every plan of the shard, before any work
  Shard shard;                               ///< the jobs to make; all jobs of the list are checked
  std::optional<int> rank;                   ///< of this process, for the journal
};

struct BatchCounts {
  std::uint64_t jobs = 0;
  std::uint64_t done = 0;       ///< made by this run
  std::uint64_t already = 0;    ///< made by an earlier run, or by another run meanwhile
  std::uint64_t failed = 0;     ///< in this run, or in an earlier one without a new try
  std::uint64_t elsewhere = 0;  ///< being made by another run
};

/// Is called as the batch proceeds.
class BatchObserver {
 public:
  virtual ~BatchObserver() = default;
  /// Before the first job: how many there are and how many of them are done already.
  virtual void begins(const BatchCounts&) {}
  virtual void job_begins(const Job&, const Plan&, const BatchCounts&) {}
  virtual void job_done(const Job&, const Plan&, const Result&) {}
  virtual void job_failed(const Job&, const Plan&, const Error&) {}
};

/// Makes one video, with a checkpoint of the job.
using RunJob = std::function<Result(const Plan&, const CheckpointOptions&, const ComingTexts&)>;

class Batch {
 public:
  /// Called for every job of the shard without errors, in the order of the list.
  using EachPlan = std::function<void(const Job&, const Plan&, bool done)>;

  /// Plans every job. Reads the journal, without locking it. Errors are added to list.errors().
  Batch(JobList& list, Planner& planner, Journal& journal, const BatchSettings& settings,
        const EachPlan& each = {});

  /// Makes the jobs that are not done. When a job fails, that is recorded and the run continues. It ends with
  /// the Error where all other jobs would fail for the same reason (the disk is full, the folder is gone),
  /// and at a stop. Throws Error (busy) when another run works in this folder.
  BatchCounts run(const RunJob& run_job, BatchObserver& observer);

 private:
  struct Entry {
    const Job* job = nullptr;
    bool in_shard = true;
    std::string key;
    std::string order;  // by which --sort sorts
    enum class State { left, already, failed, done } state = State::left;
  };
  bool is_done(const Entry& entry);
  void read_state(Entry& entry);
  void make(Entry& entry, const RunJob& run_job, BatchObserver& observer);
  std::string recorded_output(const Job& job) const;
  void remove_left_over_files() const noexcept;
  void rename_changed_output(const Job& job);
  std::vector<std::string> coming_texts(const Entry& entry, const Plan& plan);
  BatchCounts counts() const;

  JobList& list_;
  Planner& planner_;
  Journal& journal_;
  BatchSettings settings_;
  std::vector<Entry> entries_;
};

}  // namespace sora
