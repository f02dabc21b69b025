#include "models/wan/networks/vace_branch.h"

#include <algorithm>

namespace sora::wan {

nn::Linear patch_embedding(const Weights& w, std::int64_t channels, const TransformerConfig& config) {
  const auto [frames, rows, columns] = config.patch_size;
  nn::Linear linear;
  linear.weight = w.get("weight", {config.dim(), channels, frames, rows, columns}).flatten(1);
  linear.bias = w.get("bias", {config.dim()});
  return linear;
}

ControlBranch::ControlBranch(const Weights& w, const TransformerConfig& config)
    : layers_(config.vace_layers),
      patch_embedding_(patch_embedding(w / "vace_patch_embedding", config.vace_in_channels, config)),
      proj_in_(w / "vace_blocks" / 0 / "proj_in", config.dim(), config.dim()) {
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(layers_.size()); ++i) {
    const Weights scope = w / "vace_blocks" / i;
    blocks_.push_back(
        {TransformerBlock(scope, config), nn::Linear(scope / "proj_out", config.dim(), config.dim())});
  }
}

std::vector<BlockContext> ControlBranch::prepare(const at::Tensor& text, const at::Tensor& image) const {
  std::vector<BlockContext> contexts;
  for (const Block& each : blocks_) contexts.push_back(each.block.attn2.prepare(text, image));
  return contexts;
}

at::Tensor ControlBranch::begin(const at::Tensor& patches, const at::Tensor& x) const {
  return proj_in_(patch_embedding_(patches)) + x;  // [B, L, dim]
}

void ControlBranch::after_block(std::size_t layer, at::Tensor& x, at::Tensor& tokens, const at::Tensor& scale,
                                const ControlContext& context) const {
  const auto place = std::ranges::find(layers_, static_cast<std::int64_t>(layer));
  if (place == layers_.end()) return;
  const auto i = static_cast<std::size_t>(place - layers_.begin());
  const Block& each = blocks_[i];
  each.block.apply(tokens, context.timestep_proj, context.texts[i], context.key_bias,
                   context.rotary_table);  // [B, L, dim]
  x.add_(each.proj_out(tokens) * scale);   // [B, L, dim]
}

}  // namespace sora::wan
