// Options from a file: the user's own configuration or the one of --config, its presets, and --print-config.
//
//   {"codec": "hevc", "seconds": 4, "presets": {"mine": {"steps": 30, "res": "720p"}}}
//
// The command line counts more than a line of a prompts file, that more than a preset, that more than the
// rest of the file, and that more than the defaults.
#pragma once

#include <optional>
#include <string>

#include "cli/options.h"

namespace sora {

/// $XDG_CONFIG_HOME/sora-gen/config.json, by default below ~/.config; empty without either variable.
std::string users_config_file();

/// Reads `file`, or the user's own where that exists; nothing for "none". Throws Error: data, no_input, io.
void read_configuration(const std::optional<std::string>& file, Options& options);

/// Sets the options of the preset that the command line names. Throws Error (usage) when there is none.
void take_preset(const std::string& name, Options& options);

/// --print-config: every option and, under "sources", where those come from that are not the defaults. On
/// one line when `indent` is -1.
std::string config_text(const Options& options, int indent = 2);

}  // namespace sora
