#include "checkpoint/weights.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "checkpoint/quantised.h"
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
      if (is_quantised(dtype)) return at::kFloat;
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

namespace {

// A piece of a quantised tensor that is read at once: the stored bytes need not lie in memory as a whole
// beside what they become.
constexpr std::uint64_t kPiece = 4 << 20;  // bytes

at::Tensor read_quantised(const Checkpoint& checkpoint, const std::string& name, const TensorInfo& info,
                          at::IntArrayRef shape) {
  at::Tensor tensor = at::empty(shape, at::kFloat);
  const Block block = dtype_block(info.dtype);
  const std::uint64_t blocks = (info.end - info.begin) / block.bytes;
  const std::uint64_t at_once = kPiece / block.bytes;
  std::vector<std::uint8_t> bytes(std::min(blocks, at_once) * block.bytes);
  float* out = tensor.data_ptr<float>();
  for (std::uint64_t first = 0; first < blocks; first += at_once) {
    const std::uint64_t count = std::min(at_once, blocks - first);
    checkpoint.read(name, first * block.bytes, count * block.bytes, bytes.data());
    constexpr std::int64_t grain = 256;  // blocks that are worth a thread
    at::parallel_for(0, static_cast<std::int64_t>(count), grain, [&](std::int64_t begin, std::int64_t end) {
      const auto part = static_cast<std::uint64_t>(begin);
      dequantise(info.dtype, bytes.data() + part * block.bytes, static_cast<std::uint64_t>(end - begin),
                 out + (first + part) * block.elements);
    });
  }
  return tensor;
}

}  // namespace

at::Tensor CheckpointReader::get(const std::string& name, at::IntArrayRef shape, Precision precision) {
  const TensorInfo* info = checkpoint_.find(name);
  if (info == nullptr || !has_shape(*info, shape.vec())) {
    throw Error(ErrorKind::data, "checkpoint",
                checkpoint_.path().string() + ": tensor " + name +
                    (info ? " is " + shape_text(info->shape) : " is missing") + ", expected " +
                    shape_text(shape.vec()));
  }
  at::Tensor tensor;
  if (is_quantised(info->dtype)) {
    tensor = read_quantised(checkpoint_, name, *info, shape);
  } else {
    tensor = at::empty(shape, scalar_type(info->dtype, name));
    if (tensor.numel() > 0) checkpoint_.read(name, tensor.data_ptr());
  }
  // fp8 is widened here. Kept as it is on the device, and widened a layer at a time when it is used, it
  // would take half the memory: this is the place to hand it on with its scale.
  if (const float scale = checkpoint_.scale(name); scale != 1) tensor = tensor.to(at::kFloat).mul_(scale);
  if (edit_ != nullptr && edit_->touches(name)) {
    tensor = tensor.to(placement_.device, at::kFloat);
    edit_->apply(name, tensor);
  }
  return tensor.to(placement_.device, precision == Precision::full ? at::kFloat : placement_.dtype);
}

}  // namespace sora
