#include "weights/lora_edit.h"

#include <algorithm>

namespace sora {
namespace {

at::Tensor read_tensor_of(const WeightFile& file, const std::string& name, at::Device device) {
  const TensorInfo& info = file.tensors().at(name);
  at::Tensor tensor = at::empty(info.shape, scalar_type(info.dtype, name));
  if (tensor.numel() > 0) file.read(info, tensor.data_ptr());
  return tensor.to(device);
}

}  // namespace

bool LoraEdit::touches(const std::string& name) const {
  return std::any_of(loras_.begin(), loras_.end(),
                     [&](const Lora& lora) { return lora.terms().count(name) != 0; });
}

std::vector<LoraEdit::Factors> LoraEdit::read(const std::string& name, at::Device device) const {
  std::vector<Factors> all;
  for (const Lora& lora : loras_) {
    const auto found = lora.terms().find(name);
    if (found == lora.terms().end()) continue;
    for (const LoraTerm& term : found->second) {
      Factors factors;
      factors.scale = term.scale;
      if (term.diff.empty()) {
        factors.up = read_tensor_of(lora.file(), term.up, device);
        factors.down = read_tensor_of(lora.file(), term.down, device);
      } else {
        factors.diff = read_tensor_of(lora.file(), term.diff, device);
      }
      all.push_back(std::move(factors));
    }
  }
  return all;
}

void LoraEdit::load(const std::string& name, at::Device device) {
  if (loaded_.count(name) == 0) loaded_[name] = read(name, device);
}

void LoraEdit::apply(const std::string& name, at::Tensor& weight) const {
  const auto loaded = loaded_.find(name);
  for (const Factors& factors : loaded != loaded_.end() ? loaded->second : read(name, weight.device())) {
    const auto wide = [&](const at::Tensor& stored) { return stored.to(weight.device(), at::kFloat); };
    const at::Tensor change = factors.diff.defined() ? wide(factors.diff)
                                                     : at::mm(wide(factors.up).flatten(1),     // [out, rank]
                                                              wide(factors.down).flatten(1));  // [rank, in]
    weight.add_(change.view(weight.sizes()), factors.scale);                                   // [out, in]
  }
}

}  // namespace sora
