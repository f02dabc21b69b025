#include "weights/lora_edit.h"

#include <algorithm>

namespace sora {
namespace {

at::Tensor read(const WeightFile& file, const std::string& name, at::Device device) {
  const TensorInfo& info = file.tensors().at(name);
  at::Tensor tensor = at::empty(info.shape, scalar_type(info.dtype, name));
  if (tensor.numel() > 0) file.read(info, tensor.data_ptr());
  return tensor.to(device, at::kFloat);
}

}  // namespace

bool LoraEdit::touches(const std::string& name) const {
  return std::any_of(loras_.begin(), loras_.end(),
                     [&](const Lora& lora) { return lora.terms().count(name) != 0; });
}

void LoraEdit::apply(const std::string& name, at::Tensor& weight) const {
  for (const Lora& lora : loras_) {
    const auto found = lora.terms().find(name);
    if (found == lora.terms().end()) continue;
    for (const LoraTerm& term : found->second) {
      at::Tensor change;
      if (term.diff.empty()) {
        const at::Tensor up = read(lora.file(), term.up, weight.device()).flatten(1);      // [out, rank]
        const at::Tensor down = read(lora.file(), term.down, weight.device()).flatten(1);  // [rank, in]
        change = at::mm(up, down);                                                         // [out, in]
      } else {
        change = read(lora.file(), term.diff, weight.device());
      }
      weight.add_(change.view(weight.sizes()), term.scale);
    }
  }
}

}  // namespace sora
