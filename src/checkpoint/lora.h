// LoRA files (https://arxiv.org/abs/2106.09685): changes to a network's weights as products of two thin
// matrices, W + strength * alpha / rank * up down. Headers only; lora_edit.h has the tensors.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "checkpoint/name_rules.h"

namespace sora {

struct LoraSource {
  std::filesystem::path path;
  double strength = 1;
};

/// "FILE" or "FILE:0.8". Throws Error (usage) if the strength is not a sensible number.
LoraSource parse_lora(const std::string& text);

/// What a file adds to one tensor: the product of two of its tensors, or one of them as it is.
struct LoraTerm {
  std::string down, up;  ///< names in the file
  std::string diff;      ///< instead of them
  double scale = 1;      ///< strength and alpha / rank
};

class Lora {
 public:
  /// Finds what each tensor of the file belongs to. Keys may be diffusers' (peft), kohya's or ComfyUI's, over
  /// our names of the network's tensors or those that `names` (to ours) has for them.
  /// Throws Error: no_input, refused, data (keys that match nothing, which are listed; shapes that do not
  /// fit; kinds other than plain LoRA).
  Lora(const LoraSource& source, const Checkpoint& network, std::span<const NameRule> names);

  const WeightFile& file() const { return *file_; }
  const std::map<std::string, std::vector<LoraTerm>>& terms() const { return terms_; }  ///< by our names

 private:
  std::unique_ptr<WeightFile> file_;
  std::map<std::string, std::vector<LoraTerm>> terms_;
};

}  // namespace sora
