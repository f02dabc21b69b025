#include "checkpoint/lora.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "core/json/json_text.h"
#include "core/text.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr const char* kComponent = "lora";
constexpr std::size_t kListed = 5;  // unknown keys in a message

enum class Role { down, up, alpha, diff, bias };

struct Ending {
  std::string_view text;
  Role role;
};

constexpr Ending kEndings[] = {
    {".lora_A.weight", Role::down},
    {".lora_B.weight", Role::up},
    {".lora_A.default.weight", Role::down},
    {".lora_B.default.weight", Role::up},
    {".lora_down.weight", Role::down},
    {".lora_up.weight", Role::up},
    {".lora.down.weight", Role::down},
    {".lora.up.weight", Role::up},
    {".alpha", Role::alpha},
    {".diff", Role::diff},
    {".diff_b", Role::bias},
    {".lora_B.bias", Role::bias},
};

// Prefixes of module names in the styles of diffusers and peft, ComfyUI, and kohya (which has _ instead of
// dots).
constexpr std::string_view kPrefixes[] = {"base_model.model.transformer.",
                                          "base_model.model.",
                                          "transformer.",
                                          "model.diffusion_model.",
                                          "diffusion_model.",
                                          "lora_unet_",
                                          "lora_transformer_",
                                          ""};

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what) {
  throw Error(ErrorKind::data, kComponent, path.string() + ": " + what);
}

/// A module of the network: its tensors that a LoRA may change.
struct Module {
  std::string weight, bias;  // our names; a parameter outside any layer counts as a weight
};

std::string with_underscores(std::string name) {
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

std::string without_weight(const std::string& name) {
  constexpr std::string_view ending = ".weight";
  return name.ends_with(ending) ? name.substr(0, name.size() - ending.size()) : name;
}

/// Modules by every name that a LoRA file may have for them.
std::map<std::string, Module> modules_of(const Checkpoint& network, std::span<const NameRule> names) {
  std::map<std::string, Module> modules;
  for (const std::string& name : network.names()) {
    if (name.ends_with(".bias")) continue;
    const std::string ours = without_weight(name);
    const Module module{name, network.find(ours + ".bias") ? ours + ".bias" : ""};
    std::vector<std::string> aliases{ours};
    if (const auto original = renamed_back(names, name)) aliases.push_back(without_weight(*original));
    for (const std::string& alias : aliases) {
      modules.emplace(alias, module);
      modules.emplace(with_underscores(alias), module);
    }
  }
  return modules;
}

const Module* find_module(const std::map<std::string, Module>& modules, std::string_view name) {
  for (const std::string_view prefix : kPrefixes) {
    if (!name.starts_with(prefix)) continue;
    const auto found = modules.find(std::string(name.substr(prefix.size())));
    if (found != modules.end()) return &found->second;
  }
  return nullptr;
}

/// The alpha in the metadata of a file from peft, which is that of all modules; {} where there is none: alpha
/// then equals the rank.
struct PeftScale {
  double alpha = 0;
  bool by_root = false;  // rank-stabilised LoRA: alpha / sqrt(rank)
};
std::optional<PeftScale> peft_scale(const WeightFile& file) {
  const auto text = file.metadata().find("lora_adapter_metadata");
  if (text == file.metadata().end()) return {};
  nlohmann::json config;
  if (const JsonFault fault = parse_json(text->second, config)) {
    fail(file.path(), "its lora_adapter_metadata " + fault.message);
  }
  if (!config.is_object()) fail(file.path(), "its lora_adapter_metadata is not a JSON object");
  const auto value = [&](const std::string& key) {
    return config.contains("transformer." + key) ? config["transformer." + key] : nlohmann::json();
  };
  if (!value("alpha_pattern").is_null() && !value("alpha_pattern").empty()) {
    fail(file.path(), "has an alpha_pattern, expected one alpha for all modules");
  }
  if (value("use_dora") == true) fail(file.path(), "is a DoRA, which is not supported; expected a LoRA");
  if (!value("lora_alpha").is_number()) return {};
  return PeftScale{value("lora_alpha").get<double>(), value("use_rslora") == true};
}

struct Parts {
  std::string down, up, alpha, diff, bias;  // keys of the file
};

std::string& part_of(Parts& parts, Role role) {
  switch (role) {
    case Role::down:
      return parts.down;
    case Role::up:
      return parts.up;
    case Role::alpha:
      return parts.alpha;
    case Role::diff:
      return parts.diff;
    case Role::bias:
      break;
  }
  return parts.bias;
}

void check_type(const WeightFile& file, const std::string& name) {
  const DType dtype = file.tensors().at(name).dtype;
  if (dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16) return;
  fail(file.path(), name + " has type " + dtype_name(dtype) + ", expected F32, F16 or BF16");
}

/// Checks the shapes of down [rank, in...] and up [out, rank...]. Returns the rank.
std::int64_t check_product(const WeightFile& file, const Parts& parts, const std::string& target,
                           const TensorInfo& weight) {
  check_type(file, parts.down);
  check_type(file, parts.up);
  const TensorInfo &down = file.tensors().at(parts.down), &up = file.tensors().at(parts.up);
  const bool matrices = down.shape.size() >= 2 && up.shape.size() >= 2 && down.shape[0] > 0 &&
                        up.shape[0] > 0 && !weight.shape.empty();
  const std::uint64_t rank = matrices ? static_cast<std::uint64_t>(down.shape[0]) : 0;
  if (!matrices || up.shape[0] != weight.shape[0] ||
      up.elements() != rank * static_cast<std::uint64_t>(up.shape[0]) ||
      down.elements() / rank * static_cast<std::uint64_t>(up.shape[0]) != weight.elements()) {
    fail(file.path(), parts.up + " " + shape_text(up.shape) + " times " + parts.down + " " +
                          shape_text(down.shape) + " does not give " + target + ", which is " +
                          shape_text(weight.shape) + "; is this a LoRA for another model?");
  }
  return down.shape[0];
}

void check_diff(const WeightFile& file, const std::string& name, const std::string& target,
                const TensorInfo& weight) {
  check_type(file, name);
  const TensorInfo& diff = file.tensors().at(name);
  if (diff.elements() == weight.elements()) return;
  fail(file.path(), name + " is " + shape_text(diff.shape) + ", expected " + shape_text(weight.shape) +
                        " as " + target + "; is this a LoRA for another model?");
}

}  // namespace

