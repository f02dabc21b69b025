// The verbs that make a video, and the files that they begin from. No tensors, no libav.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sora/plan.h"

namespace sora {

enum class VerbKind { generate, animate, extend, connect, loop, remix, edit, finish, storyboard, live };

/// Throws Error (usage) for a name that is no verb that makes a video.
VerbKind verb_kind(const std::string& name);

/// Whether each frame is made after one of an input: remix, edit, and a control video.
bool follows_frames(const Request& request);

/// Names of verbs for a message: "animate, loop".
std::string verb_names(const std::vector<VerbKind>& kinds);

/// Whether new frames are added to those of a clip: extend, connect, and loop of a clip.
bool adds_to_clip(const Request& request);

/// --background: "#rrggbb", black, white or grey. Throws Error (usage).
std::array<std::uint8_t, 3> parse_colour(const std::string& text);

/// The files that a request begins from, in the order in which a verb names them, with the option of each.
std::vector<std::pair<const char*, std::string>> input_files(const Request& request);

/// Reads the header of a video or an image. Throws Error: no_input, data.
using Probe = std::function<InputFacts(const std::filesystem::path&)>;

/// Sets what probed() calls. libav is in libsora, which the program does not link: its probe opens the
/// library when a plan first needs it.
void set_probe(Probe probe);

/// The header of the file `path` of an option such as --image. Throws Error: no_input, data.
InputFacts probed(const char* option, const std::string& path);

}  // namespace sora
