#include "models/wan/networks/transformer.h"

#include <c10/core/InferenceMode.h>

#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include "models/wan/components.h"
#include "models/wan/names.h"
#include "models/wan/networks/transformer_ops.h"
#include "models/wan/transformer_schema.h"
#include "nn/ranks/token_split.h"
#include "sora/error.h"
#include "weights/lora_edit.h"

namespace sora::wan {
namespace {

std::string text_of(at::IntArrayRef shape) { return shape_text(shape.vec()); }

[[noreturn]] void wrong_shape(const char* what, const at::Tensor& found, const std::string& expected) {
  throw Error(ErrorKind::data, "transformer",
              std::string(what) + " are " + text_of(found.sizes()) + ", expected " + expected);
}

/// Index of the first row of the padding: from there on all rows are equal, in the whole batch.
std::int64_t padding_start(const at::Tensor& rows) {
  const std::int64_t last = rows.size(1) - 1;
  const at::Tensor differs = rows.ne(rows.narrow(1, last, 1)).any(-1).any(0);  // [N]
  const at::Tensor places = at::nonzero(differs);                              // [k, 1]
  return places.size(0) == 0 ? 0 : places[-1].item<std::int64_t>() + 1;
}

}  // namespace

struct WanTransformer::Embedded {
  at::Tensor patches;  // [B, L, C * pt * ph * pw]
  at::Tensor control;  // the same of the control input; undefined without one
  TimeEmbedding time;
  at::Tensor rotary_table;  // [L, 1, head_dim / 2]
  KeyValueCache* past = nullptr;
};

WanTransformer::WanTransformer(const Weights& w, const TransformerConfig& config)
    : config_(config),
      patch_embedding_(patch_embedding(w / "patch_embedding", config.in_channels, config)),
      time_embedder_(w, config),
      text_embedder_(w / "condition_embedder" / "text_embedder", config),
      proj_out_(w / "proj_out", config.dim(), config.out_channels * config.patch_volume()),
      scale_shift_table_(w.get("scale_shift_table", {1, 2, config.dim()}, Precision::full)),
      rotary_(config.attention_head_dim, config.rope_max_seq_len) {
  if (config.image_dim) image_embedder_ = ImageEmbedder(w / "condition_embedder" / "image_embedder", config);
  for (std::int64_t i = 0; i < config.num_layers; ++i) blocks_.emplace_back(w / "blocks" / i, config);
  if (config.has_control()) {
    control_ = ControlBranch(w, config);
    set_control_scale(1);
  }
  if (nn::cuda::Graphs::are_wanted()) graphs_ = std::make_unique<nn::cuda::Graphs>();
}

TextContext WanTransformer::prepare_text(const at::Tensor& prompt_embeds, const at::Tensor& image_embeds,
                                         PaddingRows padding) const {
  const c10::InferenceMode inference;
  const auto place = scale_shift_table_.options();
  if (prompt_embeds.dim() != 3 || prompt_embeds.size(1) < 1 || prompt_embeds.size(2) != config_.text_dim) {
    wrong_shape("prompt embeddings", prompt_embeds, "[B, N, " + std::to_string(config_.text_dim) + "]");
  }
  if (image_embeds.defined() && !config_.image_dim) {
    throw Error(ErrorKind::data, "transformer", "image tokens for a model whose config has no image_dim");
  }
  if (!image_embeds.defined() && config_.added_kv_proj_dim) {
    throw Error(ErrorKind::data, "transformer",
                "the model attends to an image (added_kv_proj_dim is set); give it image tokens");
  }

  at::Tensor rows = prompt_embeds;  // [B, N, text_dim]
  TextContext text;
  // In half precision the raised score would be rounded by up to 0.4 %, so the rows are kept.
  if (padding == PaddingRows::merge && dtype() == at::kFloat) {
    const std::int64_t start = padding_start(rows);
    const std::int64_t equal = rows.size(1) - start;
    if (equal > 1) {
      rows = rows.narrow(1, 0, start + 1);
      text.key_bias = at::zeros({start + 1}, place.dtype(at::kFloat));
      text.key_bias[start] = std::log(static_cast<double>(equal));
    }
  }

  at::Tensor embedded = text_embedder_(rows.to(place.device(), dtype()));  // [B, N, dim]
  at::Tensor image;
  if (image_embeds.defined()) {
    if (image_embeds.dim() != 3 || image_embeds.size(2) != *config_.image_dim) {
      wrong_shape("image tokens", image_embeds, "[B, n, " + std::to_string(*config_.image_dim) + "]");
    }
    image = image_embedder_(image_embeds.to(place.device(), dtype()));  // [B, n, dim]
    if (!config_.added_kv_proj_dim) {
      // Without separate projections, image tokens are put before the rows of the text.
      embedded = at::cat({image, embedded}, 1);  // [B, n + N, dim]
      if (text.key_bias.defined()) text.key_bias = at::constant_pad_nd(text.key_bias, {image.size(1), 0});
    }
  }
  for (const TransformerBlock& block : blocks_) text.blocks.push_back(block.attn2.prepare(embedded, image));
  text.control = control_.prepare(embedded, image);
  return text;
}

// A new tensor only where the value is another: it is one of those that a recorded graph is made for.
void WanTransformer::set_control_scale(double scale) {
  if (control_scale_.defined() && scale == control_scale_value_) return;
  control_scale_value_ = scale;
  control_scale_ = at::full({1}, scale, scale_shift_table_.options().dtype(dtype()));
}

at::Tensor WanTransformer::patchify(const at::Tensor& latents, const Grid& grid) const {
  const auto [pt, ph, pw] = config_.patch_size;
  return latents.view({latents.size(0), latents.size(1), grid[0], pt, grid[1], ph, grid[2], pw})
      .permute({0, 2, 4, 6, 1, 3, 5, 7})  // [B, T', H', W', C, pt, ph, pw]
      .flatten(4)
      .flatten(1, 3);  // [B, L, C * pt * ph * pw]
}

at::Tensor WanTransformer::unpatchify(const at::Tensor& tokens, const Grid& grid) const {
  const auto [pt, ph, pw] = config_.patch_size;
  return tokens  // [B, L, pt * ph * pw * C], channels fastest
      .view({tokens.size(0), grid[0], grid[1], grid[2], pt, ph, pw, config_.out_channels})
      .permute({0, 7, 1, 4, 2, 5, 3, 6})  // [B, C, T', pt, H', ph, W', pw]
      .flatten(6)
      .flatten(4, 5)
      .flatten(2, 3);  // [B, C, T, H, W]
}

at::Tensor WanTransformer::forward(const at::Tensor& latents, const at::Tensor& timestep,
                                   const TextContext& text, BlockCache* cache, KeyValueCache* past) const {
  const c10::InferenceMode inference;
  const auto& patch = config_.patch_size;
  const std::int64_t channels = config_.in_channels + control_channels();
  if (latents.dim() != 5 || latents.size(1) != channels || latents.size(2) % patch[0] != 0 ||
      latents.size(3) % patch[1] != 0 || latents.size(4) % patch[2] != 0 || latents.numel() == 0) {
    wrong_shape("latents", latents,
                "[B, " + std::to_string(channels) + ", T, H, W] with T, H, W multiples of " + text_of(patch));
  }
  const Grid grid{latents.size(2) / patch[0], latents.size(3) / patch[1], latents.size(4) / patch[2]};
  const std::int64_t batch = latents.size(0), tokens = grid[0] * grid[1] * grid[2];
  const bool per_token = timestep.dim() == 2;
  if (timestep.dim() < 1 || timestep.dim() > 2 || timestep.size(0) != batch ||
      (per_token && timestep.size(1) != tokens)) {
    wrong_shape("timesteps", timestep, text_of({batch}) + " or " + text_of({batch, tokens}));
  }
  if (text.blocks.size() != blocks_.size()) {
    throw Error(ErrorKind::internal, "transformer", "the text was prepared by another transformer");
  }

  const auto device = scale_shift_table_.device();
  const at::Tensor rotary_table = past != nullptr ? past->begin_pass(grid, rotary_)
                                                  : rotary_.table(grid, device);  // [L, 1, head_dim / 2]
  const TimeEmbedding time = time_embedder_(timestep, grid[0], target_timestep_);
  const at::Tensor placed = latents.to(device, dtype());
  const nn::TokenSplit split(grid[0], grid[1] * grid[2]);  // L: this rank's tokens from here on
  const auto patches = [&](std::int64_t first, std::int64_t count) {
    return split.own(patchify(placed.narrow(1, first, count).contiguous(), grid),
                     1);  // [B, L, count * pt * ph * pw]
  };
  const Embedded in{patches(0, config_.in_channels),
                    control_.empty() ? at::Tensor() : patches(config_.in_channels, control_channels()),
                    {split.own(time.temb, 1), split.own(time.timestep_proj, 1)},
                    split.own(rotary_table, 0),
                    past};
  // A graph has all blocks in it, so with a cache there is none; nor among ranks.
  const bool alone = past == nullptr && nn::SequenceScope::current() == nullptr;
  const bool replays = cache == nullptr && alone && takes_graph(in);
  const at::Tensor predicted = replays ? replayed(in, text) : run_blocks(in, text, cache);
  return unpatchify(split.all(predicted, 1), grid);  // [B, C, T, H, W]
}

void WanTransformer::apply_blocks(at::Tensor& x, const Embedded& in, const TextContext& text,
                                  BlockCache* cache) const {
  if (cache != nullptr && cache->skips_all(x)) return;
  at::Tensor control = control_.empty() ? at::Tensor() : control_.begin(in.control, x);  // [B, L, dim]
  const ControlContext context{in.time.timestep_proj, text.control, text.key_bias, in.rotary_table};
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    blocks_[i].apply(x, in.time.timestep_proj, text.blocks[i], text.key_bias, in.rotary_table,
                     {in.past, i});  // [B, L, dim]
    control_.after_block(i, x, control, control_scale_, context);
    if (i == 0 && cache != nullptr && cache->skips_rest(x)) return;
  }
  if (cache != nullptr) cache->computed(x);
}

