// What a verb begins from, and what that means for the plan. No tensors, no libav.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

enum class VerbKind { generate, animate, extend, connect, loop, remix, finish, storyboard };

/// Throws Error (usage) for a name that is no verb that makes a video.
VerbKind verb_kind(const std::string& name);

/// A video beside which new footage is put (extend, connect, and loop of a clip), so that frames of the file
/// and frames of the network stand side by side in the output.
bool joins_clips(const Request& request);

/// --background: "#rrggbb", black, white or grey. Throws Error (usage).
std::array<std::uint8_t, 3> parse_colour(const std::string& text);

/// The files that a request begins from, in the order in which a verb names them, with the option of each.
std::vector<std::pair<const char*, std::string>> input_files(const Request& request);

/// How the planner looks at a video or an image: its header alone. Throws Error: no_input, data.
using Probe = std::function<InputFacts(const std::filesystem::path&)>;

/// libav is in libsora; the program, which plans without it, sets a probe that opens the library when a plan
/// first needs one.
void set_probe(Probe probe);

/// What the probe says of an input that `option` names. Throws Error: no_input, data.
InputFacts probed(const char* option, const std::string& path);

/// Checks that `request` has what its verb needs and nothing that means nothing to it. Throws Error (usage).
void check_verb_options(const Request& request);

/// Checks what the verb of plan.request asks for, and looks at its inputs: all that can be wrong with them
/// short of decoding. Size, shape and rate that the request leaves open are taken from the input.
/// Throws Error: usage, no_input, data.
void plan_inputs(Plan& plan, const ModelFacts& model);

/// plan.timeline.windows and what follows from them, from frames, fps and model_fps.
void plan_verb_windows(Plan& plan, const ModelFacts& model);

}  // namespace sora
