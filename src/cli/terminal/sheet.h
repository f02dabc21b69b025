// Numbered pictures side by side in the terminal, redrawn in place above the progress bar.
#pragma once

#include <cstdint>
#include <vector>

#include "sora/progress.h"

namespace sora {

struct Tile {
  std::uint64_t number = 0;
  Preview picture;
};

/// Draws the tiles on stderr, which is a terminal. `whole` is how many there will be, for which the layout
/// has room; where the screen has not, the last ones are shown.
void show_sheet(const std::vector<Tile>& tiles, std::size_t whole);

}  // namespace sora