at::Tensor WanTransformer::run_blocks(const Embedded& in, const TextContext& text, BlockCache* cache) const {
  at::Tensor x = patch_embedding_(in.patches);  // [B, L, dim]
  apply_blocks(x, in, text, cache);
  const auto modulation = (scale_shift_table_ + in.time.temb.unsqueeze(2)).unbind(2);    // 2 x [B, G, dim]
  x = modulated_norm(x, /*scale=*/modulation[1], /*shift=*/modulation[0], config_.eps);  // [B, L, dim]
  return proj_out_(x);
}

// Large ones keep the device busy anyway; weights that are brought or widened while the network runs cannot
// be part of a graph.
bool WanTransformer::takes_graph(const Embedded& in) const {
  constexpr std::int64_t most_values = std::int64_t{8} << 20;
  return graphs_ && !in.patches.is_cpu() &&
         in.patches.size(0) * in.patches.size(1) * config_.dim() <= most_values && !blocks_.empty() &&
         !blocks_.front().ffn_in.stored;
}

at::Tensor WanTransformer::replayed(const Embedded& in, const TextContext& text) const {
  std::vector<at::Tensor> fixed{in.rotary_table, text.key_bias};
  for (const BlockContext& block : text.blocks) {
    fixed.insert(fixed.end(), {block.key, block.value, block.image_key, block.image_value});
  }
  for (const BlockContext& block : text.control)
    fixed.insert(fixed.end(), {block.key, block.value, block.image_key, block.image_value});
  fixed.push_back(control_scale_);
  std::vector<at::Tensor> inputs{in.patches, in.time.temb, in.time.timestep_proj};
  if (in.control.defined()) inputs.push_back(in.control);
  return graphs_->run(inputs, fixed, [&](const std::vector<at::Tensor>& now) {
    const at::Tensor control = now.size() > 3 ? now[3] : at::Tensor();
    return run_blocks({now[0], control, {now[1], now[2]}, in.rotary_table}, text);
  });
}

