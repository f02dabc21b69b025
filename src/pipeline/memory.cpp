#include "pipeline/memory.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "models/wan/vae_memory.h"

namespace sora {
namespace {

double read_number(const char* path, double fallback) {
  std::ifstream in(path);
  double value = 0;
  return in >> value ? value : fallback;
}

}  // namespace

double estimate_peak_memory(const Plan& plan, const wan::ModelFacts& model) {
  const double element = plan.dtype == "bfloat16" ? 2 : 4;
  const double weights = static_cast<double>(model.parameters) * element;
  int latent_frames = 0;
  for (const Window& window : plan.windows) latent_frames = std::max(latent_frames, window.count);
  const double cells = static_cast<double>(plan.latent_width) * plan.latent_height;
  // A step holds some 12 streams of the token width (q, k, v, modulation, the feed-forward's inner ones).
  const double step = cells / 4 * latent_frames * static_cast<double>(model.transformer_dim) * 12 * element;
  const auto decode = static_cast<double>(wan::decoder_bytes(model.vae, plan.model_height, plan.model_width));
  // The encoder's queue: some 50 frames (its look-ahead) of 1.5 bytes a pixel, and a few of ours.
  const double encode = static_cast<double>(plan.width) * plan.height * 1.5 * 80;
  constexpr double libraries = 350e6;
  return libraries + weights + std::max(step, decode) + encode;
}

double available_memory_gb() {
  std::ifstream info("/proc/meminfo");
  std::string key, unit;
  double available = 1e18, value = 0;
  while (info >> key >> value) {
    std::getline(info, unit);
    if (key == "MemAvailable:") available = value * 1024;
  }
  const double limit = read_number("/sys/fs/cgroup/memory.max", 1e18);
  const double used = read_number("/sys/fs/cgroup/memory.current", 0);
  return std::min(available, limit - used) / 1e9;
}

bool cuda_device_present() { return std::filesystem::exists("/dev/nvidia0"); }

}  // namespace sora
