#pragma once

#include <optional>

#include "models/family.h"

namespace sora::wan {

/// What --cache mag needs to know of a published model, by its title; empty: nobody has measured it.
std::optional<MagRatios> published_mag_ratios(const ModelFacts& facts);

}  // namespace sora::wan
