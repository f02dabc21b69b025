// The part of a list that a process takes under srun, mpirun or torchrun, and its device.
#pragma once

#include "jobs/job_list.h"
#include "sora/request.h"

namespace sora {

/// The shard of this process, as shard_from_rank(). Where several processes share a machine, `base` gets a
/// device for each: --device auto or cuda becomes the one of this process's rank on its machine
/// (device_of_rank()); without such a rank, of its rank among all. Throws Error (usage) where there is no
/// rank.
Shard take_rank(Request& base);

}  // namespace sora
