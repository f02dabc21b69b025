// LoRAs, merged into a network's weights while it is loaded, or each time a weight is used.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "checkpoint/lora.h"
#include "weights/weights.h"

namespace sora {

/// Adds every LoRA's terms, one file after another, in fp32.
class LoraEdit : public WeightEdit {
 public:
  explicit LoraEdit(std::vector<Lora> loras) : loras_(std::move(loras)) {}
  bool touches(const std::string& name) const override;
  void load(const std::string& name, at::Device device) override;
  void apply(const std::string& name, at::Tensor& weight) const override;

 private:
  /// One LoRA's change of a weight, as its file stores it: scale * up * down, or scale * diff.
  struct Factors {
    at::Tensor up, down;  ///< [out, rank] and [rank, in], with further sides of 1
    at::Tensor diff;      ///< instead of up and down
    double scale = 1;
  };
  std::vector<Factors> read(const std::string& name, at::Device device) const;

  std::vector<Lora> loras_;
  std::map<std::string, std::vector<Factors>> loaded_;
};

}  // namespace sora
