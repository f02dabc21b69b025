#include "plan/machine/memory_estimate.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <string_view>

#include "plan/geometry/tiles.h"
#include "plan/model/guidance_range.h"
#include "plan/model/model_choice.h"

// Note [Memory constants]
// The constants below are fitted to the peak memory that the kernel counts (VmHWM) with the default model and
// with a model of Wan 2.1 1.3B's dimensions, on a CPU; docs/performance.md has the figures.

namespace sora {
namespace {

constexpr double kLibraries = 200e6;    // libtorch, libav and the program
constexpr double kCudaHost = 2e9;       // CUDA's libraries, in the host's memory
constexpr double kCudaContext = 0.6e9;  // and on the GPU
constexpr double kEncoderFrames = 80;   // frames that the video encoder keeps, at 1.5 bytes a pixel
constexpr double kTextTokens = 256;     // of a long prompt, for its keys and values
constexpr double kTokensOfAWord = 4;    // at most, where the model cuts prompts at a number of words

double number(std::uint64_t value) { return static_cast<double>(value); }
double number(std::int64_t value) { return static_cast<double>(value); }

// Whether `offload` saves at least as much memory as `other`.
bool at_least(const std::string& offload, const char* other) {
  constexpr std::array<std::string_view, 5> order{"none", "text", "stored", "shard", "stream"};
  return std::find(order.begin(), order.end(), offload) >= std::find(order.begin(), order.end(), other);
}

/// Bytes of a network's weights in the memory of the device that computes. `prefetched`: bytes of streamed
/// weights there.
double weight_bytes(const NetworkSize& network, const Machine& machine, double element,
                    const std::string& offload, double prefetched) {
  const double widened = element * number(network.parameters);
  const double stored = number(network.stored - network.table_bytes);
  const double scratch = element * number(network.largest);           // the matrix in use, widened
  if (network.has_blocks && machine.device != "cpu") return widened;  // a CPU alone can use them as stored
  if (offload == "shard") {
    const double share = stored / machine.parallel.sequence;
    return std::min(widened, share + prefetched + scratch * 1.5 + 0.02 * widened);
  }
  if (at_least(offload, "stream")) return std::min(widened, prefetched + scratch * 1.5 + 0.02 * widened);
  if (at_least(offload, "stored") && stored < widened) return std::min(widened, stored + scratch);
  return widened;
}

/// Bytes of streamed weights on the device that computes: those prefetched and, on a GPU, as many in use.
double streamed_bytes(const Machine& machine, const ModelFacts& model) {
  return number(prefetch_bytes(model)) * (machine.device == "cpu" ? 1 : 2);
}

/// LoRAs stay in memory where they are added to stored or streamed weights at each use.
double lora_bytes(const Request& request, const std::string& offload) {
  if (!at_least(offload, "stored")) return 0;
  double bytes = 0;
  for (const auto* options : {&request.lora, &request.lora_2}) {
    for (const LoraSource& lora : chosen_loras(*options)) {
      std::error_code code;
      const std::uintmax_t size = std::filesystem::file_size(lora.path, code);
      if (!code) bytes += static_cast<double>(size);
    }
  }
  return bytes;
}

/// Latent cells along an axis that a network works on at once.
double at_once(std::int64_t all, const std::optional<Tiling>& tiling, TileAxis Tiling::*axis) {
  return number(tiling ? std::min(((*tiling).*axis).size, all) : all);
}

/// Latent frames that pass through the network at once.
std::int64_t longest_window(const Plan& plan) {
  std::int64_t frames = plan.sampling.causal.block;
  if (frames > 0) return frames;
  for (const Window& window : plan.timeline.windows) frames = std::max<std::int64_t>(frames, window.count);
  return frames + plan.control.references;
}

/// The largest activations of a forward pass.
double denoise_bytes(const Picture& picture, std::int64_t frames, const ModelFacts& model, double element,
                     bool on_cpu) {
  const double cells = number(std::int64_t{picture.latent_width} * picture.latent_height * frames);
  double tokens = at_once(frames, picture.tiling, &Tiling::frames) *
                  at_once(picture.latent_height, picture.tiling, &Tiling::rows) *
                  at_once(picture.latent_width, picture.tiling, &Tiling::columns) /
                  (model.patch_width * model.patch_height);
  if (picture.tiling) tokens = std::max(tokens, number(tokens_at_once(on_cpu)));
  const double dim = number(model.transformer_dim);
  // Activations of a token: in attention 13 of the token width; in the feed-forward four, and the inner one.
  // The control branch has tokens of its own, and an output for those of the network.
  const double attention = (model.control_layers > 0 ? 16 : 13) * dim,
               feed_forward = 4 * dim + number(model.ffn_dim);
  const double latents =
      cells * number(std::int64_t{picture.latent_channels}) * 4 * 12;  // with the scheduler's history
  return tokens * std::max(attention, feed_forward) * std::max(element, 4.0) + latents;
}

/// What a step cache keeps of each branch, and what it holds while a step is computed.
double cache_bytes(const Plan& plan, std::int64_t frames, const ModelFacts& model, double element) {
  const std::string& method = plan.sampling.cache.method;
  if (method.empty()) return 0;
  const double cells = number(std::int64_t{plan.picture.latent_width} * plan.picture.latent_height * frames);
  const double prompts = plan.inputs.shots.size() > 1 ? 2 : 1;
  const double branches = prompts + (guided_steps(plan.sampling) > 0 ? 1 : 0);
  if (method == "easy")
    return (branches + 3) * cells * number(std::int64_t{plan.picture.latent_channels}) * 4;
  const double tokens = cells / (model.patch_width * model.patch_height);
  const double kept = method == "mag" ? 1 : 2;
  return (branches * kept + 2) * tokens * number(model.transformer_dim) * element;
}

/// Keys and values of the prompts for all blocks.
double text_context_bytes(const Plan& plan, const ModelFacts& model, double element) {
  const Sampling& sampling = plan.sampling;
  const double most = model.max_words > 0 ? kTokensOfAWord * model.max_words : kTextTokens;
  // In half precision the rows of padding are kept, too.
  const double tokens =
      element < 4 ? number(std::int64_t{plan.model.text_rows}) : std::min(most, kTextTokens);
  const double texts = sampling.guidance > 1 ? 2 : 1, experts = sampling.boundary_ratio ? 2 : 1;
  return texts * experts * number(model.layers + model.control_layers) * 2 * tokens *
         number(model.transformer_dim) * element;
}

/// Of a causal model: keys and values of the frames that attention sees. Where keys are rotated as they are
/// used, those of a layer are there twice more, in fp32.
double key_value_bytes(const Plan& plan, const ModelFacts& model, double element) {
  const CausalSampling& causal = plan.sampling.causal;
  if (causal.block == 0) return 0;
  const double frames = std::min(causal.window, plan.timeline.latent_frames);
  const double tokens = frames * plan.picture.latent_width * plan.picture.latent_height /
                        (model.patch_width * model.patch_height);
  const double rotated = causal.window_positions ? tokens * number(model.transformer_dim) * 3 * 4 : 0;
  return number(model.layers) * 2 * tokens * number(model.transformer_dim) * element + rotated;
}

/// The decoder's activations for a chunk, its cache between chunks, and the decoded frames; where ranks
/// decode strips, of the largest one with its borders, as often as there are strips in one memory.
double decode_bytes(const Picture& picture, const ModelFacts& model, bool on_cpu, int strips, double here) {
  if (picture.tiny.decodes_file) return picture.tiny.bytes;
  const double pixels = number(std::int64_t{picture.model_width} * picture.model_height);
  const auto rows =
      static_cast<std::int64_t>(at_once(picture.latent_height, picture.vae_tiling, &Tiling::rows));
  const std::int64_t height = strips > 1 ? std::min(rows, (rows + strips - 1) / strips + 2) : rows;
  const auto width =
      static_cast<std::int64_t>(at_once(picture.latent_width, picture.vae_tiling, &Tiling::columns));
  const std::uint64_t once =
      model.decoder_bytes(height * model.spatial_scale, width * model.spatial_scale, on_cpu);
  return here * number(once) + pixels * 3 * 4 * 4;
}

/// Frames of a window of an upscale stage: as bytes and, where the VAE works in tiles, decoded ones in fp16.
double stage_frame_bytes(const Picture& picture, std::int64_t frames, const ModelFacts& model) {
  const double pixels = number(std::int64_t{picture.model_width} * picture.model_height);
  return pixels * 3 * number(frames * model.temporal_scale) * (picture.vae_tiling ? 3 : 1);
}

/// Frames of a live film's block, which wait until nobody can take them back (pipeline/frames/held_frames.h).
double held_frame_bytes(const Plan& plan, std::int64_t frames, const ModelFacts& model) {
  if (plan.request.verb != "live" || plan.output.path == "-") return 0;
  const double pixels = number(std::int64_t{plan.picture.model_width} * plan.picture.model_height);
  return pixels * 3 * 4 * number(frames * model.temporal_scale);
}

/// The control input, as it is made and as it is given to the network.
double control_bytes(const Plan& plan, std::int64_t frames, const ModelFacts& model) {
  if (model.control_layers == 0) return 0;
  const double cells = number(std::int64_t{plan.picture.latent_width} * plan.picture.latent_height * frames);
  return cells * (2.0 * model.latent_channels + model.spatial_scale * model.spatial_scale) * 4 * 3;
}

/// Frames of a window of a clip, its mask and a control video, as bytes.
double control_frame_bytes(const Plan& plan, std::int64_t frames, const ModelFacts& model) {
  const double pixels = number(std::int64_t{plan.picture.model_width} * plan.picture.model_height);
  const double read = (plan.control.edits ? 4 : 0) + (plan.control.follows ? 3 : 0);
  return pixels * read * number(frames * model.temporal_scale);
}

/// Whether pictures, clips or the frames of a window before are encoded.
bool encodes(const Plan& plan) {
  const Request& request = plan.request;
  const bool windows = plan.timeline.windows.size() > 1 && plan.sampling.causal.block == 0;
  return plan.control.active || windows || plan.upscale.active || request.image || request.last_image ||
         request.input || !plan.inputs.shot_images.empty() ||
         (!plan.timeline.windows.empty() && plan.timeline.windows.front().conditioning_end > 0);
}

double text_bytes(const ModelFacts& model) { return 512 * number(model.text_dim) * 40 * 4; }

}  // namespace

std::uint64_t prefetch_bytes(const ModelFacts& model) {
  // The size of a block of the transformer, from 1 MB to 1 GB.
  const std::uint64_t block =
      model.transformer.stored / static_cast<std::uint64_t>(std::max<std::int64_t>(1, model.layers));
  return std::clamp<std::uint64_t>(block, 1 << 20, std::uint64_t{1} << 30);
}

double element_size(const Machine& machine) { return machine.dtype == "bfloat16" ? 2 : 4; }

double text_encoder_gb(const Machine& machine, const ModelFacts& model, const std::string& offload) {
  // Its weights are stored or streamed, never widened as a whole, and rank 0 alone has them.
  const std::string at_least_stored = offload == "stream" ? offload : "stored";
  const double weights = weight_bytes(model.text_encoder, machine, element_size(machine), at_least_stored,
                                      streamed_bytes(machine, model));
  return (weights + text_bytes(model)) / 1e9;
}

std::vector<PhaseMemory> estimate_memory(const Plan& plan, const ModelFacts& model,
                                         const std::string& offload) {
  const bool gpu = plan.machine.device != "cpu";
  const double element = element_size(plan.machine), streamed = streamed_bytes(plan.machine, model);
  const std::int64_t frames = longest_window(plan);
  const double base = gpu ? kCudaContext : kLibraries;
  const double text = text_encoder_gb(plan.machine, model, offload) * 1e9;
  // Ranks of this process have the transformers' weights once each, on their devices; on a CPU all of them in
  // one memory, with the activations of one for each side of guidance.
  const double ranks = std::max<double>(1, number(std::uint64_t{plan.machine.parallel.devices.size()}));
  const double copies = gpu ? 1 : ranks;
  const double sides = gpu || ranks == 1 ? 1 : plan.machine.parallel.guidance;
  const double transformers =
      copies * (weight_bytes(model.transformer, plan.machine, element, offload, streamed) +
                (plan.sampling.boundary_ratio
                     ? weight_bytes(model.transformer_2, plan.machine, element, offload, streamed)
                     : 0) +
                lora_bytes(plan.request, offload));
  const int strips = plan.machine.parallel.decode;
  const double decoders = gpu || ranks == 1 ? 1 : strips;  // in this memory
  const double vae =
      4 * number(model.vae.parameters - (gpu && !encodes(plan) ? model.vae_encoder_parameters : 0)) +
      4 * (decoders - 1) * number(model.vae.parameters - model.vae_encoder_parameters);
  const bool frees_text = at_least(offload, "text");
  const double resident = base + transformers + vae + text_context_bytes(plan, model, element) +
                          key_value_bytes(plan, model, element) + held_frame_bytes(plan, frames, model) +
                          (frees_text ? 0 : text - (gpu ? text_bytes(model) : 0));  // activations are freed
  // The video encoder works in the host's memory.
  const double encode = number(std::int64_t{plan.picture.width} * plan.picture.height) * 1.5 * kEncoderFrames;

  std::vector<PhaseMemory> phases;
  const auto add = [&](const char* phase, double bytes, double host) {
    const double ram = gpu ? kCudaHost + host : bytes + host;
    phases.push_back({phase, ram / 1e9, gpu ? bytes / 1e9 : 0});
  };
  if (!plan.machine.text_cached)
    add("text", frees_text ? base + text : resident + (gpu ? text_bytes(model) : 0), 0);
  if (model.image_encoder.stored > 0) {
    add("image",
        resident + weight_bytes(model.image_encoder, plan.machine, 4, "stored", streamed) + text_bytes(model),
        0);
  }
  const double pinned = gpu && plan.machine.stream_from_host
                            ? ranks * number(model.transformer.stored + model.transformer_2.stored)
                            : 0;
  const double stage_frames = (plan.upscale.active ? stage_frame_bytes(plan.picture, frames, model) : 0) +
                              control_frame_bytes(plan, frames, model);
  add("denoise",
      resident + sides * denoise_bytes(plan.picture, frames, model, element, !gpu) +
          cache_bytes(plan, frames, model, element) + control_bytes(plan, frames, model),
      stage_frames + pinned);
  add("decode", resident + decode_bytes(plan.picture, model, !gpu, strips, decoders),
      encode + stage_frames + pinned);
  return phases;
}

}  // namespace sora
