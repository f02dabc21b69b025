// Processes that torchrun, srun or mpirun started: one video is made by all of them together, the jobs of a
// batch are shared among them.
#pragma once

#include <optional>

#include "cli/verbs.h"

namespace sora {

/// Before the plan of a single video: where several processes were started, they join, unless --parallel is
/// off. Returns the rank of this process, 0 where it is alone. Throws Error (usage).
int join_ranks(Session& session);

/// What the ranks other than 0 do for a single video: they compute for rank 0, and print errors only. Returns
/// the exit code.
int help_rank_0(Session& session);

/// Before a batch: where several processes were started and no option says how its jobs are shared, each
/// makes the shard of its rank (--jobs-from-rank).
void share_jobs_of_ranks(Options& options);

/// The rank of this process among those that were started together; none where it is alone, or --parallel is
/// off.
std::optional<int> rank_of_process(const Options& options);

/// Ends the process where another rank is gone and this one is at a long computation.
[[noreturn]] void give_up(const Error& error);

}  // namespace sora
