#include "pipeline/ranks/weight_sharing.h"

namespace sora {

std::shared_ptr<const WeightSharing> weight_sharing(const Plan& plan, const nn::RankGroup& group) {
  if (plan.machine.offload != "shard") return nullptr;
  auto sharing = std::make_shared<WeightSharing>();
  sharing->rank = group.index;
  sharing->ranks = group.size();
  sharing->gather = [group](const at::Tensor& own, at::Tensor& whole) {
    nn::all_gather_into(group, own, whole);
  };
  return sharing;
}

}  // namespace sora
