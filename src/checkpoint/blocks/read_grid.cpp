#include <sstream>
#include <string>

#include "checkpoint/blocks/grids.h"

namespace sora {

std::vector<std::uint8_t> read_grid(std::string_view name) {
  std::istringstream lines{std::string(kGridsText)};
  std::vector<std::uint8_t> values, grid;
  bool wanted = false;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    if (line.starts_with("IQ")) {
      std::string type;
      words >> type;
      wanted = type == name;
      for (int value = 0; wanted && words >> value;) values.push_back(static_cast<std::uint8_t>(value));
    } else if (wanted) {
      for (std::string entry; words >> entry;)
        for (const char digit : entry) grid.push_back(values.at(static_cast<std::size_t>(digit - '0')));
    }
  }
  return grid;
}

}  // namespace sora
