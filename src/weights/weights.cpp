#include "weights/weights.h"

#include <algorithm>

#include "sora/error.h"
#include "weights/host_memory.h"
#include "weights/weight_shards.h"
#include "weights/weight_stream.h"

namespace sora {

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

Matrix WeightSource::matrix(const std::vector<RowsSpec>& parts, std::int64_t columns) {
  std::vector<at::Tensor> tensors;
  tensors.reserve(parts.size());
  for (const RowsSpec& part : parts)
    tensors.push_back(get(part.name, {part.rows, columns}, Precision::compute));
  return {tensors.size() == 1 ? tensors[0] : at::cat(tensors), nullptr};
}

RowTable WeightSource::table(const std::string& name, at::IntArrayRef shape) {
  RowTable table;
  table.tensor = get(name, shape, Precision::compute);
  return table;
}

Matrix Weights::fused(const std::vector<Weights>& layers, const char* name, std::int64_t rows_each,
                      std::int64_t columns) {
  std::vector<RowsSpec> parts;
  parts.reserve(layers.size());
  for (const Weights& layer : layers) parts.push_back({layer.prefix_ + name, rows_each});
  return layers.front().source_->matrix(parts, columns);
}

CheckpointReader::CheckpointReader(std::shared_ptr<const Checkpoint> checkpoint, const Placement& placement,
                                   std::shared_ptr<WeightEdit> edit)
    : checkpoint_(std::move(checkpoint)),
      placement_(placement),
      edit_(std::move(edit)),
      scratch_(std::make_shared<Scratch>()) {
  if (traits_of(placement_.device).own_memory) staging_ = std::make_shared<HostStaging>(placement_.device);
  if (placement_.storage == WeightStorage::streamed) {
    supply_ = std::make_shared<WeightStream>(checkpoint_, placement_.device, placement_.prefetch_bytes,
                                             placement_.stream_from_host);
  } else if (placement_.storage == WeightStorage::sharded) {
    supply_ = std::make_shared<WeightShards>(checkpoint_, placement_.device, placement_.prefetch_bytes,
                                             placement_.sharing);
  }
}

const TensorInfo& CheckpointReader::info(const std::string& name, at::IntArrayRef shape) const {
  const TensorInfo* info = checkpoint_->find(name);
  if (info != nullptr && info->dtype == DType::i8 && !checkpoint_->scale(name)) {
    throw Error(ErrorKind::data, "checkpoint",
                checkpoint_->path().string() + ": tensor " + name +
                    " has type I8 and no scales beside it, expected a floating-point type");
  }
  if (info != nullptr && has_shape(*info, shape.vec())) return *info;
  throw Error(ErrorKind::data, "checkpoint",
              checkpoint_->path().string() + ": tensor " + name +
                  (info ? " is " + shape_text(info->shape) : " is missing") + ", expected " +
                  shape_text(shape.vec()));
}

// `out` is fp32, on the CPU.
void CheckpointReader::read_edited(const std::string& name, at::Tensor& out) const {
  read_widened(*checkpoint_, name, out);
  apply_scales(checkpoint_->scale(name).get(), out);
  if (edited(name)) edit_->apply(name, out);
}

// As stored, on the device; block-quantised types are widened by the CPU, to fp32.
at::Tensor CheckpointReader::read_on_device(const std::string& name, const TensorInfo& stored,
                                            at::IntArrayRef shape) const {
  if (!is_quantised(stored.dtype) && staging_) return staging_->load(*checkpoint_, name, stored, shape);
  at::Tensor tensor =
      is_quantised(stored.dtype) ? at::empty(shape, at::kFloat) : empty_stored(stored, shape, name);
  if (is_quantised(stored.dtype)) {
    read_widened(*checkpoint_, name, tensor);
  } else {
    read_stored(*checkpoint_, name, tensor);
  }
  return tensor.to(placement_.device);
}

at::Tensor CheckpointReader::get(const std::string& name, at::IntArrayRef shape, Precision precision) {
  const TensorInfo& stored = info(name, shape);
  const at::ScalarType wanted = precision == Precision::full ? at::kFloat : placement_.dtype;
  if (placement_.device.is_cpu() && wanted == at::kFloat) {
    at::Tensor tensor = at::empty(shape, at::kFloat);
    read_edited(name, tensor);
    return tensor;
  }
  // Widened, narrowed and edited there.
  at::Tensor tensor = read_on_device(name, stored, shape);
  const auto scales = checkpoint_->scale(name);
  if (scales || edited(name)) {
    tensor = tensor.to(at::kFloat);
    apply_scales(scales.get(), tensor);
    if (edited(name)) edit_->apply(name, tensor);
  }
  return tensor.to(wanted);
}

bool CheckpointReader::is_smaller_as_stored(const std::vector<StoredPart>& parts,
                                            std::int64_t columns) const {
  std::uint64_t stored = 0, widened = 0;
  for (const StoredPart& part : parts) {
    stored += part.info.end - part.info.begin;
    widened += static_cast<std::uint64_t>(part.rows * columns) * at::elementSize(placement_.dtype);
  }
  return stored < widened;
}

Matrix CheckpointReader::matrix(const std::vector<RowsSpec>& specs, std::int64_t columns) {
  auto stored = std::make_shared<StoredWeight>();
  std::int64_t rows = 0;
  for (const RowsSpec& spec : specs) {
    const TensorInfo& tensor = info(spec.name, {spec.rows, columns});
    stored->parts.push_back({spec.name, tensor, spec.rows, checkpoint_->scale(spec.name), {}});
    rows += spec.rows;
  }
  const bool smaller = is_smaller_as_stored(stored->parts, columns);
  // Only the CPU can widen quantised blocks.
  const bool can_stay_stored =
      placement_.device.is_cpu() ||
      std::none_of(stored->parts.begin(), stored->parts.end(),
                   [](const StoredPart& part) { return is_quantised(part.info.dtype); });
  if (can_stay_stored && (supply_ || (placement_.storage == WeightStorage::stored && smaller))) {
    stored->columns = columns;
    stored->widened_options = at::TensorOptions(placement_.device).dtype(placement_.dtype);
    stored->edit = edit_;
    stored->scratch = scratch_;
    for (const StoredPart& part : stored->parts) {
      if (edited(part.name)) edit_->load(part.name, placement_.device);
    }
    if (supply_) {
      stored->supply = supply_;
      stored->index = supply_->add(stored->parts, columns);
      return {{}, stored};
    }
    for (StoredPart& part : stored->parts) {
      if (staging_) {
        part.stored = staging_->load(*checkpoint_, part.name, part.info, {part.rows, columns});
        continue;
      }
      part.stored = empty_stored(part.info, {part.rows, columns}, part.name);
      read_stored(*checkpoint_, part.name, part.stored);
    }
    return {{}, stored};
  }
  if (!placement_.device.is_cpu() || placement_.dtype != at::kFloat)
    return WeightSource::matrix(specs, columns);
  at::Tensor out = at::empty({rows, columns}, at::kFloat);
  std::int64_t row = 0;
  for (const RowsSpec& spec : specs) {
    at::Tensor part = out.narrow(0, row, spec.rows);
    read_edited(spec.name, part);
    row += spec.rows;
  }
  return {out, nullptr};
}

RowTable CheckpointReader::table(const std::string& name, at::IntArrayRef shape) {
  const TensorInfo& stored = info(name, shape);
  // Single rows can be read where a row is made of whole blocks.
  const bool by_rows = shape[1] % static_cast<std::int64_t>(dtype_block(stored.dtype).elements) == 0;
  const auto scales = checkpoint_->scale(name);
  const bool scales_of_parts = scales && scales->values.size() > 1;
  if (placement_.storage == WeightStorage::widened || edited(name) || !by_rows || scales_of_parts)
    return WeightSource::table(name, shape);
  (void)scalar_type(stored.dtype, name);
  RowTable table;
  table.checkpoint = checkpoint_;
  table.name = name;
  table.columns = shape[1];
  if (scales) table.scale = scales->values[0];
  return table;
}

}  // namespace sora
