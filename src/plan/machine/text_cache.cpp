#include "plan/machine/text_cache.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "checkpoint/model_digest.h"
#include "checkpoint/safetensors.h"
#include "core/folders.h"
#include "core/log.h"
#include "core/sha256.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr std::uint64_t kLargeEncoder = std::uint64_t{256} << 20;  // bytes of weights

// Identifies the encoder's files and how it computes: another device or number of threads adds in another
// order, and a seed must give the same video whether its prompt comes from the cache or not.
std::string encoder_key(const Machine& machine, const ModelFacts& model, std::optional<std::string>& digest) {
  if (!digest) {
    const ComponentSource source = model.folder.source("text_encoder");
    std::string all = model_digest(source.path) + model_digest(model.tokenizer);
    if (!source.reference.empty()) all += model_digest(source.reference);
    if (model.folder.has("text_encoder_2")) all += model_digest(model.folder.source("text_encoder_2").path);
    digest = sha256_hex(all);
  }
  // Families give the same encoder another number of tokens, and with it other padding.
  return *digest + " " + std::to_string(model.text_rows) + " " + machine.device + " " + machine.dtype + " " +
         std::to_string(machine.threads);
}

}  // namespace

TextCache::TextCache(fs::path folder, std::string encoder, TextCacheLimits limits)
    : folder_(encoder.empty() ? fs::path() : std::move(folder)),
      encoder_(std::move(encoder)),
      limits_(limits) {}

std::string TextCache::key(const std::string& prompt) const {
  return sha256_hex("sora-gen " SORA_GEN_VERSION "\n" + encoder_ + "\n" + prompt);
}

fs::path TextCache::file(const std::string& key) const { return folder_ / (key + ".safetensors"); }

bool TextCache::contains(const std::string& key) const {
  std::error_code code;
  if (!enabled() || !fs::is_regular_file(file(key), code)) return false;
  try {
    const SafetensorsFile entry(file(key));
    const auto recorded = entry.metadata().find("key");
    return recorded != entry.metadata().end() && recorded->second == key &&
           entry.tensors().count("rows") != 0;
  } catch (const Error& error) {
    log(LogLevel::debug, std::string("this entry of the text cache is not used: ") + error.what());
    return false;
  }
}

void TextCache::touch(const std::string& key) const {
  std::error_code code;
  fs::last_write_time(file(key), fs::file_time_type::clock::now(), code);
}

void TextCache::prune() const {
  struct Entry {
    fs::path path;
    fs::file_time_type used;
    std::uint64_t bytes = 0;
  };
  std::vector<Entry> entries;
  std::uint64_t bytes = 0;
  std::error_code code;
  for (fs::directory_iterator it(folder_, code), end; !code && it != end; it.increment(code)) {
    std::error_code of_entry;  // another process may have removed it meanwhile
    if (it->path().extension() != ".safetensors") continue;
    Entry entry{it->path(), it->last_write_time(of_entry), 0};
    if (!of_entry) entry.bytes = it->file_size(of_entry);
    if (of_entry) continue;
    bytes += entry.bytes;
    entries.push_back(std::move(entry));
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.used < b.used; });
  const auto oldest = fs::file_time_type::clock::now() - limits_.age;
  for (const Entry& entry : entries) {
    if (entry.used >= oldest && bytes <= limits_.bytes) break;
    fs::remove(entry.path, code);
    bytes -= entry.bytes;
  }
}

fs::path text_cache_folder() {
  const fs::path cache = cache_folder();
  return cache.empty() ? fs::path() : cache / "text";
}

std::vector<std::string> texts_of(const Plan& plan) {
  std::vector<std::string> texts{plan.request.prompt};
  for (const Shot& shot : plan.inputs.shots) {  // the first is the prompt
    if (std::find(texts.begin(), texts.end(), shot.prompt) == texts.end()) texts.push_back(shot.prompt);
  }
  if (plan.sampling.guidance > 1) texts.push_back(plan.sampling.negative_prompt);
  return texts;
}

bool is_large(const NetworkSize& encoder) { return encoder.stored >= kLargeEncoder; }

void plan_text_cache(Plan& plan, const ModelFacts& model, std::optional<std::string>& digest) {
  const std::string& wanted = plan.request.text_cache;
  if (wanted != "auto" && wanted != "on" && wanted != "off") {
    throw Error(ErrorKind::usage, "options", "--text-cache " + wanted + ": expected auto, on or off");
  }
  plan.machine.text_cache_key.clear();
  plan.machine.text_cached = false;
  if (wanted == "off" || (wanted == "auto" && !is_large(model.text_encoder))) return;
  const fs::path folder = text_cache_folder();
  if (folder.empty()) return;
  plan.machine.text_cache_key = encoder_key(plan.machine, model, digest);
  const TextCache cache(folder, plan.machine.text_cache_key);
  const std::vector<std::string> texts = texts_of(plan);
  plan.machine.text_cached = std::all_of(texts.begin(), texts.end(), [&](const std::string& text) {
    return cache.contains(cache.key(model.family->clean_prompt(text)));
  });
}

}  // namespace sora
