// Where the program keeps things of its own, by the XDG base directory specification.
#pragma once

#include <filesystem>

namespace sora {

/// $XDG_STATE_HOME/sora-gen, else ~/.local/state/sora-gen: what must outlive a run. Empty when neither
/// $XDG_STATE_HOME nor $HOME is set. Nothing is created.
std::filesystem::path state_folder();

/// $XDG_CACHE_HOME/sora-gen, else ~/.cache/sora-gen: what can be made again.
std::filesystem::path cache_folder();

}  // namespace sora
