// Attention over tokens that are divided among ranks (DeepSpeed Ulysses, 2309.14509).
//
// Note [Divided tokens]: each rank of a group has a part of the tokens, and computes with them alone what
// each token needs for itself: norms, products, attention to the prompt. For self-attention the tensors are
// turned, all to all: each rank gets all tokens of a part of the heads, and gives back its result for them.
// In each frame of tokens, every rank has some consecutive ones (one more or less than another), so that what
// is the same for all tokens of a frame stays so, and any number of tokens is divided exactly, without
// padding. The order of the keys differs from that on one rank, and with it the last bits of the sums.
//
// A rank moves B * dim * (3 * own * (n - 1) / n + (all - own) / n) elements for each attention of n ranks,
// with `own` of `all` tokens; bytes_of_attention() counts them.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "nn/ranks/collectives.h"

namespace sora::nn {

/// While it lives, networks that this thread runs divide their tokens among the group. With one member they
/// divide nothing, but notice between their blocks where a rank of the communicator has failed.
class SequenceScope {
 public:
  explicit SequenceScope(RankGroup group);
  ~SequenceScope();
  SequenceScope(const SequenceScope&) = delete;
  SequenceScope& operator=(const SequenceScope&) = delete;

  static const RankGroup* current();  ///< of this thread; null: there is none

 private:
  RankGroup group_;
  const RankGroup* before_;
};

/// The tokens of one forward pass: made by the network, and known to the self_attention() calls of its thread
/// while it lives.
class TokenSplit {
 public:
  /// `frames` of `per_frame` tokens, frame after frame. Throws Error (usage) where a frame has fewer tokens
  /// than there are ranks.
  TokenSplit(std::int64_t frames, std::int64_t per_frame);
  ~TokenSplit();
  TokenSplit(const TokenSplit&) = delete;
  TokenSplit& operator=(const TokenSplit&) = delete;

  bool divides() const { return counts_.size() > 1; }
  /// This rank's part of x, which has all tokens along `dim`, or else is the same for all of them or for
  /// those of a frame, and stays as it is.
  at::Tensor own(const at::Tensor& x, std::int64_t dim) const;
  /// All tokens of x along `dim`, of which this rank has its own; on every rank.
  at::Tensor all(const at::Tensor& x, std::int64_t dim) const;

  static const TokenSplit* current();

 private:
  friend at::Tensor self_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v);
  at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) const;
  std::int64_t tokens_of(std::size_t member) const { return frames_ * counts_[member]; }

  const RankGroup* group_ = nullptr;
  std::int64_t frames_, per_frame_;
  std::vector<std::int64_t> counts_;  // tokens of a frame, by member; one: nothing is divided
  std::int64_t first_ = 0;            // of a frame, this rank's first one
  const TokenSplit* before_;
};

/// As attention(), of all tokens to all tokens, where a rank may have a part of them: q, k and v
/// [B, heads, own tokens, d] -> the same. Throws Error (usage) where the heads do not divide.
at::Tensor self_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v);

/// Bytes that rank number `member` of `members` sends for one self_attention() with frames x per_frame
/// tokens.
std::int64_t bytes_of_attention(std::int64_t batch, std::int64_t dim, std::int64_t frames,
                                std::int64_t per_frame, int members, int member, std::int64_t element);

}  // namespace sora::nn
