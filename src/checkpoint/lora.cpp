#include "checkpoint/lora.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "checkpoint/lora_keys.h"
#include "core/json/json_text.h"
#include "core/text.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr const char* kComponent = "lora";
constexpr std::size_t kListed = 5;  // keys in a message

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what) {
  throw Error(ErrorKind::data, kComponent, path.string() + ": " + what);
}

std::string listed(const std::vector<std::string>& keys) {
  std::string list;
  for (std::size_t i = 0; i < std::min(keys.size(), kListed); ++i) list += (i ? ", " : "") + excerpt(keys[i]);
  if (keys.size() > kListed) list += " and " + std::to_string(keys.size() - kListed) + " more";
  return list;
}

/// The alphas in the metadata of a file from peft; where there are none, alpha equals the rank.
struct PeftScale {
  std::optional<double> alpha;            // of all modules
  std::map<std::string, double> pattern;  // of modules whose names end with these
  bool by_root = false;                   // rank-stabilised LoRA: alpha / sqrt(rank)

  /// `module` by its name in the network. The most specific pattern counts.
  std::optional<double> of(const std::string& module) const {
    std::optional<double> found = alpha;
    std::size_t longest = 0;
    for (const auto& [name, value] : pattern) {
      if (name.size() > longest && (module == name || module.ends_with("." + name)))
        longest = name.size(), found = value;
    }
    return found;
  }
};

PeftScale peft_scale(const WeightFile& file) {
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
  if (value("use_dora") == true) fail(file.path(), "is a DoRA, which is not supported; expected a LoRA");
  PeftScale scale;
  if (value("lora_alpha").is_number()) scale.alpha = value("lora_alpha").get<double>();
  scale.by_root = value("use_rslora") == true;
  const nlohmann::json pattern = value("alpha_pattern");
  if (pattern.is_null()) return scale;
  if (!pattern.is_object()) fail(file.path(), "its alpha_pattern is not a JSON object");
  for (const auto& [name, alpha] : pattern.items()) {
    // peft takes them for regular expressions; the ones that it writes itself are names.
    if (name.find_first_of("*+?[](){}|^$\\") != std::string::npos || !alpha.is_number())
      fail(file.path(),
           "its alpha_pattern has \"" + excerpt(name) + "\", expected names of modules with numbers");
    scale.pattern[name] = alpha.get<double>();
  }
  return scale;
}

using Parts = std::map<LoraRole, std::string>;  // keys of the file

// Makes the terms of one module.
class ModuleTerms {
 public:
  ModuleTerms(const WeightFile& file, const LoraModule& module, const TensorInfo& weight, const Parts& parts)
      : file_(file), module_(module), weight_(weight), parts_(parts) {}

  /// The change of the weight but for differences; empty: there is none. `strength` x alpha / rank is its
  /// scale.
  std::optional<LoraTerm> product(double strength, const PeftScale& peft) {
    std::optional<LoraTerm> term;
    if (has(LoraRole::down) || has(LoraRole::up)) term = plain();
    const bool hadamard = has(LoraRole::hada_w1_a) || has(LoraRole::hada_w1_b) || has(LoraRole::hada_w2_a) ||
                          has(LoraRole::hada_w2_b);
    const bool kronecker = has(LoraRole::lokr_w1) || has(LoraRole::lokr_w1_a) || has(LoraRole::lokr_w1_b) ||
                           has(LoraRole::lokr_w2) || has(LoraRole::lokr_w2_a) || has(LoraRole::lokr_w2_b);
    if (int(term.has_value()) + int(hadamard) + int(kronecker) > 1)
      fail(file_.path(), "has changes of several kinds for " + module_.weight);
    if (hadamard) term = of_hadamard();
    if (kronecker) term = of_kronecker();
    if (!term) {
      if (has(LoraRole::alpha))
        fail(file_.path(), "has " + at(LoraRole::alpha) + " without the down and up that it scales");
      return {};
    }
    term->scale = strength * scale(peft);
    if (!std::isfinite(term->scale))
      fail(file_.path(), "its alpha for " + module_.weight + " is not a finite number");
    return term;
  }

