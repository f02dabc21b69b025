#include "cli/terminal/sheet.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "cli/terminal/preview.h"
#include "cli/terminal/terminal.h"

namespace sora {
namespace {

constexpr int kGap = 1;       // columns between two tiles
constexpr int kSmallest = 8;  // columns of a tile
constexpr int kLargest = 40;
constexpr int kMostColumns = 200;  // of the sheet

struct Layout {
  int per_row = 1;
  int columns = kSmallest;  // of a tile
  int rows = 1;             // of a tile, below the line with its number
};

int tile_rows(int columns, double aspect) {
  return std::max(1, static_cast<int>(std::lround(columns / (2 * aspect))));
}

// The largest tiles with which `count` fit on the screen, else the smallest ones.
Layout layout_for(int count, double aspect, int screen_columns, int screen_rows) {
  for (int columns = std::min(kLargest, screen_columns); columns > kSmallest; --columns) {
    const Layout layout{std::max(1, (screen_columns + kGap) / (columns + kGap)), columns,
                        tile_rows(columns, aspect)};
    const int lines = (count + layout.per_row - 1) / layout.per_row;
    if (lines * (layout.rows + 1) <= screen_rows) return layout;
  }
  return {std::max(1, (screen_columns + kGap) / (kSmallest + kGap)), kSmallest,
          std::min(tile_rows(kSmallest, aspect), std::max(1, screen_rows - 1))};
}

unsigned image_number(std::uint64_t tile) {
  constexpr unsigned kSheet = 512;  // above the numbers of previews
  return (static_cast<unsigned>(::getpid()) << 10U) + kSheet + static_cast<unsigned>(tile % kSheet);
}

}  // namespace

void show_sheet(const std::vector<Tile>& tiles, std::size_t whole) {
  if (tiles.empty()) return;
  const int screen_columns = std::clamp(stderr_columns() - 1, kSmallest, kMostColumns);
  const int screen_rows = std::max(3, stderr_rows() - 3);  // lines for results and the progress bar
  const Preview& first = tiles.front().picture;
  const double aspect = std::clamp(static_cast<double>(first.width) / first.height, 0.25, 4.0);
  const auto count = static_cast<int>(std::min<std::size_t>(std::max(whole, tiles.size()), 10000));
  const Layout layout = layout_for(count, aspect, screen_columns, screen_rows);
  const std::size_t lines = std::max(1, screen_rows / (layout.rows + 1));
  const auto per_row = static_cast<std::size_t>(layout.per_row);
  const std::size_t all_lines = (tiles.size() + per_row - 1) / per_row;
  const std::size_t skipped = all_lines > lines ? (all_lines - lines) * per_row : 0;

  std::string text;
  int rows = 0;
  for (std::size_t at = skipped; at < tiles.size(); at += per_row) {
    if (rows > 0) text += "\x1b[" + std::to_string(layout.rows) + "B\r";
    const std::size_t end = std::min(tiles.size(), at + per_row);
    const auto left = [&](std::size_t i) { return static_cast<int>(i - at) * (layout.columns + kGap); };
    for (std::size_t i = at; i < end; ++i)
      text += "\x1b[" + std::to_string(left(i) + 1) + "G" + std::to_string(tiles[i].number);
    text += "\r\n";
    for (std::size_t i = at; i < end; ++i) {
      text += picture_drawing(tiles[i].picture, left(i), layout.columns, layout.rows,
                              image_number(tiles[i].number));
    }
    rows += layout.rows + 1;
  }
  show_picture(text, rows);
}

}  // namespace sora
