// The user's own presets: options under a name, from the configuration file; and which of several places an
// option is taken from.
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

/// The options of a job. In a list, `base` (defaults, configuration file, command line) is overridden by the
/// preset that its line names, and that by the line's other options. A storyboard is one job, and `given`,
/// the options of the command line, override its file; a preset among them replaces that of the file.
Request layered(const Request& base, const Presets& presets, const Overrides& line,
                const Overrides& given = {});

}  // namespace sora
