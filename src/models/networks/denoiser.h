// The interface of a denoiser (a family's transformer) that the denoising loop uses.
#pragma once

#include <ATen/ATen.h>

#include <array>
#include <cstdint>
#include <memory>

#include "sampling/block_cache.h"

namespace sora {

/// A prompt as a denoiser attends to it, computed once and used in every step. Each family derives its own.
class PreparedText {
 public:
  virtual ~PreparedText() = default;
  /// The same text for each of `batch` windows or tiles that are predicted at once.
  virtual std::unique_ptr<PreparedText> for_batch(std::int64_t batch) const = 0;
};

class CausalSession;
struct CausalWindow;

/// How a network is guided, where this is not by the plan's scale alone.
struct GuidanceForm {
  /// From the eleventh step on, every other step has no guidance: strong guidance that does not add up.
  bool oscillates = false;
  /// Scale of a second guidance, towards the image conditioning; it rises from 1 at the first latent frame to
  /// this at the last, and falls with the steps. 1: none.
  double image_scale = 1;
};

/// What a network that takes image conditioning gets in the channels beside the noise.
enum class ConditionForm {
  grey_video,    ///< Wan's: a mask for each frame, and the latents of a video with grey between the known
                 ///< frames
  known_frames,  ///< a mask for each latent frame, and the latents of those that are known; zero elsewhere
};

class Denoiser {
 public:
  virtual ~Denoiser() = default;

  virtual std::array<std::int64_t, 3> patch_size() const = 0;  ///< latent frames, rows, columns of a token
  virtual std::int64_t in_channels() const = 0;  ///< more than out_channels(): it takes image conditioning
  virtual std::int64_t out_channels() const = 0;
  /// Channels of the control input (pipeline/inputs/control_input.h), which predict() is given after
  /// in_channels(); 0: it takes none.
  virtual std::int64_t control_channels() const { return 0; }
  virtual bool attends_to_images() const = 0;  ///< to the tokens of an image encoder

  virtual GuidanceForm guidance_form() const { return {}; }
  virtual ConditionForm condition_form() const { return ConditionForm::grey_video; }

  /// Frames a second of the video that is denoised next, for families whose positions are in seconds.
  virtual void set_frame_rate(double /*fps*/) {}

  /// The timestep that the step leads to, in [0, 1000], for networks that predict whole steps (flow maps);
  /// predict() is called afterwards.
  virtual void set_target_timestep(double /*timestep*/) {}

  /// How strongly the control input acts on what is denoised next; 1 as it was trained.
  virtual void set_control_scale(double /*scale*/) {}

  /// prompt_embeds [B, N, D], zero after the text; image_tokens [B, n, D] or undefined.
  virtual std::unique_ptr<PreparedText> prepare(const at::Tensor& prompt_embeds,
                                                const at::Tensor& image_tokens) const = 0;

  /// The same for families whose prompts have a vector, too [B, V] (EncodedPrompt); undefined in others.
  virtual std::unique_ptr<PreparedText> prepare_with_vector(const at::Tensor& prompt_embeds,
                                                            const at::Tensor& /*vector*/,
                                                            const at::Tensor& image_tokens) const {
    return prepare(prompt_embeds, image_tokens);
  }

  /// predict() will be called with these, without a cache. Where several ranks work together, those that have
  /// nothing to do begin with it.
  virtual void expect(const at::Tensor& /*latents*/, const at::Tensor& /*timestep*/,
                      const PreparedText& /*text*/) const {}

  /// The flow. latents [B, in_channels + control_channels, T, h, w]; timestep [B], or [B, L] with one for
  /// each token, in [0, 1000], on the CPU. Returns [B, out_channels, T, h, w] in the network's type. With a
  /// `cache`, blocks whose work it has are skipped.
  virtual at::Tensor predict(const at::Tensor& latents, const at::Tensor& timestep, const PreparedText& text,
                             BlockCache* cache = nullptr) const = 0;

  /// Of causal models: begins a video (causal_session.h). The denoiser must outlive the session. Throws Error
  /// (internal) where the network has no such attention.
  virtual std::unique_ptr<CausalSession> begin_video(const CausalWindow& window) const;
};

}  // namespace sora
