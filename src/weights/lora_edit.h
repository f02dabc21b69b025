// LoRAs merged into the weights of a network while it is loaded, or each time that a weight is used.
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
  void keep(const std::string& name, at::Device device) override;
  void apply(const std::string& name, at::Tensor& weight) const override;

 private:
  /// What a term adds, as its file stores it.
  struct Factors {
    at::Tensor up, down;  ///< [out, rank] and [rank, in], with further sides of 1
    at::Tensor diff;      ///< instead of them
    double scale = 1;
  };
  std::vector<Factors> read(const std::string& name, at::Device device) const;

  std::vector<Lora> loras_;
  std::map<std::string, std::vector<Factors>> kept_;
};

}  // namespace sora
