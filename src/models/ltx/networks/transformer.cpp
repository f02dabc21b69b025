#include "models/ltx/networks/transformer.h"

#include <c10/core/InferenceMode.h>

#include <limits>
#include <string>
#include <utility>

#include "models/ltx/components.h"
#include "models/ltx/names.h"
#include "models/ltx/networks/timestep.h"
#include "nn/ranks/token_split.h"
#include "sora/error.h"
#include "weights/lora_edit.h"

namespace sora::ltx {
namespace {

std::string text_of(at::IntArrayRef shape) { return shape_text(shape.vec()); }

[[noreturn]] void wrong_shape(const char* what, const at::Tensor& found, const std::string& expected) {
  throw Error(ErrorKind::data, "transformer",
              std::string(what) + " are " + text_of(found.sizes()) + ", expected " + expected);
}

/// [B, tokens] -> [B, G], with the fewest groups that lose no value.
at::Tensor group_timesteps(const at::Tensor& timestep, std::int64_t frames) {
  for (const std::int64_t groups : {std::int64_t{1}, frames}) {
    const at::Tensor grouped = timestep.unflatten(1, {groups, -1});  // [B, G, tokens of a group]
    const at::Tensor first = grouped.narrow(2, 0, 1);                // [B, G, 1]
    if (at::all(grouped == first).item<bool>()) return first.squeeze(2);
  }
  return timestep;
}

}  // namespace

TimeEmbedder::TimeEmbedder(const Weights& w, std::int64_t dim)
    : linear_1(full_precision(w / "emb" / "timestep_embedder" / "linear_1", kTimestepChannels, dim)),
      linear_2(full_precision(w / "emb" / "timestep_embedder" / "linear_2", dim, dim)),
      linear(w / "linear", dim, 6 * dim) {}

TimeEmbedding TimeEmbedder::operator()(const at::Tensor& timestep, std::int64_t frames) const {
  // Computed on the host, because the groups decide the shapes of the following tensors.
  const at::Tensor wanted = timestep.to(at::kCPU, at::kFloat);
  const at::Tensor grouped = wanted.dim() == 2 ? group_timesteps(wanted, frames) : wanted.unsqueeze(1);
  const auto [distinct, place, counts] = at::_unique2(grouped.flatten(), /*sorted=*/true,
                                                      /*return_inverse=*/true);  // [U], [B * G]
  const at::Tensor sinusoid =
      sinusoidal_embedding(distinct).to(linear_1.weight.device(), at::kFloat, /*non_blocking=*/true);
  const at::Tensor embedded = linear_2(at::silu(linear_1(sinusoid)));  // [U, dim]
  const at::Tensor proj = linear(at::silu(embedded.to(linear.bias.scalar_type()))).to(at::kFloat);

  const at::Tensor index = place.to(embedded.device(), at::kLong, /*non_blocking=*/true);
  const std::int64_t batch = grouped.size(0), groups = grouped.size(1);
  return {embedded.index_select(0, index).view({batch, groups, -1}),  // [B, G, dim]
          proj.index_select(0, index).view({batch, groups, 6, -1})};  // [B, G, 6, dim]
}

LtxTransformer::LtxTransformer(const Weights& w, const TransformerConfig& config, const CellScale& scale)
    : config_(config),
      scale_(scale),
      proj_in_(w / "proj_in", config.in_channels, config.dim()),
      time_embed_(w / "time_embed", config.dim()),
      caption_in_(w / "caption_projection" / "linear_1", config.caption_channels, config.dim()),
      caption_out_(w / "caption_projection" / "linear_2", config.dim(), config.dim()),
      proj_out_(w / "proj_out", config.dim(), config.out_channels),
      scale_shift_table_(w.get("scale_shift_table", {2, config.dim()}, Precision::full)),
      rotary_(config.dim(), config.num_attention_heads) {
  for (std::int64_t i = 0; i < config.num_layers; ++i)
    blocks_.emplace_back(w / "transformer_blocks" / i, config);
}

std::unique_ptr<PreparedText> LtxTransformer::prepare(const at::Tensor& prompt_embeds,
                                                      const at::Tensor& image_tokens) const {
  const c10::InferenceMode inference;
  if (prompt_embeds.dim() != 3 || prompt_embeds.size(1) < 1 ||
      prompt_embeds.size(2) != config_.caption_channels) {
    wrong_shape("prompt embeddings", prompt_embeds,
                "[B, N, " + std::to_string(config_.caption_channels) + "]");
  }
  if (image_tokens.defined())
    throw Error(ErrorKind::internal, "transformer", "image tokens for a model that attends to no image");

  const at::Tensor real = prompt_embeds.ne(0).any(-1).to(at::kCPU);  // [B, N], on the host: it decides shapes
  const at::Tensor places = at::nonzero(real.any(0));
  const std::int64_t rows = places.size(0) == 0 ? 1 : places[-1].item<std::int64_t>() + 1;
  auto text = std::make_unique<TextContext>();
  const auto device = scale_shift_table_.device();
  const at::Tensor kept = real.narrow(1, 0, rows);
  if (places.size(0) > 0 && !kept.all().item<bool>()) {
    text->mask = at::zeros(kept.sizes(), at::kFloat)
                     .masked_fill_(kept.logical_not(), -std::numeric_limits<float>::infinity())
                     .view({kept.size(0), 1, 1, rows})
                     .to(device, dtype());
  }
  const at::Tensor embedded = caption_out_(
      at::gelu(caption_in_(prompt_embeds.narrow(1, 0, rows).to(device, dtype())), "tanh"));  // [B, N, dim]
  for (const TransformerBlock& block : blocks_) text->blocks.push_back(block.attn2.prepare(embedded));
  return text;
}

void LtxTransformer::apply_blocks(at::Tensor& x, const TimeEmbedding& time, const TextContext& text,
                                  const at::Tensor& table, BlockCache* cache) const {
  if (cache != nullptr && cache->skips_all(x)) return;
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    blocks_[i].apply(x, time.timestep_proj, text.blocks[i], text.mask, table);  // [B, L, dim]
    if (i == 0 && cache != nullptr && cache->skips_rest(x)) return;
  }
  if (cache != nullptr) cache->computed(x);
}

