#include "models/opensora/networks/transformer.h"

#include <c10/core/InferenceMode.h>

#include <cmath>
#include <string>
#include <utility>

#include "sora/error.h"
#include "weights/lora_edit.h"

namespace sora::opensora {
namespace {

constexpr std::int64_t kTimestepChannels = 256;
constexpr double kPeriod = 10000;
constexpr double kEmbeddedGuidance = 4;  // Open-Sora's default for models that it is distilled into

[[noreturn]] void wrong_shape(const char* what, const at::Tensor& x, const std::string& expected) {
  throw Error(ErrorKind::internal, "transformer",
              std::string(what) + " are " + shape_text(x.sizes().vec()) + ", expected " + expected);
}

/// [n] -> [n, 256] = cos(t f), sin(t f) with f_i = 10000^(-i / 128), in fp32.
at::Tensor sinusoid(const at::Tensor& t) {
  const std::int64_t half = kTimestepChannels / 2;
  const at::Tensor frequencies = at::exp(-std::log(kPeriod) * at::arange(half, at::kFloat) / half);
  const at::Tensor angles = t.to(at::kFloat).unsqueeze(1) * frequencies;
  return at::cat({angles.cos(), angles.sin()}, 1);
}

/// [B, c, T, h, w] -> [B, T * h / 2 * w / 2, c * 4]: the cells of a patch vary fastest, then the channels.
at::Tensor packed(const at::Tensor& x) {
  return x.unflatten(4, {-1, 2})
      .unflatten(3, {-1, 2})           // [B, c, T, h / 2, 2, w / 2, 2]
      .permute({0, 2, 3, 5, 1, 4, 6})  // [B, T, h / 2, w / 2, c, 2, 2]
      .flatten(4)
      .flatten(1, 3);
}

at::Tensor unpacked(const at::Tensor& x, const Grid& grid) {
  return x.unflatten(2, {-1, 2, 2})
      .unflatten(1, {grid[0], grid[1], grid[2]})  // [B, T, h / 2, w / 2, c, 2, 2]
      .permute({0, 4, 1, 2, 5, 3, 6})             // [B, c, T, h / 2, 2, w / 2, 2]
      .flatten(5, 6)
      .flatten(3, 4)
      .contiguous();
}

}  // namespace

std::unique_ptr<PreparedText> TextContext::for_batch(std::int64_t batch) const {
  auto all = std::make_unique<TextContext>();
  all->rows = rows.expand({batch, -1, -1});
  all->vector = vector.expand({batch, -1});
  return all;
}

MmditTransformer::MmditTransformer(const Weights& w, const TransformerConfig& config)
    : config_(config),
      img_in_(w / "img_in", config.packed_channels(), config.hidden_size),
      txt_in_(w / "txt_in", config.context_in_dim, config.hidden_size),
      time_in_(w / "time_in", kTimestepChannels, config.hidden_size),
      vector_in_(w / "vector_in", config.vec_in_dim, config.hidden_size),
      final_modulation_(w / "final_layer" / "adaLN_modulation" / 1, config.hidden_size,
                        2 * config.hidden_size),
      final_linear_(w / "final_layer" / "linear", config.hidden_size, config.packed_channels()) {
  constexpr std::int64_t cells = TransformerConfig::patch_size * TransformerConfig::patch_size;
  if (config.cond_embed)
    cond_in_ = nn::Linear(w / "cond_in", config.packed_channels() + cells, config.hidden_size);
  if (config.guidance_embed)
    guidance_in_ = Embedder(w / "guidance_in", kTimestepChannels, config.hidden_size);
  for (std::int64_t i = 0; i < config.depth; ++i)
    double_blocks_.emplace_back(w / "double_blocks" / i, config);
  for (std::int64_t i = 0; i < config.depth_single_blocks; ++i)
    single_blocks_.emplace_back(w / "single_blocks" / i, config);
}

GuidanceForm MmditTransformer::guidance_form() const {
  // Of configs/diffusion/inference/256px.py.
  GuidanceForm form;
  form.oscillates = !config_.guidance_embed;
  if (config_.cond_embed) form.image_scale = 3;
  return form;
}

std::unique_ptr<PreparedText> MmditTransformer::prepare(const at::Tensor&, const at::Tensor&) const {
  throw Error(ErrorKind::internal, "transformer", "a prompt without the vector of the second text encoder");
}

std::unique_ptr<PreparedText> MmditTransformer::prepare_with_vector(const at::Tensor& prompt_embeds,
                                                                    const at::Tensor& vector,
                                                                    const at::Tensor& image_tokens) const {
  const c10::InferenceMode inference;
  if (image_tokens.defined())
    throw Error(ErrorKind::internal, "transformer", "image tokens for a model that attends to no image");
  if (prompt_embeds.dim() != 3 || prompt_embeds.size(1) < 1 ||
      prompt_embeds.size(2) != config_.context_in_dim)
    wrong_shape("prompt embeddings", prompt_embeds, "[B, N, " + std::to_string(config_.context_in_dim) + "]");
  if (!vector.defined() || vector.dim() != 2 || vector.size(1) != config_.vec_in_dim)
    wrong_shape("prompt vectors", vector, "[B, " + std::to_string(config_.vec_in_dim) + "]");
  auto text = std::make_unique<TextContext>();
  const auto device = img_in_.bias.device();
  text->rows = txt_in_(prompt_embeds.to(device, dtype()));
  text->vector = vector_in_(vector.to(device, dtype()));
  return text;
}

// Latents with image conditioning [B, C + 1 + C, T, h, w], or without -> tokens [B, L, dim].
at::Tensor MmditTransformer::embedded(const at::Tensor& latents) const {
  const std::int64_t channels = config_.latent_channels;
  at::Tensor x = img_in_(packed(latents.narrow(1, 0, channels)));
  if (!config_.cond_embed) return x;
  if (latents.size(1) == channels) return x + cond_in_.bias;  // no frame is known: its input is zero
  return x + cond_in_(packed(latents.narrow(1, channels, channels + 1)));
}

void MmditTransformer::apply_blocks(at::Tensor& x, std::int64_t text, const at::Tensor& vec,
                                    const RotaryTable& table, BlockCache* cache) const {
  if (cache != nullptr && cache->skips_all(x)) return;
  std::size_t done = 0;
  const auto first_is_enough = [&] { return ++done == 1 && cache != nullptr && cache->skips_rest(x); };
  for (const DoubleBlock& block : double_blocks_) {
    block.apply(x, text, vec, table);
    if (first_is_enough()) return;
  }
  for (const SingleBlock& block : single_blocks_) {
    block.apply(x, vec, table);
    if (first_is_enough()) return;
  }
  if (cache != nullptr) cache->computed(x);
}

at::Tensor MmditTransformer::predict(const at::Tensor& latents, const at::Tensor& timestep,
                                     const PreparedText& text, BlockCache* cache) const {
  const c10::InferenceMode inference;
  const auto* own = dynamic_cast<const TextContext*>(&text);
  if (own == nullptr)
    throw Error(ErrorKind::internal, "transformer", "the text was prepared by another transformer");
  const bool channels =
      latents.dim() == 5 && (latents.size(1) == in_channels() || latents.size(1) == config_.latent_channels);
  if (!channels || latents.numel() == 0 || latents.size(3) % 2 != 0 || latents.size(4) % 2 != 0) {
    wrong_shape("latents", latents, "[B, " + std::to_string(in_channels()) + ", T, h, w] with even sides");
  }
  const std::int64_t batch = latents.size(0), words = own->rows.size(1);
  if (timestep.dim() != 1 || timestep.size(0) != batch)
    wrong_shape("timesteps", timestep, "[" + std::to_string(batch) + "]");

  const auto device = img_in_.bias.device();
  const Grid grid{latents.size(2), latents.size(3) / 2, latents.size(4) / 2};
  const RotaryTable& table = rotary_.get(grid, words, config_, device);
  at::Tensor vec = time_in_(sinusoid(timestep).to(device, dtype())) + own->vector;  // [B, dim]
  if (config_.guidance_embed) {
    const at::Tensor scale = at::full({batch}, 1000 * kEmbeddedGuidance, at::kFloat);
    vec = vec + guidance_in_(sinusoid(scale).to(device, dtype()));
  }
  vec = at::silu(vec);  // as every modulation takes it
  at::Tensor x = at::cat({own->rows, embedded(latents.to(device, dtype()))}, 1);  // [B, N + L, dim]
  apply_blocks(x, words, vec, table, cache);
  x = x.narrow(1, words, x.size(1) - words);
  const auto parts = final_modulation_(vec).unsqueeze(1).chunk(2, -1);
  return unpacked(final_linear_(Modulation{parts[0], parts[1], {}}.norm(x)), grid);  // [B, C, T, h, w]
}

MmditTransformer load_transformer(const ComponentSource& source, const Placement& placement,
                                  const std::vector<LoraSource>& loras) {
  const c10::InferenceMode inference;
  auto [config, checkpoint] = open_transformer(source);
  std::vector<Lora> opened;
  opened.reserve(loras.size());
  for (const LoraSource& lora : loras) opened.emplace_back(lora, LoraTarget{checkpoint, {}});
  auto edit = opened.empty() ? nullptr : std::make_shared<LoraEdit>(std::move(opened));
  return load_network(
      std::move(checkpoint), placement,
      [&config = config](const Weights& w) { return MmditTransformer(w, config); }, {}, std::move(edit));
}

}  // namespace sora::opensora