  /// A tensor of the file that is added to `target`.
  LoraTerm difference(LoraRole role, const std::string& target, const TensorInfo& info, double scale) {
    const TensorInfo& diff = tensor(at(role));
    if (diff.elements() != info.elements()) {
      fail(file_.path(), at(role) + " is " + shape_text(diff.shape) + ", expected " + shape_text(info.shape) +
                             " as " + target + "; is this a LoRA for another model?");
    }
    return {LoraTerm::Kind::plain, {at(role), "", ""}, {}, scale};
  }

  bool has(LoraRole role) const { return parts_.count(role) > 0; }
  const std::string& at(LoraRole role) const { return parts_.at(role); }

 private:
  struct Sides {
    std::uint64_t rows = 0, columns = 0;
  };

  const TensorInfo& tensor(const std::string& name) const {
    const TensorInfo& info = file_.tensors().at(name);
    if (info.dtype == DType::f32 || info.dtype == DType::f16 || info.dtype == DType::bf16) return info;
    fail(file_.path(), name + " has type " + dtype_name(info.dtype) + ", expected F32, F16 or BF16");
  }

  // Of a tensor seen as a matrix: the first side, and all others.
  Sides sides(const std::string& name) const {
    const TensorInfo& info = tensor(name);
    if (info.shape.size() < 2 || info.shape[0] <= 0 || info.elements() == 0)
      fail(file_.path(), name + " is " + shape_text(info.shape) + ", expected a matrix");
    const auto rows = static_cast<std::uint64_t>(info.shape[0]);
    return {rows, info.elements() / rows};
  }

  // up times down; notes their rank.
  Sides product_sides(const LoraMatrix& matrix) {
    const Sides up = sides(matrix.up), down = sides(matrix.down);
    if (up.columns != down.rows)
      fail(file_.path(), matrix.up + " " + shape_text(tensor(matrix.up).shape) + " and " + matrix.down + " " +
                             shape_text(tensor(matrix.down).shape) + " have different ranks");
    rank_ = down.rows;
    return {up.rows, down.columns};
  }

  LoraMatrix pair(LoraRole up, LoraRole down, const char* names) const {
    if (has(up) != has(down)) {
      fail(file_.path(), "has only " + at(has(up) ? up : down) + ", expected a pair of " + names);
    }
    return {"", at(up), at(down)};
  }

  void check(const Sides& made, const std::string& what) const {
    const bool fits = !weight_.shape.empty() && made.rows == static_cast<std::uint64_t>(weight_.shape[0]) &&
                      made.columns == weight_.elements() / made.rows && weight_.elements() % made.rows == 0;
    if (fits) return;
    fail(file_.path(), what + " does not give " + module_.weight + ", which is " + shape_text(weight_.shape) +
                           "; is this a LoRA for another model?");
  }

  LoraTerm plain() {
    const LoraMatrix matrix = pair(LoraRole::up, LoraRole::down, "down and up");
    const TensorInfo &up = tensor(matrix.up), &down = tensor(matrix.down);
    check(product_sides(matrix),
          matrix.up + " " + shape_text(up.shape) + " times " + matrix.down + " " + shape_text(down.shape));
    return {LoraTerm::Kind::plain, matrix, {}, 1};
  }

  LoraTerm of_hadamard() {
    for (const LoraRole role :
         {LoraRole::hada_w1_a, LoraRole::hada_w1_b, LoraRole::hada_w2_a, LoraRole::hada_w2_b}) {
      if (!has(role)) fail(file_.path(), "lacks one of the four matrices of its LoHa for " + module_.weight);
    }
    const LoraMatrix first{"", at(LoraRole::hada_w1_a), at(LoraRole::hada_w1_b)};
    const LoraMatrix second{"", at(LoraRole::hada_w2_a), at(LoraRole::hada_w2_b)};
    for (const LoraMatrix& matrix : {second, first})
      check(product_sides(matrix), matrix.up + " times " + matrix.down);
    return {LoraTerm::Kind::hadamard, first, second, 1};
  }

  // One factor of a LoKr, whole or as a product.
  LoraMatrix factor(LoraRole whole, LoraRole up, LoraRole down, Sides& found) {
    if (has(whole) == (has(up) || has(down)))
      fail(file_.path(), "its LoKr for " + module_.weight + " needs each factor once, whole or as a product");
    if (has(whole)) {
      found = sides(at(whole));
      return {at(whole), "", ""};
    }
    const LoraMatrix matrix = pair(up, down, "two matrices");
    found = product_sides(matrix);
    return matrix;
  }