std::unique_ptr<PreparedText> TextContext::for_batch(std::int64_t batch) const {
  auto all = std::make_unique<TextContext>();
  all->key_bias = key_bias;
  const auto widened = [&](const at::Tensor& x) {
    return x.defined() ? x.expand({batch, -1, -1, -1}) : at::Tensor();
  };
  const auto widened_block = [&](const BlockContext& block) -> BlockContext {
    return {widened(block.key), widened(block.value), widened(block.image_key), widened(block.image_value)};
  };
  for (const BlockContext& block : blocks) all->blocks.push_back(widened_block(block));
  for (const BlockContext& block : control) all->control.push_back(widened_block(block));
  return all;
}

std::unique_ptr<PreparedText> WanTransformer::prepare(const at::Tensor& prompt_embeds,
                                                      const at::Tensor& image_tokens) const {
  return std::make_unique<TextContext>(prepare_text(prompt_embeds, image_tokens));
}

at::Tensor WanTransformer::predict(const at::Tensor& latents, const at::Tensor& timestep,
                                   const PreparedText& text, BlockCache* cache) const {
  const auto* own = dynamic_cast<const TextContext*>(&text);
  if (own == nullptr)
    throw Error(ErrorKind::internal, "transformer", "the text was prepared by another family");
  return forward(latents, timestep, *own, cache);
}

WanTransformer load_transformer(const ComponentSource& source, const Placement& placement,
                                const std::vector<LoraSource>& loras) {
  const c10::InferenceMode inference;
  auto [config, checkpoint] = open_transformer(source);
  std::vector<Lora> opened;
  opened.reserve(loras.size());
  const LoraTarget target{checkpoint, transformer_names(), image_modules()};
  for (const LoraSource& lora : loras) opened.emplace_back(lora, target);
  auto edit = opened.empty() ? nullptr : std::make_shared<LoraEdit>(std::move(opened));
  return load_network(
      std::move(checkpoint), placement,
      [&config = config](const Weights& w) { return WanTransformer(w, config); }, is_unused_in_transformer,
      std::move(edit));
}

}  // namespace sora::wan
