// Embeddings of prompts on disk, so that a large text encoder need not be loaded for a prompt that it has
// seen. Names and headers only; prompt_embeds.h has the tensors.
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

/// What is dropped when an entry is added: the entries that were not used for `age`, and of the rest those
/// that were not used for longest, until all are no larger than `bytes`.
struct TextCacheLimits {
  std::uint64_t bytes = std::uint64_t{512} << 20;  // 5 MB for a prompt of 300 tokens and UMT5-XXL
  std::chrono::hours age{24 * 60};
};

/// Entries are safetensors files: a tensor `rows` [L, D], and in the metadata what it was made from and its
/// digest. A file of another content than its name says is as good as none. Any number of processes may use a
/// folder at once: entries appear whole, and one that disappears is made again.
class TextCache {
 public:
  TextCache() = default;  ///< keeps nothing
  /// `encoder` tells what encodes, and how, as Plan::text_cache_key.
  TextCache(std::filesystem::path folder, std::string encoder, TextCacheLimits limits = {});

  bool keeps() const { return !folder_.empty(); }
  /// Of an entry: a hash over the prompt as it is cleaned, and over the encoder. Throws Error (data) if the
  /// prompt is not UTF-8.
  std::string key(const std::string& cleaned_prompt) const;
  std::filesystem::path file(const std::string& key) const;
  /// Whether there is a file that says it is this entry; its tensor is not read. Never throws.
  bool holds(const std::string& key) const;
  /// Notes that an entry was of use. Never throws.
  void used(const std::string& key) const;
  /// Applies the limits. Never throws.
  void prune() const;

 private:
  std::filesystem::path folder_;
  std::string encoder_;
  TextCacheLimits limits_;
};

/// The program's own: text/ in the cache folder; empty where there is none.
std::filesystem::path text_cache_folder();

/// What a plan's text encoder has to encode: the prompt or those of its shots, and with guidance the negative
/// prompt.
std::vector<std::string> texts_of(const Plan& plan);

/// Whether a text encoder is large: it takes longer to load than to use.
bool is_large(const NetworkSize& encoder);

/// Whether embeddings are kept, and are there: sets text_cache_key and text_cached. `digest` keeps the digest
/// of the encoder's files between plans of one model. Throws Error: usage, io.
void plan_text_cache(Plan& plan, const ModelFacts& model, std::optional<std::string>& digest);

}  // namespace sora
