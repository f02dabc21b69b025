// Turns a prompt into embeddings: the cleaning, tokenizer and text encoder of a family in one interface.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <vector>

namespace sora {

struct EncodedPrompt {
  at::Tensor rows;                    ///< [L, D], one for each token
  std::vector<std::string> warnings;  ///< for the user: the prompt is truncated, or has unknown words
  at::Tensor vector = {};             ///< [V], of the whole prompt; undefined in most families
};

/// [1, count, D]: the rows [L, D] followed by zeros, as in diffusers' pipelines.
at::Tensor padded_rows(const at::Tensor& rows, std::int64_t count);

class PromptEncoder {
 public:
  virtual ~PromptEncoder() = default;
  /// Throws Error (data) if the prompt is not UTF-8.
  virtual EncodedPrompt encode_rows(const std::string& prompt) const = 0;
};

}  // namespace sora
