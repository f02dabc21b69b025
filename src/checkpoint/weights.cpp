#include "checkpoint/weights.h"

#include "sora/error.h"

namespace sora {

at::ScalarType scalar_type(DType dtype, const std::string& name) {
  switch (dtype) {
    case DType::f64:
      return at::kDouble;
    case DType::f32:
      return at::kFloat;
    case DType::f16:
      return at::kHalf;
    case DType::bf16:
      return at::kBFloat16;
    case DType::f8_e4m3:
      return at::kFloat8_e4m3fn;
    case DType::f8_e5m2:
      return at::kFloat8_e5m2;
    default:
      break;
  }
  throw Error(ErrorKind::data, "checkpoint",
              "tensor " + name + " has type " + dtype_name(dtype) + ", expected a floating-point type");
}

Weights Weights::operator/(std::string_view name) const {
  Weights scope(source_);
  scope.prefix_ = prefix_ + std::string(name) + ".";
  return scope;
}

at::Tensor SchemaRecorder::get(const std::string& name, at::IntArrayRef shape, Precision) {
  schema_.push_back({name, shape.vec()});
  return at::empty(shape, at::TensorOptions(at::kMeta).dtype(at::kFloat));
}

bool SchemaRecorder::has(const std::string& name) const {
  return checkpoint_ != nullptr && checkpoint_->find(name) != nullptr;
}

at::Tensor CheckpointReader::get(const std::string& name, at::IntArrayRef shape, Precision precision) {
  const TensorInfo* info = checkpoint_.find(name);
  if (info == nullptr || shape != at::IntArrayRef(info->shape)) {
    throw Error(ErrorKind::data, "checkpoint",
                checkpoint_.folder().string() + ": tensor " + name +
                    (info ? " is " + shape_text(info->shape) : " is missing") + ", expected " +
                    shape_text(shape.vec()));
  }
  at::Tensor tensor = at::empty(shape, scalar_type(info->dtype, name));
  if (tensor.numel() > 0) checkpoint_.read(name, tensor.data_ptr());
  return tensor.to(placement_.device, precision == Precision::full ? at::kFloat : placement_.dtype);
}

}  // namespace sora
