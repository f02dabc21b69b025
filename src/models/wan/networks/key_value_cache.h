// Keys and values of the frames that the blocks of a causal Wan transformer attend to (Note [Causal
// denoisers] in models/networks/causal_session.h).
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "models/networks/causal_session.h"
#include "models/wan/networks/frame_slots.h"
#include "models/wan/networks/rotary.h"
#include "models/wan/transformer_config.h"

namespace sora::wan {

class KeyValueCache {
 public:
  /// Tensors have the type and the device of `place`.
  KeyValueCache(const CausalWindow& window, const TransformerConfig& config, const at::TensorOptions& place);

  /// Begins a pass over the next frames, a token grid of the same rows and columns each time. Returns the
  /// rotary table of their tokens (rotary.h).
  at::Tensor begin_pass(const Grid& grid, RotaryEmbedding& rotary);
  void commit() { slots_.commit(); }
  void restart(std::int64_t first, std::int64_t valid) { slots_.restart(first, valid); }

  /// Whether keys are to be stored as they are before their rotation.
  bool rotates_late() const { return window_.window_positions; }
  /// Stores keys and values of a layer, [1, L, heads, head_dim] for the L tokens of the pass. Returns those
  /// of all frames in the window, [1, N, heads, head_dim], all keys rotated: views, valid until the next
  /// pass.
  std::pair<at::Tensor, at::Tensor> extended(std::size_t layer, const at::Tensor& key,
                                             const at::Tensor& value);

 private:
  struct Layer {
    at::Tensor keys, values;  // [1, places * tokens of a frame, heads, head_dim]
  };

  void allocate(std::int64_t frame_tokens);

  CausalWindow window_;
  std::int64_t heads_, head_dim_;
  at::TensorOptions place_;
  FrameSlots slots_;
  std::int64_t frame_tokens_ = 0;
  std::vector<Layer> layers_;
  std::vector<SlotRun> runs_;  // of the pass
  std::int64_t filled_ = 0;
  at::Tensor key_table_;  // of all keys, where they are rotated late
};

/// The cache of one layer; without one, attention sees the pass alone.
struct LayerPast {
  KeyValueCache* cache = nullptr;
  std::size_t layer = 0;

  bool rotates_late() const { return cache != nullptr && cache->rotates_late(); }
};

}  // namespace sora::wan
