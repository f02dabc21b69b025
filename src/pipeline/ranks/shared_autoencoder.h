// An autoencoder that decodes on several ranks, each a strip of the rows (Note [Strips] in nn/strip.h).
#pragma once

#include <memory>

#include "pipeline/networks/model.h"
#include "pipeline/ranks/team.h"

namespace sora {

/// Puts such a one in place of the model's, which the team's decoding ranks have too, unless it is there
/// already. It decodes alone while the team says so, and pictures of fewer rows than ranks.
void share_autoencoder(Model& model, const std::shared_ptr<Team>& team);

}  // namespace sora
