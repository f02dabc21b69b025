#include "models/wan/causal.h"

#include <algorithm>
#include <array>

#include "core/json/json_config.h"
#include "core/text.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora::wan {
namespace {

// Compared without signs, as the names of few-step models are.
constexpr std::array kNames{"sfwan", "selfforcing", "causalforcing", "longlive"};
constexpr std::array kOtherNames{"lightx2v", "stepdistill", "lightning", "lora"};

bool has_any(const std::string& plain, const auto& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](const char* word) { return plain.find(word) != std::string::npos; });
}

// LongLive: keys are stored before their rotation (its model for endless videos), and the first three frames
// stay.
CausalFacts long_live() {
  CausalFacts facts;
  facts.window = 12;
  facts.sink = 3;
  facts.window_positions = true;
  return facts;
}

// FastVideo's and Self-Forcing's classes, with the keys of the latter. -1 stands for as many frames as a
// video of the native length has.
std::optional<CausalFacts> by_config(const fs::path& path) {
  std::error_code code;
  if (!fs::exists(path, code)) return {};
  const JsonConfig json(path, "transformer");
  const std::string name = json.string("_class_name", "");
  if (name != "CausalWanTransformer3DModel" && name != "CausalWanModel") return {};
  CausalFacts facts;
  const auto window = json.integer_in("local_attn_size", -1, 100'000, -1);
  if (window > 0) facts.window = static_cast<int>(window);
  facts.sink = static_cast<int>(json.integer_in("sink_size", 0, 100'000, 0));
  for (const char* key : {"num_frame_per_block", "num_frames_per_block"})
    facts.block = static_cast<int>(json.integer_in(key, 1, 1024, facts.block));
  if (facts.window < facts.sink + facts.block)
    json.fail("local_attn_size", "latent frames for a block and the sink, " +
                                     std::to_string(facts.sink + facts.block) + " at least");
  return facts;
}

std::optional<CausalFacts> by_path(const fs::path& path) {
  const fs::path whole = path.has_filename() ? path : path.parent_path();  // "folder/"
  const std::string name = whole.filename().string(), folder = whole.parent_path().filename().string();
  if (auto facts = causal_by_name(name)) return facts;
  // A file of lightx2v may lie in a folder with the name of the method.
  return causal_by_name(folder + " " + name);
}

std::optional<CausalFacts> found(const ModelFacts& facts) {
  const ComponentSource transformer = facts.folder.source("transformer");
  // The folder says nothing of a transformer from elsewhere.
  if (transformer.is_file()) return by_path(transformer.path);
  if (auto causal = by_config(transformer.path / "config.json")) return causal;
  if (facts.folder.pipeline == "WanCausalDMDPipeline") return CausalFacts();
  if (auto causal = by_path(transformer.path)) return causal;
  return by_path(facts.folder.dir);
}

}  // namespace

std::optional<CausalFacts> causal_by_name(const std::string& name) {
  std::string plain;
  for (const char c : ascii_lower(name)) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) plain += c;
  }
  if (!has_any(plain, kNames) || has_any(plain, kOtherNames)) return {};
  return plain.find("longlive") != std::string::npos ? long_live() : CausalFacts();
}

std::optional<CausalFacts> find_causal(const ModelFacts& facts) {
  auto causal = found(facts);
  if (!causal) return {};
  const char* kind = facts.folder.has("transformer_2")          ? "of two experts"
                     : facts.image.concat || facts.image.tokens ? "with image conditioning"
                     : facts.folder.expand_timesteps            ? "with a timestep for each token"
                                                                : nullptr;
  if (kind == nullptr) return causal;
  throw Error(ErrorKind::data, "transformer",
              facts.folder.source("transformer").path.string() +
                  ": is a causal model, by its config or its name, and one " + kind +
                  "; supported are those with the network of Wan 2.1 text-to-video; if it is none, write "
                  "{\"causal\": false} into the model's sora-gen.json");
}

}  // namespace sora::wan
