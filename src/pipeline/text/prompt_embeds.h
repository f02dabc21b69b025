// What prompts become: from this run's memory, from the cache on disk, or from the text encoder, which is
// loaded only when the others do not have them.
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
  /// Makes get() know the texts of `plan`. If that takes the text encoder, `encoding` is told when it is
  /// loaded; where the plan frees it, the texts that are `coming` are encoded too; where it does not fit
  /// beside the transformers, these go first. Throws Error: as load_prompt_encoder; data if a text of the
  /// plan is not UTF-8.
  void prepare(Model& model, const Plan& plan, const ComingTexts& coming = {},
               const std::function<void()>& encoding = {});

  /// prompt_embeds [1, 512, D], fp32 on the CPU.
  at::Tensor get(const std::string& text) const;

  void clear() { known_.clear(); }  ///< the next plan is for another model

 private:
  struct Known {
    std::string text;
    at::Tensor rows;  // [L, D], fp32 on the CPU
  };
  const Known* find(const std::string& text) const;
  void add(const std::string& text, const at::Tensor& rows, const std::vector<std::string>& needed);

  int text_rows_ = 0;       // of the plan's model
  std::list<Known> known_;  // the latest first
};

/// Reads and writes entries of the cache. Neither throws: what is damaged, foreign or made by another version
/// is none, and what cannot be written is let be; both are said in the debug log.
bool read_cached(const TextCache& cache, const std::string& key, std::int64_t width, EncodedPrompt& prompt);
void write_cached(const TextCache& cache, const std::string& key, const EncodedPrompt& prompt);

}  // namespace sora
