// LoRAs merged into the weights of a network while it is loaded.
#pragma once

#include <vector>

#include "checkpoint/lora.h"
#include "weights/weights.h"

namespace sora {

/// Adds every LoRA's terms, one file after another, in fp32.
class LoraEdit : public WeightEdit {
 public:
  explicit LoraEdit(std::vector<Lora> loras) : loras_(std::move(loras)) {}
  bool touches(const std::string& name) const override;
  void apply(const std::string& name, at::Tensor& weight) const override;

 private:
  std::vector<Lora> loras_;
};

}  // namespace sora
