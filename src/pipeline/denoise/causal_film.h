// A video that a causal model makes block by block (Note [Causal denoisers] in
// models/networks/causal_session.h): each block is a window of the plan.
//
// Note [Prompts of causal videos]
// A block has one prompt. Keys and values of earlier frames are those of the prompt that was theirs, and
// would hold the picture to it. So when the prompt changes, the last frames, as many as attention can see,
// pass through the network again with the new one, block by block; the frames of the sink stay as they are.
//
// Note [Saved blocks]
// Keys and values follow from the latents of all earlier blocks and their prompts. A run that continues from
// a checkpoint passes the saved blocks through the network once each, and goes on with the same numbers.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "models/networks/causal_session.h"
#include "pipeline/denoise/denoise.h"
#include "pipeline/networks/model.h"
#include "sora/plan.h"

namespace sora {

/// How many latent frames a denoising loop works on in this window: all, or of a block the new ones.
std::int64_t denoised_frames(const Plan& plan, const Window& window);

class CausalFilm {
 public:
  /// `model` and `plan` must outlive this object.
  CausalFilm(const Model& model, const Plan& plan);

  /// The prompt from the next frames on. `text` must stay as it is until the next call.
  void use(const TextCondition& text);

  /// Denoises the next block from `noise` [1, C, n, h, w]. Returns latents as denoise() does; they are no
  /// part of the video before add(). With `from` it continues from that state.
  at::Tensor denoise(const at::Tensor& noise, const DenoiseHooks& hooks, const DenoiseState* from);

  /// The next frames, finished: made, saved or given. At most a block at a time.
  void add(const at::Tensor& latents);
  /// The same for any number of frames, in blocks.
  void add_all(const at::Tensor& latents);

  /// Takes back what was added last, once. Returns latents [1, C, n, h, w] of the frames before it, as far
  /// back as attention can see; undefined where there are none.
  at::Tensor take_back();

 private:
  struct Group {
    std::int64_t first = 0;
    at::Tensor latents;  // [1, C, n, h, w] on the device
  };

  void pass_again();

  const Model& model_;
  const Plan& plan_;
  std::unique_ptr<CausalSession> session_;
  const PreparedText* text_ = nullptr;
  std::string prompt_;
  std::deque<Group> recent_;  // what was added, as far back as attention can see from the next frame
  std::int64_t next_ = 0;     // number of the next frame
};

}  // namespace sora
