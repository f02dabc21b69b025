// A denoiser whose predictions several ranks make together.
#pragma once

#include <memory>

#include "pipeline/networks/model.h"
#include "pipeline/ranks/team.h"

namespace sora {

/// Puts such ones in place of the model's denoisers, which the others have too, unless they are there
/// already.
void share_denoisers(Model& model, const std::shared_ptr<Team>& team);

}  // namespace sora
