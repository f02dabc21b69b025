// What the ranks other than 0 do.
#pragma once

#include <functional>

#include "nn/ranks/communicator.h"
#include "pipeline/ranks/command.h"
#include "sora/plan.h"

namespace sora {

/// Does what rank 0 says until it says that all is done. `plan_for` gives the plan whose model a load command
/// is for, with this rank's device; `stop` is asked while it waits, and may throw. Where it fails, all ranks
/// are told, and it throws Error.
void follow(nn::Communicator& communicator, const std::function<Plan(const Command&)>& plan_for,
            const std::function<void()>& stop);

/// The plan among `plan` and those before it that has what the command says, for processes, which each have
/// made the plan.
Plan plan_of_process(const Plan& plan, const Command& command);

/// The exception that is being handled, for the other ranks.
Error error_for_others();

}  // namespace sora
