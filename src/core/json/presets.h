// Presets of one's own: options under a name, from the user's configuration file; and the order in which
// options of several places count.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/json/request_fields.h"

namespace sora {

using Presets = std::map<std::string, Overrides>;

/// The preset of that name; null when it is none of them ("fast" and "none" are the program's own).
const Overrides* own_preset(const Presets& presets, const std::optional<std::string>& name);

/// Sets the preset `name`: the options of one's own, or the program's own by its name.
void apply_preset(Request& request, const Presets& presets, const std::string& name);

/// A job of a list: `base` (defaults, configuration file and the command line's preset and options) below
/// the options of its line, and those below `given`, what the command line says. A preset that the line
/// names counts less than the line's other options, and not at all beside one of the command line.
Request layered(const Request& base, const Presets& presets, const Overrides& line, const Overrides& given);

}  // namespace sora
