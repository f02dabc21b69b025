// The control branch of Wan-VACE (2503.07598), with the numbers of diffusers' WanVACETransformer3DModel: a
// few blocks beside those of the transformer, whose tokens come from the control input. After each of the
// blocks that the config names (vace_layers), one of them adds its output to the transformer's tokens.
#pragma once

#include <cstdint>
#include <vector>

#include "models/wan/networks/transformer_block.h"
#include "models/wan/transformer_config.h"
#include "nn/linear.h"
#include "weights/weights.h"

namespace sora::wan {

/// What the branch attends to beside its own tokens, the same as the transformer's blocks.
struct ControlContext {
  const at::Tensor& timestep_proj;         ///< [B, G, 6, dim]
  const std::vector<BlockContext>& texts;  ///< of the branch's blocks
  const at::Tensor& key_bias;
  const at::Tensor& rotary_table;
};

class ControlBranch {
 public:
  ControlBranch() = default;  ///< of models without one
  /// `w` is the scope of the network.
  ControlBranch(const Weights& w, const TransformerConfig& config);

  bool empty() const { return blocks_.empty(); }

  /// The prompt as each block attends to it.
  std::vector<BlockContext> prepare(const at::Tensor& text, const at::Tensor& image) const;

  /// The branch's first tokens, [B, L, dim], of the patches of the control input, [B, L, C * pt * ph * pw],
  /// and the transformer's first tokens x.
  at::Tensor begin(const at::Tensor& patches, const at::Tensor& x) const;

  /// After the transformer's block number `layer`: where one of the branch belongs to it, takes `tokens`
  /// through it and adds scale times its output to x. `scale` is [1].
  void after_block(std::size_t layer, at::Tensor& x, at::Tensor& tokens, const at::Tensor& scale,
                   const ControlContext& context) const;

 private:
  struct Block {
    TransformerBlock block;
    nn::Linear proj_out;
  };
  std::vector<std::int64_t> layers_;
  nn::Linear patch_embedding_;
  nn::Linear proj_in_;  // of the first block
  std::vector<Block> blocks_;
};

/// A convolution whose stride is its kernel, as a product over patches: [dim, channels * pt * ph * pw].
nn::Linear patch_embedding(const Weights& w, std::int64_t channels, const TransformerConfig& config);

}  // namespace sora::wan
