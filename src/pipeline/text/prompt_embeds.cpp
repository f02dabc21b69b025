#include "pipeline/text/prompt_embeds.h"

#include <ATen/Version.h>
#include <malloc.h>
#include <torch/headeronly/version.h>

#include <algorithm>
#include <map>
#include <utility>

#include "checkpoint/safetensors.h"
#include "core/log.h"
#include "core/sha256.h"
#include "core/text.h"
#include "models/family.h"
#include "sora/error.h"
#include "weights/tensor_file.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr std::int64_t kMostInMemory = std::int64_t{256} << 20;  // bytes of rows
constexpr std::int64_t kMostRows = 512;

// What else the bits depend on, besides the key: several machines may share a home folder.
std::string made_by() {
  return "libtorch " + std::to_string(TORCH_VERSION_MAJOR) + "." + std::to_string(TORCH_VERSION_MINOR) + "." +
         std::to_string(TORCH_VERSION_PATCH) + ", " + at::get_cpu_capability();
}

std::string digest_of(const EncodedPrompt& prompt) {
  Sha256 digest;
  for (const at::Tensor& tensor : {prompt.rows, prompt.vector}) {
    if (!tensor.defined()) continue;
    digest.update(tensor.const_data_ptr<float>(), static_cast<std::size_t>(tensor.numel()) * sizeof(float));
  }
  return digest.hex();
}

std::string joined_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    if (!text.empty()) text += '\n';
    text += one_line(line);
  }
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

void warn(const EncodedPrompt& prompt) {
  for (const std::string& warning : prompt.warnings) log(LogLevel::warning, warning);
}

EncodedPrompt on_host(EncodedPrompt prompt) {
  prompt.rows = prompt.rows.to(at::kCPU, at::kFloat).contiguous();
  if (prompt.vector.defined()) prompt.vector = prompt.vector.to(at::kCPU, at::kFloat).contiguous();
  return prompt;
}

// Prompts that are equal after cleaning have the same key.
std::string key_of(const TextCache& cache, const Plan& plan, const std::string& text) {
  return cache.key(family_named(plan.model.family).clean_prompt(text));
}

bool cached(const TextCache& cache, const Plan& plan, const std::string& text, EncodedPrompt& prompt) {
  return cache.enabled() && read_cached(cache, key_of(cache, plan, text), plan.model.text_dim, prompt);
}

}  // namespace

bool read_cached(const TextCache& cache, const std::string& key, std::int64_t width, EncodedPrompt& prompt) {
  try {
    if (!cache.contains(key)) return false;
    const SafetensorsFile file(cache.file(key));
    std::map<std::string, std::string> says = file.metadata();
    EncodedPrompt found{read_tensor(cache.file(key), "rows"), lines_of(says["warnings"])};
    if (file.tensors().count("vector") != 0) found.vector = read_tensor(cache.file(key), "vector");
    const at::Tensor& rows = found.rows;
    const bool fits =
        rows.dim() == 2 && rows.size(0) >= 1 && rows.size(0) <= kMostRows && rows.size(1) == width;
    if (!fits || says["made_by"] != made_by() || says["sha256"] != digest_of(found)) {
      log(LogLevel::debug, cache.file(key).string() + ": does not match, and is computed again");
      return false;
    }
    prompt = std::move(found);
    cache.touch(key);
    return true;
  } catch (const std::exception& error) {
    log(LogLevel::debug, std::string("a cached prompt cannot be used: ") + error.what());
    return false;
  }
}

void write_cached(const TextCache& cache, const std::string& key, const EncodedPrompt& prompt) {
  try {
    const fs::path file = cache.file(key);
    if (fs::create_directories(file.parent_path())) {
      fs::permissions(file.parent_path(), fs::perms::owner_all);  // prompts are private
    }
    std::map<std::string, at::Tensor> tensors{{"rows", prompt.rows}};
    if (prompt.vector.defined()) tensors["vector"] = prompt.vector;
    write_tensors(file, tensors,
                  {{"key", key},
                   {"made_by", made_by()},
                   {"sha256", digest_of(prompt)},
                   {"warnings", joined_lines(prompt.warnings)}});
    cache.prune();
  } catch (const std::exception& error) {
    log(LogLevel::debug, std::string("the prompt's embeddings are not cached: ") + error.what());
  }
}

const PromptEmbeds::Entry* PromptEmbeds::find(const std::string& text) const {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.text == text; });
  return found == entries_.end() ? nullptr : &*found;
}

void PromptEmbeds::add(const std::string& text, const EncodedPrompt& prompt,
                       const std::vector<std::string>& needed) {
  entries_.push_front({text, prompt.rows, prompt.vector});
  std::int64_t bytes = 0;
  for (auto it = entries_.begin(); it != entries_.end();) {
    bytes += static_cast<std::int64_t>(it->rows.nbytes());
    const bool stays =
        bytes <= kMostInMemory || std::find(needed.begin(), needed.end(), it->text) != needed.end();
    it = stays ? std::next(it) : entries_.erase(it);
  }
}

const PromptEmbeds::Entry& PromptEmbeds::encoded(const std::string& text) const {
  const Entry* entry = find(text);
  if (entry == nullptr) throw Error(ErrorKind::internal, "text", "the prompt was not encoded");
  return *entry;
}

at::Tensor PromptEmbeds::get(const std::string& text) const {
  return padded_rows(encoded(text).rows, text_rows_);
}

at::Tensor PromptEmbeds::vector(const std::string& text) const { return encoded(text).vector; }

void PromptEmbeds::prepare(Model& model, const Plan& plan, const ComingTexts& coming,
                           const std::function<void()>& encoding) {
  text_rows_ = plan.model.text_rows;
  const std::vector<std::string> needed = texts_of(plan);
  const TextCache cache(text_cache_folder(), plan.machine.text_cache_key);
  std::vector<std::string> missing;
  for (const std::string& text : needed) {
    EncodedPrompt prompt;
    if (find(text) != nullptr) continue;
    if (cached(cache, plan, text, prompt)) {
      warn(prompt);
      add(text, prompt, needed);
    } else {
      missing.push_back(text);
    }
  }
  if (missing.empty()) return;

  const auto encode = [&](const std::string& text) {
    const EncodedPrompt prompt = on_host(model.prompt_encoder->encode_rows(text));
    warn(prompt);
    add(text, prompt, needed);
    if (cache.enabled()) write_cached(cache, key_of(cache, plan, text), prompt);
  };
  if (!model.prompt_encoder) {
    if (!plan.machine.text_fits_beside) {
      model.denoiser.reset();
      model.denoiser_2.reset();
    }
    load_prompt_encoder(model, plan);
  }
  if (encoding) encoding();
  for (const std::string& text : missing) {
    if (find(text) == nullptr) encode(text);  // prompt and negative prompt may be equal
  }
  if (!plan.machine.frees_text_encoder) return;
  for (const std::string& text : coming ? coming() : std::vector<std::string>()) {
    try {
      EncodedPrompt prompt;
      if (find(text) == nullptr && !cached(cache, plan, text, prompt)) encode(text);
    } catch (const Error& error) {
      log(LogLevel::debug, std::string("a later prompt: ") + error.what());  // reported when its job comes
    }
  }
  model.prompt_encoder.reset();
  ::malloc_trim(0);  // otherwise the allocator keeps much of it
}

}  // namespace sora
