// Step caches: from step to step the work of a transformer's blocks changes little, so some steps can use
// that of an earlier one. They trade a little accuracy for time, and suit models that need many steps.
//
// Note [Step caches]
// A cache has the state of one window, one expert and one branch (with the prompt, or without it for
// guidance). mag_cache.h and first_block_cache.h decide within the network, by this interface; easy_cache.h
// decides outside of it. pipeline/denoise/step_caches.h has those of a window together.
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <string>
#include <vector>

namespace sora {

/// What a cache needs to go on in another process with the same numbers, by name. Tensors are never changed
/// after they were put here.
using CacheState = std::map<std::string, at::Tensor>;

/// Decides which blocks of a network one prediction computes. The network calls the three functions in this
/// order, on tokens x [B, L, dim] that the blocks change in place.
class BlockCache {
 public:
  virtual ~BlockCache() = default;

  /// Before the first block: true if none is to be computed. Then x is what stands for their result.
  virtual bool skips_all(at::Tensor& x) = 0;
  /// After the first block: true if the others are not to be computed. Then x is what stands for their
  /// result.
  virtual bool skips_rest(at::Tensor& x) = 0;
  /// After the last block.
  virtual void computed(const at::Tensor& x) = 0;

  virtual void save(CacheState& state) const = 0;
  /// Throws Error (data) where the state is not one of such a cache.
  virtual void load(const CacheState& state) = 0;

  int skips() const { return skips_; }  ///< predictions so far that skipped blocks

 protected:
  int skips_ = 0;
};

/// The tensor of this name; undefined: there is none.
at::Tensor tensor_of(const CacheState& state, const std::string& name);

/// `count` numbers, stored as one tensor of doubles. Throws Error (data) where they are not so many, or
/// out of range.
std::vector<double> numbers_of(const CacheState& state, const std::string& name, std::size_t count);

/// x + residual in x's type, as a new tensor. Throws Error (data) where their shapes differ.
at::Tensor with_residual(const at::Tensor& x, const at::Tensor& residual);

}  // namespace sora
