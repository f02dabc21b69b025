// From a prompt to what the denoiser attends to: cleaning, tokenizer and text encoder of any family in one.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <vector>

namespace sora {

struct EncodedPrompt {
  at::Tensor rows;  ///< [L, D], one for each token
  std::vector<std::string>
      warnings;  ///< for the user: the prompt is cut off, or has words that are not known
};

/// [1, count, D]: the rows [L, D], and zeros after them, as diffusers' pipelines give them.
at::Tensor padded_rows(const at::Tensor& rows, std::int64_t count);

class PromptEncoder {
 public:
  virtual ~PromptEncoder() = default;
  /// Throws Error (data) if the prompt is not UTF-8.
  virtual EncodedPrompt encode_rows(const std::string& prompt) const = 0;
};

}  // namespace sora