  LoraTerm of_kronecker() {
    Sides one, two;
    LoraTerm term{LoraTerm::Kind::kronecker, {}, {}, 1};
    term.first = factor(LoraRole::lokr_w1, LoraRole::lokr_w1_a, LoraRole::lokr_w1_b, one);
    term.second = factor(LoraRole::lokr_w2, LoraRole::lokr_w2_a, LoraRole::lokr_w2_b, two);
    check({one.rows * two.rows, one.columns * two.columns}, "the LoKr for " + module_.weight);
    return term;
  }

  double scale(const PeftScale& peft) const {
    if (rank_ == 0) return 1;  // of two whole factors, which have no rank
    const auto rank = static_cast<double>(rank_);
    if (has(LoraRole::alpha)) return read_scalar(file_, at(LoraRole::alpha)) / rank;
    const std::string& weight = module_.weight;
    const std::string layer = weight.ends_with(".weight") ? weight.substr(0, weight.size() - 7) : weight;
    const auto alpha = peft.of(layer);
    return alpha ? *alpha / (peft.by_root ? std::sqrt(rank) : rank) : 1;
  }

  const WeightFile& file_;
  const LoraModule& module_;
  const TensorInfo& weight_;
  const Parts& parts_;
  std::uint64_t rank_ = 0;
};

bool has_any(std::string name, std::span<const std::string_view> words) {
  std::replace(name.begin(), name.end(), '.', '_');
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return name.find(word) != std::string::npos; });
}

// Whether the key is for a module that models of the family may lack, and this one has none of those.
bool is_left_out(const std::string& key, const LoraTarget& target) {
  if (!has_any(key, target.optional_modules)) return false;
  const std::vector<std::string> names = target.network.names();
  return std::none_of(names.begin(), names.end(),
                      [&](const std::string& name) { return has_any(name, target.optional_modules); });
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

Lora::Lora(const LoraSource& source, const LoraTarget& target) : file_(open_weight_file(source.path)) {
  const LoraModules modules(target.network, target.names);
  std::map<const LoraModule*, Parts> found;
  std::vector<std::string> unknown;
  for (const auto& tensor : file_->tensors()) {
    const std::string& name = tensor.first;
    const std::string unsupported = unsupported_lora(name);
    if (!unsupported.empty()) {
      fail(file_->path(), "is " + unsupported + " (" + name + "), which is not supported; expected a LoRA");
    }
    const auto key = split_lora_key(name);
    const LoraModule* module = key ? modules.find(*key) : nullptr;
    if (module == nullptr || (key->role == LoraRole::bias && module->bias.empty())) {
      (is_left_out(name, target) ? left_out_ : unknown).push_back(name);
      continue;
    }
    const auto [part, fresh] = found[module].emplace(key->role, name);
    if (!fresh) fail(file_->path(), part->second + " and " + name + " are both for " + module->weight);
  }
  if (!unknown.empty() || found.empty()) {
    const std::string all = unknown.empty() ? listed(left_out_) : listed(unknown);
    fail(file_->path(),
         (all.empty() ? "has no tensors" : "has keys that match no tensor of the model: " + all) +
             "; is this a LoRA for another model?");
  }

  const PeftScale peft = peft_scale(*file_);
  for (const auto& [module, parts] : found) {
    const TensorInfo& weight = *target.network.find(module->weight);
    ModuleTerms terms(*file_, *module, weight, parts);
    double scale = source.strength;
    if (const auto product = terms.product(source.strength, peft)) {
      scale = product->scale;
      terms_[module->weight].push_back(*product);
    }
    for (const LoraRole role : {LoraRole::diff, LoraRole::modulation}) {
      if (terms.has(role))
        terms_[module->weight].push_back(terms.difference(role, module->weight, weight, source.strength));
    }
    if (terms.has(LoraRole::bias)) {
      // A bias that belongs to down and up is scaled like their product; a difference (.diff_b) is not.
      const bool own = terms.at(LoraRole::bias).ends_with(".diff_b");
      terms_[module->bias].push_back(terms.difference(
          LoraRole::bias, module->bias, *target.network.find(module->bias), own ? source.strength : scale));
    }
  }
}

std::string left_out_text(const Lora& lora) {
  if (lora.left_out().empty()) return {};
  return lora.file().path().string() + ": " + std::to_string(lora.left_out().size()) +
         " of its tensors are for modules that this model has not, and are left out: " +
         listed(lora.left_out());
}

}  // namespace sora
