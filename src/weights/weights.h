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
#include <utility>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "checkpoint/schema.h"
#include "weights/stored_weight.h"
#include "weights/tensor_reader.h"

namespace sora {

/// How the matrices of a network are kept. The numbers that come out are the same.
enum class WeightStorage {
  widened,   ///< in the type that is computed in: the fastest
  stored,    ///< as the file has them, where that is smaller; each is widened when it is used
  streamed,  ///< as they are stored, out of the way: brought a little before they are used (weight_stream.h)
};

/// Where a network's weights live and which type they are computed in.
struct Placement {
  at::Device device = at::kCPU;
  at::ScalarType dtype = at::kFloat;  ///< of what may be in reduced precision
  WeightStorage storage = WeightStorage::widened;
  std::uint64_t ahead = std::uint64_t{128} << 20;  ///< streamed: bytes that are brought before they are used
  bool resident =
      false;  ///< streamed to a GPU: from the host's memory, where they are as a whole; else from the file
};

/// Precision a tensor is kept in: the placement's dtype, or always fp32 (norms, time embedding, tables).
enum class Precision { compute, full };

/// Some rows of a matrix, which are a tensor of their own in the checkpoint.
struct RowsSpec {
  std::string name;
  std::int64_t rows = 0;
};

class WeightSource {
 public:
  virtual ~WeightSource() = default;
  virtual at::Tensor get(const std::string& name, at::IntArrayRef shape, Precision precision) = 0;
  /// A matrix [rows of all parts, columns], the parts one below the other, kept as the placement says.
  virtual Matrix matrix(const std::vector<RowsSpec>& parts, std::int64_t columns);
  /// A table of which few rows are used.
  virtual RowTable table(const std::string& name, at::IntArrayRef shape);
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
  Matrix matrix(const char* name, std::int64_t rows, std::int64_t columns) const {
    return source_->matrix({{prefix_ + name, rows}}, columns);
  }
  RowTable table(const char* name, at::IntArrayRef shape) const {
    return source_->table(prefix_ + name, shape);
  }

  /// Of layers that have one input: their matrices as one.
  static Matrix joined(const std::vector<Weights>& layers, const char* name, std::int64_t rows_each,
                       std::int64_t columns);

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

/// Changes to weights when they are loaded, or each time they are used, such as a LoRA's.
class WeightEdit {
 public:
  virtual ~WeightEdit() = default;
  virtual bool touches(const std::string& name) const = 0;
  /// `name` will be changed each time it is used, on `device`: what that needs is read now and kept.
  virtual void keep(const std::string& /*name*/, at::Device /*device*/) {}
  /// `weight` is fp32, of the shape that the network wants, on the device; changed in place.
  virtual void apply(const std::string& name, at::Tensor& weight) const = 0;
};

/// Reads tensors from a checkpoint to their placement: dequantised, edited, and widened or narrowed to the
/// wanted type, one tensor at a time. `edit` may be null.
class CheckpointReader : public WeightSource {
 public:
  CheckpointReader(std::shared_ptr<const Checkpoint> checkpoint, const Placement& placement,
                   std::shared_ptr<WeightEdit> edit = nullptr);
  at::Tensor get(const std::string& name, at::IntArrayRef shape, Precision precision) override;
  Matrix matrix(const std::vector<RowsSpec>& parts, std::int64_t columns) override;
  RowTable table(const std::string& name, at::IntArrayRef shape) override;
  bool has(const std::string& name) const override { return checkpoint_->find(name) != nullptr; }

 private:
  const TensorInfo& info(const std::string& name, at::IntArrayRef shape) const;
  bool edited(const std::string& name) const { return edit_ && edit_->touches(name); }
  void read_finished(const std::string& name, at::Tensor& out) const;
  bool is_smaller_as_stored(const std::vector<StoredPart>& parts, std::int64_t columns) const;

  std::shared_ptr<const Checkpoint> checkpoint_;
  Placement placement_;
  std::shared_ptr<WeightEdit> edit_;
  std::shared_ptr<Scratch> scratch_;
  std::shared_ptr<WeightStream> stream_;
};

/// Checks the checkpoint's names and shapes against Network's schema, then builds the network:
/// `build(scope)` constructs it from a scope. `ignored` names left-over tensors that are no error.
template <class Build>
auto load_network(Checkpoint checkpoint, const Placement& placement, Build&& build,
                  const std::function<bool(const std::string&)>& ignored = {},
                  std::shared_ptr<WeightEdit> edit = nullptr) {
  auto recorder = std::make_shared<SchemaRecorder>(&checkpoint);
  (void)build(Weights(recorder));
  check_schema(recorder->schema(), checkpoint, ignored);
  // Networks that do not widen all their weights at once read on from it.
  auto kept = std::make_shared<const Checkpoint>(std::move(checkpoint));
  return build(Weights(std::make_shared<CheckpointReader>(std::move(kept), placement, std::move(edit))));
}

}  // namespace sora
