// The folders of the program's own files, by the XDG base directory specification.
#pragma once

#include <filesystem>
#include <string>

namespace sora {

/// $XDG_STATE_HOME/sora-gen, else ~/.local/state/sora-gen: for checkpoints of jobs. Empty when neither
/// $XDG_STATE_HOME nor $HOME is set. Does not create the folder; nor do the functions below.
std::filesystem::path state_folder();

/// $XDG_CONFIG_HOME/sora-gen, else ~/.config/sora-gen: for what the user sets.
std::filesystem::path config_folder();

/// $XDG_CACHE_HOME/sora-gen, else ~/.cache/sora-gen: for data that can be computed again.
std::filesystem::path cache_folder();

/// $XDG_DATA_HOME/sora-gen, else ~/.local/share/sora-gen: for models that the user installed.
std::filesystem::path data_folder();

/// The command that runs a script of the program, for messages: its path in the installation or in the source
/// folder that the program was built in; else scripts/NAME.
std::string script_command(const std::string& name);

}  // namespace sora
