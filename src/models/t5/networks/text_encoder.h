// Turns a prompt into the embeddings that the transformer attends to: cleaning, tokenizer and encoder.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "checkpoint/model_folder.h"
#include "models/networks/prompt_encoder.h"
#include "weights/weights.h"

namespace sora {

/// How a family's pipeline gives prompts to the encoder. The default is Wan's.
struct PromptForm {
  std::int64_t max_length = 512;  ///< tokens, with </s>; longer prompts are truncated
  bool is_cleaned = true;         ///< by prompt_clean(); else the tokenizer gets the text as it is
  /// The encoder also attends to the padding up to max_length, whose rows are then dropped (LTX-Video); else
  /// to the prompt's own tokens alone.
  bool sees_padding = false;
  bool keeps_padding = false;  ///< with sees_padding: its rows stay (Open-Sora)
};

class TextEncoder final : public PromptEncoder {
 public:
  /// Loads `tokenizer/` and `text_encoder/` of a model folder. On a CPU it computes in fp32 from
  /// stored weights.
  /// Throws Error: no_input, data, refused.
  TextEncoder(const std::filesystem::path& model_dir, const Placement& placement);
  /// The same from a text encoder and a tokenizer in any place: `tokenizer` is a folder, or a file with a
  /// tokenizer in it (read_tokenizer_files).
  TextEncoder(const ComponentSource& text_encoder, const std::filesystem::path& tokenizer,
              const Placement& placement, const PromptForm& form = {});
  ~TextEncoder() override;
  TextEncoder(TextEncoder&&) noexcept;
  TextEncoder& operator=(TextEncoder&&) noexcept;

  /// In the placement's type and on its device. Throws Error (data) if the prompt is not UTF-8.
  EncodedPrompt encode_rows(const std::string& prompt) const override;
  /// The same, padded; warnings go to the log.
  at::Tensor encode(const std::string& prompt) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sora
