#include "weights/stored_weight.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>

#include "weights/tensor_reader.h"
#include "weights/weight_supply.h"
#include "weights/weights.h"

namespace sora {
namespace {

/// `slice` = what `part` stores, widened, scaled and edited.
void widen_part(const StoredWeight& weight, const StoredPart& part, const at::Tensor& stored,
                const at::Tensor& slice) {
  const bool edited = weight.edit && weight.edit->touches(part.name);
  const bool in_place = slice.is_cpu() && slice.scalar_type() == at::kFloat;
  if (!in_place && !is_quantised(part.info.dtype) && !part.scale && !edited) {
    slice.copy_(stored);
    return;
  }
  at::Tensor wide = slice;
  if (!in_place) {
    wide = is_quantised(part.info.dtype) ? at::empty(slice.sizes(), at::kFloat)
                                         : stored.to(slice.device(), at::kFloat);
  }
  if (in_place || is_quantised(part.info.dtype)) widen(part.info, stored, wide);
  apply_scales(part.scale.get(), wide);
  if (edited) {
    wide = wide.to(slice.device());
    weight.edit->apply(part.name, wide);
  }
  if (!in_place) slice.copy_(wide);
}

// "cuda" means the current device; tensors on it report its number, "cuda:0".
at::Device with_index(at::Device device) {
  return device.has_index() || device.is_cpu() ? device
                                               : c10::impl::VirtualGuardImpl(device.type()).getDevice();
}

}  // namespace

at::Tensor Scratch::take(at::IntArrayRef shape, const at::TensorOptions& options) {
  std::int64_t elements = 1;
  for (const std::int64_t side : shape) elements *= side;
  const bool fits = memory_.defined() && memory_.numel() >= elements && memory_.storage().use_count() == 1 &&
                    memory_.device() == with_index(options.device()) &&
                    memory_.scalar_type() == options.dtype();
  if (!fits) {
    memory_.reset();  // before the next one takes its place in memory
    memory_ = at::empty({elements}, options);
  }
  return memory_.narrow(0, 0, elements).view(shape);
}

std::vector<at::Tensor> StoredWeight::stored() const {
  if (supply) return supply->take(index);
  std::vector<at::Tensor> all;
  all.reserve(parts.size());
  for (const StoredPart& part : parts) all.push_back(part.stored);
  return all;
}

bool StoredWeight::is_plain_bf16() const {
  return widened_options.device().is_cpu() && widened_options.dtype() == at::kFloat &&
         std::ranges::all_of(parts, [&](const StoredPart& part) {
           return part.info.dtype == DType::bf16 && !part.scale && part.rows % 8 == 0 &&
                  !(edit && edit->touches(part.name));
         });
}

bool StoredWeight::is_scaled_fp8() const {
  return widened_options.dtype() == at::kBFloat16 && columns % 16 == 0 &&
         std::ranges::all_of(parts, [&](const StoredPart& part) {
           return part.info.dtype == DType::f8_e4m3 && part.scale && part.scale->values.size() == 1 &&
                  part.rows % 16 == 0 && !(edit && edit->touches(part.name));
         });
}

std::vector<at::Tensor> StoredWeight::plain() const {
  std::vector<at::Tensor> all = stored();
  for (std::size_t i = 0; i < parts.size(); ++i) all[i] = all[i].view({parts[i].rows, columns});
  return all;
}

at::Tensor StoredWeight::widened() const {
  const std::vector<at::Tensor> all = stored();
  if (supply && parts.size() == 1 && !parts[0].scale && !(edit && edit->touches(parts[0].name)) &&
      all[0].scalar_type() == widened_options.dtype()) {
    return all[0];
  }
  std::int64_t rows = 0;
  for (const StoredPart& part : parts) rows += part.rows;
  at::Tensor out = scratch->take({rows, columns}, widened_options);
  std::int64_t row = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    widen_part(*this, parts[i], all[i], out.narrow(0, row, parts[i].rows));
    row += parts[i].rows;
  }
  return out;
}

at::Tensor RowTable::operator()(const at::Tensor& ids) const {
  if (tensor.defined()) return at::embedding(tensor, ids);
  const at::Tensor flat = ids.to(at::kCPU, at::kLong).contiguous().flatten();
  const auto* first = flat.const_data_ptr<std::int64_t>();
  at::Tensor rows = read_rows(*checkpoint, name, columns, {first, first + flat.numel()});
  if (scale != 1) rows.mul_(scale);
  std::vector<std::int64_t> shape = ids.sizes().vec();
  shape.push_back(columns);
  return rows.view(shape).to(ids.device());
}

}  // namespace sora
