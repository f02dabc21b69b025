#include "checkpoint/scale_grid.h"

#include <cmath>

#include "checkpoint/half.h"
#include "core/text.h"
#include "sora/error.h"

namespace sora {
namespace {

[[noreturn]] void fail(const WeightFile& file, const std::string& what) {
  throw Error(ErrorKind::data, "checkpoint", file.path().string() + ": " + what);
}

}  // namespace

ScaleGrid read_scale_grid(const WeightFile& file, const std::string& name, const TensorInfo& weight) {
  const TensorInfo& info = file.tensors().at(name);
  if (info.dtype != DType::f32 && info.dtype != DType::f16 && info.dtype != DType::bf16)
    fail(file, "the scale " + name + " has type " + dtype_name(info.dtype) + ", expected F32, F16 or BF16");
  const auto count = static_cast<std::int64_t>(info.elements());
  ScaleGrid grid;
  grid.rows = info.shape.empty() ? 1 : info.shape[0];
  if (count > 0) grid.columns = count / grid.rows;
  const std::int64_t rows = weight.shape.empty() ? 1 : weight.shape[0];
  const auto columns = rows > 0 ? static_cast<std::int64_t>(weight.elements()) / rows : 0;
  if (count <= 0 || (count > 1 && weight.elements() == 0) || rows % grid.rows != 0 ||
      columns % grid.columns != 0) {
    fail(file, "the scale " + name + " is " + shape_text(info.shape) + ", which does not divide the weight " +
                   shape_text(weight.shape) + " into equal parts");
  }
  std::vector<std::uint8_t> bytes(info.end - info.begin);
  file.read(info, bytes.data());
  const std::size_t size = info.dtype == DType::f32 ? 4 : 2;
  grid.values.clear();
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    const float value = number_at(&bytes[at], info.dtype);
    if (!(value > 0) || !std::isfinite(value))
      fail(file, "the scale " + name + " has " + number_text(value) + ", expected finite numbers above 0");
    grid.values.push_back(value);
  }
  return grid;
}

}  // namespace sora
