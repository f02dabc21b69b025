// Work that rank 0 does with others.
#pragma once

#include "pipeline/ranks/follower.h"
#include "pipeline/ranks/team.h"

namespace sora {

/// Returns what `work` does. What fails in the middle of it would leave the other ranks waiting: they are
/// told.
template <class F>
auto together(Team& team, const F& work) -> decltype(work()) {
  try {
    return work();
  } catch (...) {
    team.abandon(error_for_others());
    throw;
  }
}

}  // namespace sora
