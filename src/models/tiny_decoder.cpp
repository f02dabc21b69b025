#include "models/tiny_decoder.h"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/schema.h"
#include "sora/error.h"

namespace sora::tiny {
namespace {

// LightX2V's decoders were trained on latents that are not normalised ("need_scaled" in its configs); only
// their names tell.
constexpr const char* kRawName = "light";

[[noreturn]] void bad(const std::filesystem::path& file, const std::string& message) {
  throw Error(ErrorKind::data, "tiny_vae", file.string() + ": " + message);
}

class Shapes {
 public:
  Shapes(const Checkpoint& checkpoint, const std::filesystem::path& file)
      : checkpoint_(checkpoint), file_(file) {}

  // Of a convolution's weight [out, in, rows, columns].
  std::int64_t out(int layer, const char* name) const { return of(layer, name)[0]; }
  std::int64_t in(int layer, const char* name) const { return of(layer, name)[1]; }

 private:
  std::vector<std::int64_t> of(int layer, const char* name) const {
    const std::string key = "decoder." + std::to_string(layer) + "." + name;
    const TensorInfo* info = checkpoint_.find(key);
    if (info == nullptr || info->shape.size() != 4 || info->shape[0] < 1 || info->shape[1] < 1)
      bad(file_, "is no tiny decoder (TAEHV): it has no convolution " + key +
                     "; taew2_1.safetensors and taew2_2.safetensors are such files");
    return info->shape;
  }

  const Checkpoint& checkpoint_;
  const std::filesystem::path& file_;
};

// Layers as they are numbered in the file.
int grow_layer(bool is_super, int stage) { return is_super ? 7 + 7 * stage : 7 + 6 * stage; }
int conv_layer(bool is_super, int stage) { return is_super ? 4 + 7 * stage : 8 + 6 * stage; }

}  // namespace

Files open(const std::filesystem::path& file, const Latents& latents) {
  Checkpoint checkpoint(file);
  checkpoint.use_prefix({"decoder."});
  checkpoint.rename([](const std::string& name) { return "decoder." + name; });
  check_types(checkpoint);

  Config config;
  config.is_super = checkpoint.find("decoder.0.weight") != nullptr;
  const Shapes shapes(checkpoint, file);
  const int first = config.is_super ? 0 : 1;
  config.latent_channels = shapes.in(first, "weight");
  config.widths[0] = shapes.out(first, "weight");
  const std::int64_t shuffled = config.is_super ? 4 : 1;
  for (int stage = 0; stage < 3; ++stage) {
    const auto i = static_cast<std::size_t>(stage);
    config.widths[i + 1] = shapes.out(conv_layer(config.is_super, stage), "weight") / shuffled;
    const int grow = grow_layer(config.is_super, stage);
    config.stored_strides[i] = shapes.out(grow, "conv.weight") / shapes.in(grow, "conv.weight");
  }
  constexpr int kLast = 22;
  config.patch = std::llround(std::sqrt(static_cast<double>(shapes.out(kLast, "weight")) / 3));
  config.takes_raw = file.filename().string().find(kRawName) != std::string::npos;

  // Frames grow in the last stages: four times in two, eight times in three.
  std::int64_t left = latents.temporal_scale;
  for (std::size_t i = 3; i-- > 0;) {
    config.strides[i] = left > 1 ? 2 : 1;
    left = (left + 1) / 2;
    if (config.stored_strides[i] < config.strides[i] || config.stored_strides[i] > 2)
      bad(file, "makes fewer frames of a latent frame than the " + std::to_string(latents.temporal_scale) +
                    " of this model");
  }
  if (config.latent_channels != latents.channels || config.spatial_scale() != latents.spatial_scale ||
      config.temporal_scale() != latents.temporal_scale) {
    const auto text = [](std::int64_t channels, std::int64_t scale) {
      return std::to_string(channels) + " channels, cells of " + std::to_string(scale) + " pixels";
    };
    bad(file, "decodes other latents (" + text(config.latent_channels, config.spatial_scale()) +
                  ") than those of this model (" + text(latents.channels, latents.spatial_scale) +
                  "); taew2_1 is for Wan 2.1 and the 14B models of Wan 2.2, taew2_2 for Wan 2.2 5B");
  }
  return {config, std::move(checkpoint)};
}

std::int64_t decode_bytes(const Config& config, std::int64_t height, std::int64_t width) {
  // Of the last stage: the last frame of each block, one that is made, and tiles of Winograd's method.
  const std::int64_t pixels = height / config.patch * (width / config.patch);
  std::int64_t weights = 0;
  for (const std::int64_t channels : config.widths) weights += 3 * 36 * channels * channels;
  return 4 * (pixels * config.widths[3] * 11 + height * width * config.temporal_scale() * 3 * 2 + weights);
}

}  // namespace sora::tiny
