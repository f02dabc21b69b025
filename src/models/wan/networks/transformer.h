// WanTransformer3DModel: the denoiser of Wan 2.1 and 2.2 (2503.20314), with the numbers of diffusers
// 0.42.1. Latents are split into patches, one token each; a timestep modulates every block, and the
// prompt is attended to in every block.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "checkpoint/lora.h"
#include "checkpoint/model_folder.h"
#include "models/networks/denoiser.h"
#include "models/wan/networks/key_value_cache.h"
#include "models/wan/networks/rotary.h"
#include "models/wan/networks/transformer_block.h"
#include "models/wan/networks/transformer_embeddings.h"
#include "models/wan/networks/vace_branch.h"
#include "models/wan/transformer_config.h"
#include "nn/cuda/graphs.h"
#include "nn/linear.h"
#include "weights/weights.h"

namespace sora::wan {

/// A prompt as the blocks attend to it, computed once and used in every step.
struct TextContext final : PreparedText {
  std::vector<BlockContext> blocks;
  std::vector<BlockContext> control;  ///< for the blocks of the control branch
  at::Tensor key_bias;                ///< [N], undefined when every row is a key of its own

  std::unique_ptr<PreparedText> for_batch(std::int64_t batch) const override;
};

/// What prepare_text() does with the rows past the prompt's length, which are all equal. Attention to m equal
/// keys equals attention to one of them with its score raised by ln(m), so merging them is exact.
enum class PaddingRows { merge, keep };

class WanTransformer final : public Denoiser {
 public:
  WanTransformer(const Weights& w, const TransformerConfig& config);

  const TransformerConfig& config() const { return config_; }
  std::array<std::int64_t, 3> patch_size() const override { return config_.patch_size; }
  std::int64_t in_channels() const override { return config_.in_channels; }
  std::int64_t out_channels() const override { return config_.out_channels; }
  std::int64_t control_channels() const override {
    return config_.has_control() ? config_.vace_in_channels : 0;
  }
  void set_control_scale(double scale) override;
  void set_target_timestep(double timestep) override { target_timestep_ = timestep; }
  bool attends_to_images() const override { return config_.image_dim.has_value(); }
  at::ScalarType dtype() const { return patch_embedding_.weight.scalar_type(); }

  /// prompt_embeds [B, N, text_dim], for Wan N = 512 with zero rows past the prompt's length.
  /// image_embeds (models with image_dim): [B, n, image_dim], for models of first and last frame
  /// [2 B, n, image_dim]. Both go to the network's device and type.
  TextContext prepare_text(const at::Tensor& prompt_embeds, const at::Tensor& image_embeds = {},
                           PaddingRows padding = PaddingRows::merge) const;

  /// Predicts the flow. latents [B, in_channels + control_channels, T, H, W], multiples of patch_size;
  /// timestep [B], or [B, L] with one for each of the L = T/pt * H/ph * W/pw tokens, in [0, 1000]. Returns
  /// [B, out_channels, T, H, W] in the network's type. With a `cache`, blocks whose work it has are skipped.
  /// A network with config().target_time was told before which timestep the step leads to.
  /// With a `past`, B is 1, and the latents are the next frames of a video, which attend to its earlier ones.
  at::Tensor forward(const at::Tensor& latents, const at::Tensor& timestep, const TextContext& text,
                     BlockCache* cache = nullptr, KeyValueCache* past = nullptr) const;

  std::unique_ptr<PreparedText> prepare(const at::Tensor& prompt_embeds,
                                        const at::Tensor& image_tokens) const override;
  at::Tensor predict(const at::Tensor& latents, const at::Tensor& timestep, const PreparedText& text,
                     BlockCache* cache = nullptr) const override;
  std::unique_ptr<CausalSession> begin_video(const CausalWindow& window) const override;

 private:
  struct Embedded;
  /// Everything from the embedding of the patches to the tokens of the prediction: no step waits for the
  /// device.
  at::Tensor run_blocks(const Embedded& in, const TextContext& text, BlockCache* cache = nullptr) const;
  void apply_blocks(at::Tensor& x, const Embedded& in, const TextContext& text, BlockCache* cache) const;
  bool takes_graph(const Embedded& in) const;
  at::Tensor replayed(const Embedded& in, const TextContext& text) const;
  at::Tensor patchify(const at::Tensor& latents, const Grid& grid) const;
  at::Tensor unpatchify(const at::Tensor& tokens, const Grid& grid) const;

  TransformerConfig config_;
  nn::Linear patch_embedding_;  // the convolution's stride is its kernel: a product over each patch
  TimeEmbedder time_embedder_;
  TextEmbedder text_embedder_;
  ImageEmbedder image_embedder_;  // with image_dim
  std::vector<TransformerBlock> blocks_;
  ControlBranch control_;     // with vace_layers
  at::Tensor control_scale_;  // [1]
  double control_scale_value_ = 0;
  std::optional<double> target_timestep_;
  nn::Linear proj_out_;
  at::Tensor scale_shift_table_;  // [1, 2, dim]
  mutable RotaryEmbedding rotary_;
  std::unique_ptr<nn::cuda::Graphs> graphs_;  // null where they are not wanted
};

/// Loads a transformer from any source of components.h: in a folder, config.json and
/// diffusion_pytorch_model.safetensors, as one file or in shards. `loras` are merged into its weights.
/// Throws Error: no_input, refused, data.
WanTransformer load_transformer(const ComponentSource& source, const Placement& placement,
                                const std::vector<LoraSource>& loras = {});

}  // namespace sora::wan
