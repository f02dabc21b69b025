#include "jobs/rank.h"

#include "plan/machine/devices.h"

namespace sora {

Shard take_rank(Request& base) {
  const Shard shard = shard_from_rank();
  base.device = device_of_rank(base.device, local_rank().value_or(shard.index - 1));
  return shard;
}

}  // namespace sora