LoraSource parse_lora(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  LoraSource source{text, 1};
  if (colon != std::string::npos && colon > 0) {
    const char *begin = text.data() + colon + 1, *end = text.data() + text.size();
    double strength = 0;
    const auto [stop, code] = std::from_chars(begin, end, strength);
    if (begin != end && stop == end && code == std::errc()) source = {text.substr(0, colon), strength};
  }
  if (source.path.empty() || !std::isfinite(source.strength) || std::abs(source.strength) > 100) {
    throw Error(ErrorKind::usage, "options",
                "--lora " + text + ": expected a file, or a file and a strength from -100 to 100: FILE:0.8");
  }
  return source;
}

Lora::Lora(const LoraSource& source, const Checkpoint& network, std::span<const NameRule> names)
    : file_(open_weight_file(source.path)) {
  const auto modules = modules_of(network, names);
  std::map<const Module*, Parts> found;
  std::vector<std::string> unknown;
  for (const auto& tensor : file_->tensors()) {
    const std::string& name = tensor.first;
    if (name.ends_with(".dora_scale")) {
      fail(file_->path(), "is a DoRA (" + name + "), which is not supported; expected a LoRA");
    }
    const auto ending = std::find_if(std::begin(kEndings), std::end(kEndings),
                                     [&](const Ending& candidate) { return name.ends_with(candidate.text); });
    const Module* module =
        ending == std::end(kEndings)
            ? nullptr
            : find_module(modules, std::string_view(name).substr(0, name.size() - ending->text.size()));
    if (module == nullptr || (ending->role == Role::bias && module->bias.empty())) {
      unknown.push_back(name);
      continue;
    }
    // Aliases map to copies of a module; all of them are counted as the one under its weight's name.
    const Module* key = &modules.at(without_weight(module->weight));
    std::string& part = part_of(found[key], ending->role);
    if (!part.empty()) fail(file_->path(), part + " and " + name + " are both for " + module->weight);
    part = name;
  }
  if (!unknown.empty() || found.empty()) {
    std::string list;
    for (std::size_t i = 0; i < std::min(unknown.size(), kListed); ++i)
      list += (i ? ", " : "") + excerpt(unknown[i]);
    if (unknown.size() > kListed) list += " and " + std::to_string(unknown.size() - kListed) + " more";
    fail(file_->path(),
         (unknown.empty() ? "has no tensors" : "has keys that match no tensor of the model: " + list) +
             "; is this a LoRA for another model?");
  }

  const auto peft = peft_scale(*file_);
  for (const auto& [module, parts] : found) {
    const TensorInfo& weight = *network.find(module->weight);
    double scale = 1;
    if (parts.down.empty() != parts.up.empty()) {
      fail(file_->path(), "has only " + parts.down + parts.up + ", expected a pair of down and up");
    }
    if (!parts.down.empty()) {
      const auto rank = static_cast<double>(check_product(*file_, parts, module->weight, weight));
      if (!parts.alpha.empty()) {
        scale = read_scalar(*file_, parts.alpha) / rank;
      } else if (peft) {
        scale = peft->alpha / (peft->by_root ? std::sqrt(rank) : rank);
      }
      if (!std::isfinite(scale))
        fail(file_->path(), "its alpha for " + module->weight + " is not a finite number");
      terms_[module->weight].push_back({parts.down, parts.up, "", source.strength * scale});
    } else if (!parts.alpha.empty()) {
      fail(file_->path(), "has " + parts.alpha + " without the down and up that it scales");
    }
    if (!parts.diff.empty()) {
      check_diff(*file_, parts.diff, module->weight, weight);
      terms_[module->weight].push_back({"", "", parts.diff, source.strength});
    }
    if (!parts.bias.empty()) {
      check_diff(*file_, parts.bias, module->bias, *network.find(module->bias));
      // A bias that belongs to down and up is scaled like their product; a difference (.diff_b) is not.
      const double bias_scale = parts.bias.ends_with(".diff_b") ? 1 : scale;
      terms_[module->bias].push_back({"", "", parts.bias, source.strength * bias_scale});
    }
  }
}

}  // namespace sora
