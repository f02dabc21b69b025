// LTXVideoTransformer3DModel: the denoiser of LTX-Video (2501.00103), with the numbers of diffusers 0.42.1.
// Each latent cell is a token; a timestep modulates every block, and the prompt is attended to in every
// block.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "checkpoint/lora.h"
#include "checkpoint/model_folder.h"
#include "models/ltx/networks/rotary.h"
#include "models/ltx/networks/transformer_block.h"
#include "models/ltx/transformer_config.h"
#include "models/networks/denoiser.h"
#include "weights/weights.h"

namespace sora::ltx {

/// A prompt as the blocks attend to it, computed once and used in every step.
struct TextContext final : PreparedText {
  std::vector<BlockContext> blocks;
  at::Tensor mask;  ///< [B, 1, 1, N], undefined where all prompts of the batch have N tokens

  std::unique_ptr<PreparedText> for_batch(std::int64_t batch) const override;
};

/// Modulation of a forward pass. Tokens fall into G groups of consecutive tokens that share a timestep:
/// G is 1, the number of latent frames, or the number of tokens.
struct TimeEmbedding {
  at::Tensor embedded;       ///< [B, G, dim], fp32
  at::Tensor timestep_proj;  ///< [B, G, 6, dim], fp32
};

struct TimeEmbedder {
  nn::Linear linear_1, linear_2;  // in fp32
  nn::Linear linear;

  TimeEmbedder(const Weights& w, std::int64_t dim);  ///< scope time_embed

  /// timestep [B], or [B, tokens]; `frames` latent frames. Each distinct value is embedded once.
  TimeEmbedding operator()(const at::Tensor& timestep, std::int64_t frames) const;
};

class LtxTransformer final : public Denoiser {
 public:
  LtxTransformer(const Weights& w, const TransformerConfig& config, const CellScale& scale);

  const TransformerConfig& config() const { return config_; }
  std::array<std::int64_t, 3> patch_size() const override { return {1, 1, 1}; }
  std::int64_t in_channels() const override { return config_.in_channels; }
  std::int64_t out_channels() const override { return config_.out_channels; }
  bool attends_to_images() const override { return false; }
  void set_frame_rate(double fps) override { scale_.fps = fps; }
  at::ScalarType dtype() const { return proj_in_.bias.scalar_type(); }

  /// prompt_embeds [B, N, caption_channels]. Rows that are zero are padding, which is not attended to.
  std::unique_ptr<PreparedText> prepare(const at::Tensor& prompt_embeds,
                                        const at::Tensor& image_tokens) const override;
  at::Tensor predict(const at::Tensor& latents, const at::Tensor& timestep, const PreparedText& text,
                     BlockCache* cache = nullptr) const override;

 private:
  void apply_blocks(at::Tensor& x, const TimeEmbedding& time, const TextContext& text,
                    const at::Tensor& table, BlockCache* cache) const;

  TransformerConfig config_;
  CellScale scale_;
  nn::Linear proj_in_;
  TimeEmbedder time_embed_;
  nn::Linear caption_in_, caption_out_;
  std::vector<TransformerBlock> blocks_;
  nn::Linear proj_out_;
  at::Tensor scale_shift_table_;  // [2, dim]
  mutable RotaryTables rotary_;
};

/// Loads a transformer from any source of components.h. `loras` are merged into its weights.
/// Throws Error: no_input, refused, data.
LtxTransformer load_transformer(const ComponentSource& source, const Placement& placement,
                                const CellScale& scale, const std::vector<LoraSource>& loras = {});

}  // namespace sora::ltx
