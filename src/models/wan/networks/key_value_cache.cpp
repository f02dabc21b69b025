#include "models/wan/networks/key_value_cache.h"

#include <algorithm>
#include <string>

#include "sora/error.h"

namespace sora::wan {
namespace {

// The rows of a table over all places of the window [W * n, 1, d] that belong to these places.
at::Tensor rows_of(const at::Tensor& table, const std::vector<std::int64_t>& places, std::int64_t tokens) {
  const at::Tensor index = at::tensor(places, at::kLong).to(table.device(), at::kLong, /*non_blocking=*/true);
  return table.unflatten(0, {-1, tokens}).index_select(0, index).flatten(0, 1);
}

}  // namespace

KeyValueCache::KeyValueCache(const CausalWindow& window, const TransformerConfig& config,
                             const at::TensorOptions& place)
    : window_(window),
      heads_(config.num_attention_heads),
      head_dim_(config.attention_head_dim),
      place_(place),
      slots_(window.frames, window.sink),
      layers_(static_cast<std::size_t>(config.num_layers)) {}

// A frame's slot is never beyond its number, so a short video needs fewer.
void KeyValueCache::allocate(std::int64_t frame_tokens) {
  if (frame_tokens_ == frame_tokens) return;
  if (frame_tokens_ != 0)
    throw Error(ErrorKind::internal, "transformer", "the size of the picture changed within a video");
  frame_tokens_ = frame_tokens;
  const std::int64_t places = window_.video > 0 ? std::min(window_.frames, window_.video) : window_.frames;
  for (Layer& layer : layers_) {
    layer.keys = at::empty({1, places * frame_tokens, heads_, head_dim_}, place_);
    layer.values = at::empty_like(layer.keys);
  }
}

at::Tensor KeyValueCache::begin_pass(const Grid& grid, RotaryEmbedding& rotary) {
  const auto [frames, rows, columns] = grid;
  allocate(rows * columns);
  slots_.begin_pass(frames);
  runs_ = slots_.runs();
  filled_ = slots_.filled();
  if (!rotates_late()) return rotary.table(grid, place_.device(), slots_.next());
  const at::Tensor& table = rotary.table({window_.frames, rows, columns}, place_.device());
  key_table_ = rows_of(table, slots_.window_positions(), frame_tokens_);  // [N, 1, head_dim / 2]
  return table.narrow(0, (filled_ - frames) * frame_tokens_, frames * frame_tokens_);
}

std::pair<at::Tensor, at::Tensor> KeyValueCache::extended(std::size_t layer, const at::Tensor& key,
                                                          const at::Tensor& value) {
  Layer& kept = layers_.at(layer);
  for (const SlotRun& run : runs_) {
    const std::int64_t place = run.slot * frame_tokens_, count = run.count * frame_tokens_;
    kept.keys.narrow(1, place, count).copy_(key.narrow(1, run.frame * frame_tokens_, count));
    kept.values.narrow(1, place, count).copy_(value.narrow(1, run.frame * frame_tokens_, count));
  }
  const at::Tensor keys = kept.keys.narrow(1, 0, filled_ * frame_tokens_);
  const at::Tensor values = kept.values.narrow(1, 0, filled_ * frame_tokens_);
  return {rotates_late() ? apply_rotary(keys, key_table_) : keys, values};
}

}  // namespace sora::wan
