#include "checkpoint/lora_keys.h"

#include <algorithm>
#include <vector>

namespace sora {
namespace {

struct Ending {
  std::string_view text;
  LoraRole role;
};

constexpr Ending kEndings[] = {
    {".lora_A.weight", LoraRole::down},
    {".lora_B.weight", LoraRole::up},
    {".lora_A.default.weight", LoraRole::down},
    {".lora_B.default.weight", LoraRole::up},
    {".lora_down.weight", LoraRole::down},
    {".lora_up.weight", LoraRole::up},
    {".lora.down.weight", LoraRole::down},
    {".lora.up.weight", LoraRole::up},
    {".alpha", LoraRole::alpha},
    {".diff", LoraRole::diff},
    {".diff_b", LoraRole::bias},
    {".diff_m", LoraRole::modulation},
    {".lora_B.bias", LoraRole::bias},
    {".hada_w1_a", LoraRole::hada_w1_a},
    {".hada_w1_b", LoraRole::hada_w1_b},
    {".hada_w2_a", LoraRole::hada_w2_a},
    {".hada_w2_b", LoraRole::hada_w2_b},
    {".lokr_w1", LoraRole::lokr_w1},
    {".lokr_w1_a", LoraRole::lokr_w1_a},
    {".lokr_w1_b", LoraRole::lokr_w1_b},
    {".lokr_w2", LoraRole::lokr_w2},
    {".lokr_w2_a", LoraRole::lokr_w2_a},
    {".lokr_w2_b", LoraRole::lokr_w2_b},
};

constexpr std::pair<std::string_view, const char*> kUnsupported[] = {
    {".dora_scale", "a DoRA"},
    {".lora_magnitude_vector", "a DoRA"},
    {".lora_magnitude_vector.weight", "a DoRA"},
    {".hada_t1", "a LoHa in Tucker's form"},
    {".hada_t2", "a LoHa in Tucker's form"},
    {".lokr_t2", "a LoKr in Tucker's form"},
    {".lora_mid.weight", "a LoRA in Tucker's form"},
    {".oft_blocks", "an OFT"},
    {".oft_diag", "an OFT"},
    {".a1.weight", "a GLoRA"},
};

// Prefixes of module names. Kohya's and VideoX-Fun's have _ instead of dots in the rest.
constexpr std::string_view kPrefixes[] = {"base_model.model.transformer.",
                                          "base_model.model.",
                                          "transformer.",
                                          "model.diffusion_model.",
                                          "diffusion_model.",
                                          "pipe.dit.",
                                          "unet.",
                                          "lora_unet__",
                                          "lora_unet_",
                                          "lora_transformer_",
                                          ""};

std::string with_underscores(std::string name) {
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

std::string without_weight(const std::string& name) {
  constexpr std::string_view ending = ".weight";
  return name.ends_with(ending) ? name.substr(0, name.size() - ending.size()) : name;
}

}  // namespace

std::optional<LoraKey> split_lora_key(std::string_view key) {
  for (const Ending& ending : kEndings) {
    if (key.ends_with(ending.text))
      return LoraKey{key.substr(0, key.size() - ending.text.size()), ending.role};
  }
  return {};
}

std::string unsupported_lora(std::string_view key) {
  for (const auto& [ending, kind] : kUnsupported) {
    if (key.ends_with(ending)) return kind;
  }
  return {};
}

LoraModules::LoraModules(const Checkpoint& network, std::span<const NameRule> names) {
  for (const std::string& name : network.names()) {
    if (name.ends_with(".bias")) continue;
    const std::string ours = without_weight(name);
    const LoraModule& module =
        modules_.emplace(ours, LoraModule{name, network.find(ours + ".bias") ? ours + ".bias" : ""})
            .first->second;
    std::vector<std::string> all{ours};
    if (const auto original = renamed_back(names, name)) all.push_back(without_weight(*original));
    for (const std::string& alias : all) {
      alias_.emplace(alias, &module);
      alias_.emplace(with_underscores(alias), &module);
    }
  }
}

const LoraModule* LoraModules::find(const LoraKey& key) const {
  for (const std::string_view prefix : kPrefixes) {
    if (!key.module.starts_with(prefix)) continue;
    std::string name(key.module.substr(prefix.size()));
    if (key.role == LoraRole::modulation) name += ".modulation";
    const auto found = alias_.find(name);
    if (found != alias_.end()) return found->second;
  }
  return nullptr;
}

}  // namespace sora
