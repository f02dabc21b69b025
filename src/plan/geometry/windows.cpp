#include "plan/geometry/windows.h"

#include <algorithm>

namespace sora {
namespace {

// Adds windows after windows.back() until `latent_frames` are covered. `exact`: the last window ends exactly
// there, with more conditioning frames instead of surplus new ones.
void append_windows(std::vector<Window>& windows, int latent_frames, int native, int conditioning,
                    bool exact) {
  conditioning = std::clamp(conditioning, 1, std::max(1, native - 1));
  int made = windows.back().first + windows.back().count;
  while (made < latent_frames) {
    const int fresh = std::max(1, native - conditioning);
    const int end = exact ? std::min(made + fresh, latent_frames) : made + fresh;
    const int first = std::max(0, std::min(made - conditioning, end - native));
    windows.push_back({first, end - first, made - first, made - first, 0, 0});
    made = end;
  }
}

}  // namespace

std::vector<Window> plan_windows(int latent_frames, int native, int conditioning) {
  std::vector<Window> windows{{0, std::min(latent_frames, native), 0, 0, 0, 0}};
  append_windows(windows, latent_frames, native, conditioning, false);
  return windows;
}

std::vector<Window> plan_conditioned_windows(int latent_frames, int native, const Ends& ends) {
  native = std::max(native, ends.start + ends.end + 1);
  const int hidden_start = ends.of_clips ? ends.start : 0;
  const auto first_window = [&](int count) { return Window{0, count, ends.start, hidden_start, 0, 0}; };
  std::vector<Window> windows;
  if (ends.end == 0) {
    windows.push_back(first_window(std::min(latent_frames, native)));
    append_windows(windows, latent_frames, native, ends.conditioning, false);
    return windows;
  }
  if (latent_frames <= native && ends.start > 0) {
    windows.push_back(first_window(latent_frames));
  } else {
    const int last_fresh = std::max(1, native - ends.conditioning - ends.end);
    const int least = std::max(1, ends.start);
    int before = latent_frames - ends.end - last_fresh;  // latent frames of the windows before the last one
    if (before < least) before = std::max(least, (latent_frames - ends.end) / 2);
    // Without new frames before the last window, that window begins with the conditioning frames of the
    // start.
    if (before > ends.start) {
      windows.push_back(first_window(std::min(before, native)));
      append_windows(windows, before, native, ends.conditioning, true);
      const int first = std::max(0, std::min(before - 1, latent_frames - native));
      windows.push_back({first, latent_frames - first, before - first, before - first, 0, 0});
    } else {
      windows.push_back(first_window(latent_frames));
    }
  }
  windows.back().conditioning_end = ends.end;
  windows.back().hidden_end = ends.of_clips ? ends.end : 0;
  return windows;
}

std::vector<Window> windows_to_places(int latent_frames, int native, const Ends& ends,
                                      const std::vector<int>& places) {
  native = std::max(native, ends.start + 1);
  std::vector<Window> windows{{0, std::min(latent_frames, native), ends.start, 0, 0, 0}};
  const int fresh = std::max(1, native - ends.conditioning);
  for (const int place : places) {
    const int made = windows.back().first + windows.back().count;
    if (place < made) continue;
    // A short window comes first, so that the one that ends with the place has the full length.
    const int remainder = (place + 1 - made) % fresh;
    if (remainder > 0) append_windows(windows, made + remainder, native, ends.conditioning, true);
    append_windows(windows, place + 1, native, ends.conditioning, true);
  }
  append_windows(windows, latent_frames, native, ends.conditioning, false);
  return windows;
}

std::vector<Window> plan_backward_windows(std::int64_t frames, int scale, int native, int end) {
  native = std::max(native, end + 1);
  std::vector<Window> windows;
  std::int64_t made = 0;
  while (made < frames) {
    const std::int64_t left = (frames - made - 1 + scale - 1) / scale + 1;  // latent frames
    // The first may be short; the others have the native length.
    const int fresh =
        windows.empty() ? static_cast<int>(std::min<std::int64_t>(native - end, left)) : native - end;
    windows.push_back({0, fresh + end, 0, 0, end, end});
    made += 1 + static_cast<std::int64_t>(fresh - 1) * scale;
  }
  int first = 0;
  for (auto window = windows.rbegin(); window != windows.rend(); ++window) {
    window->first = first;
    first += window->count - window->conditioning_end;
  }
  return windows;
}

}  // namespace sora
