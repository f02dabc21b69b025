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

/// A change to one tensor: the product of two tensors of the file, or one tensor of the file that is added.
struct LoraTerm {
  std::string down, up;  ///< names in the file
  std::string diff;      ///< the tensor that is added, instead of down and up
  double scale = 1;      ///< strength x alpha / rank
};

class Lora {
 public:
  /// Matches each tensor of the file with one of the network. Keys may be in the style of diffusers (peft),
  /// kohya or ComfyUI, and have our names of the network's tensors or the original ones, which `names` maps
  /// to ours. Throws Error: no_input, refused, data (keys that match nothing, which are listed; shapes that
  /// do not fit; kinds other than plain LoRA).
  Lora(const LoraSource& source, const Checkpoint& network, std::span<const NameRule> names);

  const WeightFile& file() const { return *file_; }
  const std::map<std::string, std::vector<LoraTerm>>& terms() const { return terms_; }  ///< by our names

 private:
  std::unique_ptr<WeightFile> file_;
  std::map<std::string, std::vector<LoraTerm>> terms_;
};

}  // namespace sora
