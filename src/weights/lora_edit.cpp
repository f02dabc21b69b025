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

at::Tensor LoraEdit::Matrix::wide(at::Device device) const {
  // A tensor of one side is a column: only its elements count where it is added.
  const auto matrix = [&](const at::Tensor& stored) {
    const at::Tensor full = stored.to(device, at::kFloat);
    return full.dim() < 2 ? full.reshape({-1, 1}) : full.flatten(1);
  };
  return whole.defined() ? matrix(whole) : at::mm(matrix(up), matrix(down));
}

std::vector<LoraEdit::Change> LoraEdit::read(const std::string& name, at::Device device) const {
  std::vector<Change> all;
  for (const Lora& lora : loras_) {
    const auto found = lora.terms().find(name);
    if (found == lora.terms().end()) continue;
    const auto matrix = [&](const LoraMatrix& names) {
      const auto tensor = [&](const std::string& key) {
        return key.empty() ? at::Tensor() : read_tensor_of(lora.file(), key, device);
      };
      return Matrix{tensor(names.whole), tensor(names.up), tensor(names.down)};
    };
    for (const LoraTerm& term : found->second)
      all.push_back({term.kind, matrix(term.first), matrix(term.second), term.scale});
  }
  return all;
}

void LoraEdit::load(const std::string& name, at::Device device) {
  if (loaded_.count(name) == 0) loaded_[name] = read(name, device);
}

void LoraEdit::apply(const std::string& name, at::Tensor& weight) const {
  const at::Device device = weight.device();
  const auto loaded = loaded_.find(name);
  for (const Change& change : loaded != loaded_.end() ? loaded->second : read(name, device)) {
    at::Tensor sum = change.first.wide(device);
    if (change.kind == LoraTerm::Kind::hadamard) sum = sum * change.second.wide(device);
    if (change.kind == LoraTerm::Kind::kronecker) sum = at::kron(sum, change.second.wide(device));
    weight.add_(sum.view(weight.sizes()), change.scale);
  }
}

}  // namespace sora