at::Tensor LtxTransformer::predict(const at::Tensor& latents, const at::Tensor& timestep,
                                   const PreparedText& text, BlockCache* cache) const {
  const c10::InferenceMode inference;
  const auto* own = dynamic_cast<const TextContext*>(&text);
  if (own == nullptr || own->blocks.size() != blocks_.size())
    throw Error(ErrorKind::internal, "transformer", "the text was prepared by another transformer");
  if (latents.dim() != 5 || latents.size(1) != config_.in_channels || latents.numel() == 0)
    wrong_shape("latents", latents, "[B, " + std::to_string(config_.in_channels) + ", T, H, W]");
  const Grid grid{latents.size(2), latents.size(3), latents.size(4)};
  const std::int64_t batch = latents.size(0), tokens = grid[0] * grid[1] * grid[2];
  const bool per_token = timestep.dim() == 2;
  if (timestep.dim() < 1 || timestep.dim() > 2 || timestep.size(0) != batch ||
      (per_token && timestep.size(1) != tokens)) {
    wrong_shape("timesteps", timestep, text_of({batch}) + " or " + text_of({batch, tokens}));
  }

  const auto device = scale_shift_table_.device();
  const at::Tensor& table = rotary_.get(grid, scale_, device);
  const TimeEmbedding of_all = time_embed_(timestep, grid[0]);
  const nn::TokenSplit split(grid[0], grid[1] * grid[2]);  // L: this rank's tokens from here on
  const TimeEmbedding time{split.own(of_all.embedded, 1), split.own(of_all.timestep_proj, 1)};

  const at::Tensor patches = latents.to(device, dtype()).flatten(2).transpose(1, 2);  // [B, all, C]
  at::Tensor x = proj_in_(split.own(patches, 1));                                     // [B, L, dim]
  apply_blocks(x, time, *own, split.own(table, 0), cache);

  const auto modulation = (time.embedded.unsqueeze(2) + scale_shift_table_).unbind(2);  // 2 x [B, G, dim]
  const at::Tensor& shift = modulation[0];
  const at::Tensor& scale = modulation[1];
  constexpr double eps = 1e-6;  // of norm_out; not a key of the config
  const at::Tensor normed = at::layer_norm(x.to(at::kFloat), {x.size(-1)}, {}, {}, eps);  // [B, L, dim]
  x = at::addcmul(shift.unsqueeze(2), normed.unflatten(1, {scale.size(1), -1}), (scale + 1).unsqueeze(2))
          .flatten(1, 2)
          .to(dtype());  // [B, L, dim]
  return split.all(proj_out_(x), 1)
      .transpose(1, 2)
      .unflatten(2, {grid[0], grid[1], grid[2]})
      .contiguous();  // [B, C, T, H, W]
}

std::unique_ptr<PreparedText> TextContext::for_batch(std::int64_t batch) const {
  auto all = std::make_unique<TextContext>();
  if (mask.defined()) all->mask = mask.expand({batch, -1, -1, -1});
  for (const BlockContext& block : blocks)
    all->blocks.push_back({block.key.expand({batch, -1, -1, -1}), block.value.expand({batch, -1, -1, -1})});
  return all;
}

LtxTransformer load_transformer(const ComponentSource& source, const Placement& placement,
                                const CellScale& scale, const std::vector<LoraSource>& loras) {
  const c10::InferenceMode inference;
  auto [config, checkpoint] = open_transformer(source);
  std::vector<Lora> opened;
  opened.reserve(loras.size());
  for (const LoraSource& lora : loras) opened.emplace_back(lora, LoraTarget{checkpoint, transformer_names()});
  auto edit = opened.empty() ? nullptr : std::make_shared<LoraEdit>(std::move(opened));
  return load_network(
      std::move(checkpoint), placement,
      [&config = config, &scale](const Weights& w) { return LtxTransformer(w, config, scale); }, {},
      std::move(edit));
}

}  // namespace sora::ltx
