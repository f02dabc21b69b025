// Whether torchrun, srun or mpirun started this process as one of several, by its environment. No tensors.
#pragma once

#include <optional>
#include <string>

namespace sora {

struct Launch {
  std::string by;  ///< torchrun, srun or mpirun
  int rank = 0, size = 1;
  std::string address;          ///< of rank 0; empty: not known
  int port = 0;                 ///< where the ranks can meet
  bool on_one_machine = false;  ///< all of them
};

/// Of several processes; none where there is only this one. The innermost launcher counts: torchrun's RANK
/// and WORLD_SIZE; then mpirun's OMPI_COMM_WORLD_RANK and _SIZE, or PMI_RANK and PMI_SIZE (on a cluster with
/// Slurm, mpirun starts its own daemons by srun, whose variables its processes inherit); then a step of srun
/// (SLURM_PROCID of SLURM_STEP_NUM_TASKS: within sbatch or salloc, but outside of srun, there is only one
/// process). Throws Error (usage) where they contradict each other.
std::optional<Launch> launched();

/// From now on, plans are for one video of all the processes that were started together: each of them makes
/// the same plan and runs it. Not where each has jobs of its own.
void join_launched_processes(bool join = true);
bool joins_launched_processes();

}  // namespace sora
