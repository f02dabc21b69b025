// The way from one clip to another: prompts, and how they share the new frames between the two.
#pragma once

#include <string>
#include <vector>

#include "sora/plan.h"

namespace sora {

/// Whether `plan` is a connect that goes from the first clip's words to the second's. They are plan.inputs'
/// two shots.
bool is_transition(const Plan& plan);

/// Sets them. A clip whose words are not known has none.
void plan_transition(Plan& plan, const std::string& from, const std::string& to);

/// The shares of the two at a time of the whole run, given frames included: the second's rises evenly over
/// the new frames, from 0 where the first clip ends to 1 where the second begins.
std::vector<double> transition_shares(const Plan& plan, double time);

}  // namespace sora
