// Makes the jobs of a list, one after another, with a journal: whatever ends the run, the next one goes on.
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
  bool resume = true;                        ///< jobs that are done and whole are left out
  bool retry_failed = false;                 ///< jobs that failed in an earlier run are tried again
  bool share = false;                        ///< other runs may take jobs from the same list
  bool sort = false;                         ///< jobs of one model and size one after another
  bool posters = false;                      ///< a thumbnail of every video, for the index
  std::function<void(const Plan&)> planned;  ///< told of every plan of the shard, before any work
  Shard shard;  ///< of the list; the whole list is checked and written down all the same
};

struct BatchCounts {
  std::uint64_t jobs = 0;
  std::uint64_t done = 0;       ///< made by this run
  std::uint64_t already = 0;    ///< made by an earlier run, or by another one meanwhile
  std::uint64_t failed = 0;     ///< in this run, or in an earlier one and not tried again
  std::uint64_t elsewhere = 0;  ///< being made by another run
};

/// Told what happens, for people and programs.
class BatchObserver {
 public:
  virtual ~BatchObserver() = default;
  /// Before the first job: how many there are and how many of them are done already.
  virtual void begins(const BatchCounts&) {}
  virtual void job_begins(const Job&, const Plan&, const BatchCounts&) {}
  virtual void job_done(const Job&, const Plan&, const Result&) {}
  virtual void job_failed(const Job&, const Plan&, const Error&) {}
};

/// Makes one video; keeps its latents where it is told.
using RunJob = std::function<Result(const Plan&, const CheckpointOptions&, const ComingTexts&)>;

class Batch {
 public:
  /// Told of every job of the shard whose plan is fine, in the order of the list.
  using EachPlan = std::function<void(const Job&, const Plan&, bool done)>;

  /// Plans every job. The journal of the folder is read, not locked. `errors()` of the list says what is
  /// wrong.
  Batch(JobList& list, Planner& planner, Journal& journal, const BatchSettings& settings,
        const EachPlan& each = {});

  /// Makes what is not done. Failures of single jobs are recorded and the run goes on; a failure that every
  /// further job would meet (the disk is full, the folder is gone), and a stop, end it with that Error.
  /// Throws Error (busy) when another run is at work here.
  BatchCounts run(const RunJob& run_job, BatchObserver& observer);

 private:
  struct Entry {
    const Job* job = nullptr;
    bool mine = true;  // of this shard
    std::string key;
    std::string order;  // of --sort
    enum class State { left, already, failed, done } state = State::left;
  };
  bool is_done(const Entry& entry);
  void look_up(Entry& entry);
  void make(Entry& entry, const RunJob& run_job, BatchObserver& observer);
  std::string recorded_output(const Job& job) const;
  void remove_left_over_files() const noexcept;
  void move_aside(const Job& job);
  std::vector<std::string> coming_texts(const Entry& entry, const Plan& plan);
  BatchCounts counts() const;

  JobList& list_;
  Planner& planner_;
  Journal& journal_;
  BatchSettings settings_;
  std::vector<Entry> entries_;
};

}  // namespace sora
