// The embeddings of prompts: from this process's memory, from the cache on disk, or from the text encoder,
// which is loaded only when a prompt is in neither.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <list>
#include <string>
#include <vector>

#include "pipeline/networks/model.h"
#include "plan/machine/text_cache.h"
#include "sora/generator.h"
#include "sora/plan.h"

namespace sora {

class PromptEmbeds {
 public:
  /// Prepares the texts of `plan` for get(). If the text encoder is needed, `encoding` is called when it is
  /// loaded. Where the plan frees the encoder afterwards, the `coming` texts of later jobs are encoded too;
  /// where it does not fit beside the transformers, these are freed first. Throws Error: as
  /// load_prompt_encoder; data if a text of the plan is not UTF-8.
  void prepare(Model& model, const Plan& plan, const ComingTexts& coming = {},
               const std::function<void()>& encoding = {});

  /// prompt_embeds [1, 512, D], fp32 on the CPU.
  at::Tensor get(const std::string& text) const;
  /// The prompt's vector [V], in families that have one; else undefined.
  at::Tensor vector(const std::string& text) const;

  void clear() { entries_.clear(); }  ///< before a plan for another model

 private:
  struct Entry {
    std::string text;
    at::Tensor rows;    // [L, D], fp32 on the CPU
    at::Tensor vector;  // [V], fp32 on the CPU, or undefined
  };
  const Entry* find(const std::string& text) const;
  const Entry& encoded(const std::string& text) const;
  void add(const std::string& text, const EncodedPrompt& prompt, const std::vector<std::string>& needed);

  int text_rows_ = 0;         // of the plan's model
  std::list<Entry> entries_;  // the latest first
};

/// Reads and writes entries of the cache. Neither throws: an entry that is damaged or of another version
/// counts as missing, and a failed write is ignored; both are logged at debug level.
bool read_cached(const TextCache& cache, const std::string& key, std::int64_t width, EncodedPrompt& prompt);
void write_cached(const TextCache& cache, const std::string& key, const EncodedPrompt& prompt);

}  // namespace sora
