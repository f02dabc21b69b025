#include "pipeline/windows.h"

#include <algorithm>

namespace sora {

std::vector<Window> plan_windows(int latent_frames, int native, int held) {
  std::vector<Window> windows{{0, std::min(latent_frames, native), 0}};
  held = std::clamp(held, 1, std::max(1, native - 1));
  int made = windows.front().count;
  while (made < latent_frames) {
    const int fresh = std::max(1, native - held);
    windows.push_back({made - held, held + fresh, held});
    made += fresh;
  }
  return windows;
}

}  // namespace sora
