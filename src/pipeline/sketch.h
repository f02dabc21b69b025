// A window begun small: composed at a size where the network knows best what belongs where, and painted at
// its own.
//
// Note [Sketch]
// A small network learns to compose from small clips, of which it can see many times as many. So, for a model
// that says so (sketch_area in sora-gen.json), each window is denoised at that area first, from noise, with
// the frames that it is held to made as small. The frames that come out are enlarged, encoded, noised to the
// model's level (sketch_level), and the steps that are left are made at the size of the picture, as remix
// does with a clip. Held frames are held at both sizes. What the picture then has of its own is detail.
#pragma once

#include "models/wan/defaults.h"
#include "sora/plan.h"

namespace sora {

/// Gives the plan a sketch, and the steps after it, where `model` has one and the picture is larger by half.
void plan_sketch(Plan& plan, const wan::ModelFacts& model);

/// Steps that a window takes, those of its sketch included.
int steps_of_window(const Plan& plan);

}  // namespace sora
