// The content credentials of a plan's outputs.
#pragma once

#include "media/video_settings.h"
#include "sora/generator.h"
#include "sora/plan.h"

namespace sora {

/// Signs finished files before they get their names; empty where the plan says that they are not signed. A
/// file that cannot be signed stays as it is, with one warning for all; with --credentials that is an error.
/// `is_signed` says then whether the output was signed; it must live as long as what is returned.
Seal sealing(const Plan& plan, const SigningFiles& files, bool& is_signed);

}  // namespace sora
