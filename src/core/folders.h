// Where the program keeps things of its own, by the XDG base directory specification.
#pragma once

#include <filesystem>
#include <string>

namespace sora {

/// $XDG_STATE_HOME/sora-gen, else ~/.local/state/sora-gen: what must outlive a run. Empty when neither
/// $XDG_STATE_HOME nor $HOME is set. Nothing is created.
std::filesystem::path state_folder();

/// $XDG_CONFIG_HOME/sora-gen, else ~/.config/sora-gen: what the user sets.
std::filesystem::path config_folder();

/// $XDG_CACHE_HOME/sora-gen, else ~/.cache/sora-gen: what can be made again.
std::filesystem::path cache_folder();

/// $XDG_DATA_HOME/sora-gen, else ~/.local/share/sora-gen: what the user brought.
std::filesystem::path data_folder();

/// The command that runs a script of the program, for messages: its path in the installation, or below the
/// folder that the program was built in; else scripts/NAME, as the documentation has it.
std::string script_command(const std::string& name);

}  // namespace sora
