// The text cache: embeddings of prompts on disk, so that a large text encoder is not loaded for a prompt that
// was encoded before. Names and headers only; prompt_embeds.h has the tensors.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

/// When an entry is added, entries that were not used for `age` are deleted, and of the rest the least
/// recently used ones until all together have at most `bytes`.
struct TextCacheLimits {
  std::uint64_t bytes = std::uint64_t{512} << 20;  // 5 MB for a prompt of 300 tokens and UMT5-XXL
  std::chrono::hours age{24 * 60};
};

/// Entries are safetensors files: a tensor `rows` [L, D], and in the metadata the entry's key and a digest. A
/// file whose key is not that of its name is ignored. Any number of processes may use a folder at once:
/// entries appear whole, and one that disappears is made again.
class TextCache {
 public:
  TextCache() = default;  ///< disabled
  /// `encoder` identifies the text encoder and how it computes, as Machine::text_cache_key.
  TextCache(std::filesystem::path folder, std::string encoder, TextCacheLimits limits = {});

  bool enabled() const { return !folder_.empty(); }
  /// The key of an entry: a hash over the cleaned prompt and the encoder. Throws Error (data) if the prompt
  /// is not UTF-8.
  std::string key(const std::string& cleaned_prompt) const;
  std::filesystem::path file(const std::string& key) const;
  /// Whether the entry is there, by its file's header. Never throws.
  bool contains(const std::string& key) const;
  /// Marks an entry as just used. Never throws.
  void touch(const std::string& key) const;
  /// Applies the limits. Never throws.
  void prune() const;

 private:
  std::filesystem::path folder_;
  std::string encoder_;
  TextCacheLimits limits_;
};

/// The folder of the program's text cache: text/ in cache_folder(); empty where there is none.
std::filesystem::path text_cache_folder();

/// The texts that a plan needs encoded: the prompt or those of its shots, and with guidance the negative
/// prompt.
std::vector<std::string> texts_of(const Plan& plan);

/// Whether a text encoder is so large that loading it takes longer than using it.
bool is_large(const NetworkSize& encoder);

/// Sets plan.machine.text_cache_key and text_cached. `digest` is the digest of the encoder's files, computed
/// once for all plans of a model. Throws Error: usage, io.
void plan_text_cache(Plan& plan, const ModelFacts& model, std::optional<std::string>& digest);

}  // namespace sora
