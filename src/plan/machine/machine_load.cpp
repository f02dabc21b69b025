#include "plan/machine/machine_load.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>

#include "core/text.h"

namespace sora {

double other_threads(std::string_view loadavg) {
  const std::size_t first = loadavg.find(' ');
  const std::size_t slash = loadavg.find('/');
  if (first == std::string_view::npos || slash == std::string_view::npos) return 0;
  const std::size_t space = loadavg.rfind(' ', slash);
  if (space == std::string_view::npos) return 0;
  double mean = 0;
  int running = 0;
  const bool read = set_from_text(mean, loadavg.substr(0, first)).empty() &&
                    set_from_text(running, loadavg.substr(space + 1, slash - space - 1)).empty();
  return read ? std::clamp(std::min(mean, running - 1.0), 0.0, 1e6) : 0;
}

double slowdown_beside(double others, int threads, int cores) {
  return std::max(1.0, (others + std::min(threads, cores)) / std::max(1, cores));
}

double machine_slowdown(int threads) {
  const char* other = std::getenv("SORA_GEN_LOADAVG");
  std::ifstream file(other != nullptr && *other != '\0' ? other : "/proc/loadavg");
  std::array<char, 128> line{};
  file.getline(line.data(), line.size());
  const auto cores = static_cast<int>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
  return slowdown_beside(other_threads(line.data()), threads, cores);
}

}  // namespace sora
