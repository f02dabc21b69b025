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
  /// A LoraMatrix as its file stores it.
  struct Matrix {
    at::Tensor whole;                          ///< or undefined: up times down
    at::Tensor up, down;                       ///< [out, rank] and [rank, in], with further sides of 1
    at::Tensor wide(at::Device device) const;  ///< fp32, [first side, all others]
  };
  /// One LoRA's change of a weight.
  struct Change {
    LoraTerm::Kind kind = LoraTerm::Kind::plain;
    Matrix first, second;
    double scale = 1;
  };
  std::vector<Change> read(const std::string& name, at::Device device) const;

  std::vector<Lora> loras_;
  std::map<std::string, std::vector<Change>> loaded_;
};

}  // namespace sora
