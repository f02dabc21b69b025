// MMDiT: the denoiser of Open-Sora 2.0 (2503.09642), with the numbers of its own Python. A token is a patch
// of 2 x 2 latent cells; text and video are one sequence, and CLIP's vector and the timestep modulate every
// block.
#pragma once

#include <memory>
#include <vector>

#include "checkpoint/lora.h"
#include "models/networks/denoiser.h"
#include "models/opensora/networks/rotary.h"
#include "models/opensora/networks/transformer_block.h"
#include "models/opensora/transformer_config.h"

namespace sora::opensora {

/// A prompt as the transformer takes it: projected once, and used in every step.
struct TextContext final : PreparedText {
  at::Tensor rows;    ///< [B, N, C]
  at::Tensor vector;  ///< [B, C]

  std::unique_ptr<PreparedText> for_batch(std::int64_t batch) const override;
};

/// in_layer, SiLU, out_layer.
struct Embedder {
  nn::Linear in_layer, out_layer;
  Embedder() = default;
  Embedder(const Weights& w, std::int64_t in, std::int64_t out)
      : in_layer(w / "in_layer", in, out), out_layer(w / "out_layer", out, out) {}
  at::Tensor operator()(const at::Tensor& x) const { return out_layer(at::silu(in_layer(x))); }
};

class MmditTransformer final : public Denoiser {
 public:
  MmditTransformer(const Weights& w, const TransformerConfig& config);

  const TransformerConfig& config() const { return config_; }
  std::array<std::int64_t, 3> patch_size() const override { return {1, 2, 2}; }
  /// With image conditioning: the latents, a mask, and the latents of the known frames.
  std::int64_t in_channels() const override {
    return config_.cond_embed ? 2 * config_.latent_channels + 1 : config_.latent_channels;
  }
  std::int64_t out_channels() const override { return config_.latent_channels; }
  bool attends_to_images() const override { return false; }
  GuidanceForm guidance_form() const override;
  ConditionForm condition_form() const override { return ConditionForm::known_frames; }

  /// Not to be called: there is no prompt without CLIP's vector.
  std::unique_ptr<PreparedText> prepare(const at::Tensor& prompt_embeds,
                                        const at::Tensor& image_tokens) const override;
  std::unique_ptr<PreparedText> prepare_with_vector(const at::Tensor& prompt_embeds, const at::Tensor& vector,
                                                    const at::Tensor& image_tokens) const override;
  /// latents may also have out_channels() alone: then no frame is known.
  at::Tensor predict(const at::Tensor& latents, const at::Tensor& timestep, const PreparedText& text,
                     BlockCache* cache = nullptr) const override;

 private:
  at::Tensor embedded(const at::Tensor& latents) const;
  void apply_blocks(at::Tensor& x, std::int64_t text, const at::Tensor& vec, const RotaryTable& table,
                    BlockCache* cache) const;
  at::ScalarType dtype() const { return img_in_.bias.scalar_type(); }

  TransformerConfig config_;
  nn::Linear img_in_, txt_in_, cond_in_;
  Embedder time_in_, vector_in_, guidance_in_;
  std::vector<DoubleBlock> double_blocks_;
  std::vector<SingleBlock> single_blocks_;
  nn::Linear final_modulation_, final_linear_;
  mutable RotaryTables rotary_;
};

/// `loras` are merged into its weights. Throws Error: no_input, refused, data.
MmditTransformer load_transformer(const ComponentSource& source, const Placement& placement,
                                  const std::vector<LoraSource>& loras = {});

}  // namespace sora::opensora
