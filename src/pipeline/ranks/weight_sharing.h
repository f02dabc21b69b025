// Weights that ranks share.
#pragma once

#include <memory>

#include "nn/ranks/collectives.h"
#include "sora/plan.h"
#include "weights/weight_shards.h"

namespace sora {

/// How the members of `group`, which make predictions together, share the denoisers' weights; null where the
/// plan has each of them keep all.
std::shared_ptr<const WeightSharing> weight_sharing(const Plan& plan, const nn::RankGroup& group);

}  // namespace sora
