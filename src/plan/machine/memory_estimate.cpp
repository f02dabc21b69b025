#include "plan/machine/memory_estimate.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <string_view>

#include "plan/geometry/tiles.h"
#include "plan/model/model_choice.h"

// Note [What was measured]
// The constants below are fits to peak memory as the kernel counts it (VmHWM), with the shipped model and
// with one of Wan 2.1 1.3B's dimensions, on a CPU; docs/performance.md has the figures.

namespace sora {
namespace {

constexpr double kLibraries = 200e6;    // libtorch, libav and the program
constexpr double kCudaHost = 2e9;       // and what CUDA's libraries have in the host's memory,
constexpr double kCudaContext = 0.6e9;  // and on the device
constexpr double kEncoderFrames = 80;   // of the file's size, at 1.5 bytes a pixel: the encoder looks ahead
constexpr double kTextRows = 256;       // of a prompt that is long, for its keys and values

double number(std::uint64_t value) { return static_cast<double>(value); }
double number(std::int64_t value) { return static_cast<double>(value); }

bool at_least(const std::string& offload, const char* way) {
  constexpr std::array<std::string_view, 4> order{"none", "text", "stored", "stream"};
  return std::find(order.begin(), order.end(), offload) >= std::find(order.begin(), order.end(), way);
}

/// Bytes of weights where they are computed.
double kept(const NetworkSize& network, double element, const std::string& offload, double ahead) {
  const double widened = element * number(network.parameters);
  const double stored = number(network.stored - network.table_bytes);
  const double scratch = element * number(network.largest);  // of the matrix that is in use
  if (at_least(offload, "stream")) return std::min(widened, ahead + scratch * 1.5 + 0.02 * widened);
  if (at_least(offload, "stored") && stored < widened) return std::min(widened, stored + scratch);
  return widened;
}

/// What streams have where they are computed: what comes ahead and, on a GPU, as much that is in use.
double streamed(const Plan& plan, const ModelFacts& model) {
  return number(prefetch_bytes(model)) * (plan.machine.device == "cpu" ? 1 : 2);
}

/// LoRAs that are added each time a weight is used stay in memory.
double loras_of(const Plan& plan, const std::string& offload) {
  if (!at_least(offload, "stored")) return 0;
  double bytes = 0;
  for (const auto* options : {&plan.request.lora, &plan.request.lora_2}) {
    for (const LoraSource& lora : chosen_loras(*options)) {
      std::error_code code;
      const std::uintmax_t size = std::filesystem::file_size(lora.path, code);
      if (!code) bytes += static_cast<double>(size);
    }
  }
  return bytes;
}

/// Latent cells along an axis that are computed at once.
double at_once(std::int64_t all, const std::optional<Tiling>& tiling, TileAxis Tiling::*axis) {
  return number(tiling ? std::min(((*tiling).*axis).size, all) : all);
}

std::int64_t longest_window(const Plan& plan) {
  std::int64_t frames = 0;
  for (const Window& window : plan.timeline.windows) frames = std::max<std::int64_t>(frames, window.count);
  return frames;
}

/// The largest activations of a forward pass.
double denoise_work(const Plan& plan, const ModelFacts& model, double element) {
  const std::int64_t frames = longest_window(plan);
  const double cells = number(std::int64_t{plan.picture.latent_width} * plan.picture.latent_height * frames);
  double tokens = at_once(frames, plan.picture.tiling, &Tiling::frames) *
                  at_once(plan.picture.latent_height, plan.picture.tiling, &Tiling::rows) *
                  at_once(plan.picture.latent_width, plan.picture.tiling, &Tiling::columns) /
                  (model.patch_width * model.patch_height);
  if (plan.picture.tiling) tokens = std::max(tokens, number(kTokensAtOnce));
  const double dim = number(model.transformer_dim);
  // Streams of the token width in attention; two of them and the inner one in the feed-forward.
  const double attention = 13 * dim, feed_forward = 4 * dim + number(model.ffn_dim);
  const double latents =
      cells * number(std::int64_t{plan.picture.latent_channels}) * 4 * 12;  // the scheduler's history
  return tokens * std::max(attention, feed_forward) * std::max(element, 4.0) + latents;
}

/// Keys and values of the texts for all blocks.
double text_context(const Plan& plan, const ModelFacts& model, double element) {
  const double texts = plan.sampling.guidance > 1 ? 2 : 1, experts = plan.sampling.boundary_ratio ? 2 : 1;
  return texts * experts * number(model.layers) * 2 * kTextRows * number(model.transformer_dim) * element;
}

/// A decoded chunk, with what the decoder carries from one to the next, and its frames on their way out.
double decode_work(const Plan& plan, const ModelFacts& model) {
  const double pixels = number(std::int64_t{plan.picture.model_width} * plan.picture.model_height);
  const auto height =
      static_cast<std::int64_t>(at_once(plan.picture.latent_height, plan.picture.vae_tiling, &Tiling::rows));
  const auto width = static_cast<std::int64_t>(
      at_once(plan.picture.latent_width, plan.picture.vae_tiling, &Tiling::columns));
  return number(model.decoder_bytes(height * model.spatial_scale, width * model.spatial_scale)) +
         pixels * 3 * 4 * 4;
}

/// Finishing: a window's frames as bytes and, where the VAE works in tiles, decoded ones in fp16.
double window_frames(const Plan& plan, const ModelFacts& model) {
  if (!plan.upscale.active) return 0;
  const double pixels = number(std::int64_t{plan.picture.model_width} * plan.picture.model_height);
  return pixels * 3 * number(longest_window(plan) * model.temporal_scale) * (plan.picture.vae_tiling ? 3 : 1);
}

double text_work(const ModelFacts& model) { return 512 * number(model.text_dim) * 40 * 4; }

}  // namespace

std::uint64_t prefetch_bytes(const ModelFacts& model) {
  // A block of the transformer, within reason.
  const std::uint64_t block =
      model.transformer.stored / static_cast<std::uint64_t>(std::max<std::int64_t>(1, model.layers));
  return std::clamp<std::uint64_t>(block, 1 << 20, std::uint64_t{1} << 30);
}

double element_size(const Plan& plan) { return plan.machine.dtype == "bfloat16" ? 2 : 4; }

double text_encoder_gb(const Plan& plan, const ModelFacts& model, const std::string& offload) {
  const std::string way = at_least(offload, "stored") ? offload : "stored";  // it always is
  const double weights = kept(model.text_encoder, element_size(plan), way, streamed(plan, model));
  return (weights + text_work(model)) / 1e9;
}

std::vector<PhaseMemory> estimate_memory(const Plan& plan, const ModelFacts& model,
                                         const std::string& offload) {
  const bool gpu = plan.machine.device != "cpu";
  const double element = element_size(plan), ahead = streamed(plan, model);
  const double base = gpu ? kCudaContext : kLibraries;
  const double text = text_encoder_gb(plan, model, offload) * 1e9;
  const double transformers =
      kept(model.transformer, element, offload, ahead) +
      (plan.sampling.boundary_ratio ? kept(model.transformer_2, element, offload, ahead) : 0) +
      loras_of(plan, offload);
  const double vae = 4 * number(model.vae.parameters);
  const bool frees_text = at_least(offload, "text");
  const double resident =
      base + transformers + vae + text_context(plan, model, element) + (frees_text ? 0 : text);
  // The encoder of the file works in the host's memory.
  const double encode = number(std::int64_t{plan.picture.width} * plan.picture.height) * 1.5 * kEncoderFrames;

  std::vector<PhaseMemory> phases;
  const auto add = [&](const char* phase, double bytes, double host) {
    const double ram = gpu ? kCudaHost + host : bytes + host;
    phases.push_back({phase, ram / 1e9, gpu ? bytes / 1e9 : 0});
  };
  if (!plan.machine.text_cached) add("text", frees_text ? base + text : resident, 0);
  if (model.image_encoder.stored > 0) {
    add("image", resident + kept(model.image_encoder, 4, "stored", ahead) + text_work(model), 0);
  }
  const double pinned = gpu && plan.machine.stream_from_host
                            ? number(model.transformer.stored + model.transformer_2.stored)
                            : 0;
  add("denoise", resident + denoise_work(plan, model, element), window_frames(plan, model) + pinned);
  add("decode", resident + decode_work(plan, model), encode + window_frames(plan, model) + pinned);
  return phases;
}

}  // namespace sora
