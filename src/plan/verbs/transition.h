// The prompts of a transition: those of the two clips, in shares that change over the new frames.
#pragma once

#include <string>
#include <vector>

#include "sora/plan.h"

namespace sora {

/// Whether `plan` connects two clips that were made with different prompts, and has none of its own. The two
/// prompts are the shots of plan.inputs.
bool is_transition(const Plan& plan);

/// Makes `plan` a transition. The prompt of a clip that does not say one is empty.
void plan_transition(Plan& plan, const std::string& from, const std::string& to);

/// evenly from "a forest" to "a forest at night", with which the clips were made
std::string transition_text(const Inputs& inputs);

/// The share of the prediction for each of plan.inputs.shots at a time; they sum to 1. For a storyboard they
/// are those of shares_at(). In a transition the share of the second prompt rises evenly over the new frames,
/// from 0 where the first clip ends to 1 where the second one begins.
std::vector<double> prompt_shares(const Plan& plan, double time);

}  // namespace sora
