// Weight scopes: a layer takes the scope that bears its name and finds its tensors in it.
//
//   struct Attention { Linear to_q; ... Attention(const Weights& w, int64_t dim) : to_q(w / "to_q", dim, dim)
//   {} };
//
// Building a network against a recording scope gives its schema; against a checkpoint, its weights.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "checkpoint/schema.h"

namespace sora {

/// Where a network's weights live and which type they are computed in.
struct Placement {
  at::Device device = at::kCPU;
  at::ScalarType dtype = at::kFloat;  ///< of what may be in reduced precision
};

/// Precision a tensor is kept in: the placement's dtype, or always fp32 (norms, time embedding, tables).
enum class Precision { compute, full };

/// The type that a file's floating-point type is read as; fp32 for block-quantised ones. Throws Error (data)
/// for other types.
at::ScalarType scalar_type(DType dtype, const std::string& name);

class WeightSource {
 public:
  virtual ~WeightSource() = default;
  virtual at::Tensor get(const std::string& name, at::IntArrayRef shape, Precision precision) = 0;
  /// Whether the checkpoint holds a tensor of that name (for names that have two spellings).
  virtual bool has(const std::string& name) const = 0;
};

class Weights {
 public:
  explicit Weights(std::shared_ptr<WeightSource> source) : source_(std::move(source)) {}

  Weights operator/(std::string_view name) const;
  Weights operator/(std::int64_t index) const { return *this / std::to_string(index); }

  at::Tensor get(const char* name, at::IntArrayRef shape, Precision precision = Precision::compute) const {
    return source_->get(prefix_ + name, shape, precision);
  }
  bool has(const char* name) const { return source_->has(prefix_ + name); }

 private:
  std::shared_ptr<WeightSource> source_;
  std::string prefix_;
};

/// Records names and shapes and gives tensors without storage (the meta device): constructors must not
/// read values. `checkpoint` answers has() and may be null.
class SchemaRecorder : public WeightSource {
 public:
  explicit SchemaRecorder(const Checkpoint* checkpoint) : checkpoint_(checkpoint) {}
  at::Tensor get(const std::string& name, at::IntArrayRef shape, Precision precision) override;
  bool has(const std::string& name) const override;
  const std::vector<TensorSpec>& schema() const { return schema_; }

 private:
  const Checkpoint* checkpoint_;
  std::vector<TensorSpec> schema_;
};

/// Changes to weights when they are loaded, such as a LoRA's.
class WeightEdit {
 public:
  virtual ~WeightEdit() = default;
  virtual bool touches(const std::string& name) const = 0;
  /// `weight` is fp32, of the shape that the network wants, on the device; changed in place.
  virtual void apply(const std::string& name, at::Tensor& weight) const = 0;
};

/// Reads tensors from a checkpoint to their placement: dequantised, edited, and widened or narrowed to the
/// wanted type, one tensor at a time. `edit` may be null.
class CheckpointReader : public WeightSource {
 public:
  CheckpointReader(const Checkpoint& checkpoint, Placement placement, const WeightEdit* edit = nullptr)
      : checkpoint_(checkpoint), placement_(placement), edit_(edit) {}
  at::Tensor get(const std::string& name, at::IntArrayRef shape, Precision precision) override;
  bool has(const std::string& name) const override { return checkpoint_.find(name) != nullptr; }

 private:
  const Checkpoint& checkpoint_;
  Placement placement_;
  const WeightEdit* edit_;
};

/// Checks the checkpoint's names and shapes against Network's schema, then builds the network:
/// `build(scope)` constructs it from a scope. `ignored` names left-over tensors that are no error.
template <class Build>
auto load_network(const Checkpoint& checkpoint, const Placement& placement, Build&& build,
                  const std::function<bool(const std::string&)>& ignored = {},
                  const WeightEdit* edit = nullptr) {
  auto recorder = std::make_shared<SchemaRecorder>(&checkpoint);
  (void)build(Weights(recorder));
  check_schema(recorder->schema(), checkpoint, ignored);
  return build(Weights(std::make_shared<CheckpointReader>(checkpoint, placement, edit)));
}

}  // namespace sora
