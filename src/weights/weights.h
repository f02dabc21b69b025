// Weight scopes: a layer takes the scope with its name and finds its tensors there.
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

struct WeightSharing;

/// How the matrices of a network are stored. The results are the same to the bit.
enum class WeightStorage {
  widened,   ///< in the type of the computation: the fastest
  stored,    ///< as the file has them, where that is smaller; each is widened when it is used
  streamed,  ///< in their file or the host's memory, prefetched before they are used (weight_stream.h)
  sharded,   ///< each rank has a share, and gets the others' before they are used (weight_shards.h)
};

/// Where a network's weights are, and the type of its computation.
struct Placement {
  at::Device device = at::kCPU;
  at::ScalarType dtype = at::kFloat;  ///< of all that may be computed in reduced precision
  WeightStorage storage = WeightStorage::widened;
  std::uint64_t prefetch_bytes = std::uint64_t{128}
                                 << 20;  ///< streamed, sharded: bytes loaded before they are used
  bool stream_from_host =
      false;  ///< streamed to a GPU: from the host's memory, which has all of them; else from the file
  std::shared_ptr<const WeightSharing> sharing;  ///< sharded: with whom
};

/// Precision of a tensor: the placement's dtype, or always fp32 (norms, time embedding, tables).
enum class Precision { compute, full };

/// Rows of a matrix that are one tensor in the checkpoint.
struct RowsSpec {
  std::string name;
  std::int64_t rows = 0;
};

class WeightSource {
 public:
  virtual ~WeightSource() = default;
  virtual at::Tensor get(const std::string& name, at::IntArrayRef shape, Precision precision) = 0;
  /// A matrix [rows of all parts, columns] of parts stacked in this order, stored as the placement says.
  virtual Matrix matrix(const std::vector<RowsSpec>& parts, std::int64_t columns);
  /// A table of which only few rows are looked up.
  virtual RowTable table(const std::string& name, at::IntArrayRef shape);
  /// Whether the checkpoint has a tensor of that name (some names have two spellings).
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

  /// The matrices of layers that share an input, stacked into one.
  static Matrix fused(const std::vector<Weights>& layers, const char* name, std::int64_t rows_each,
                      std::int64_t columns);

 private:
  std::shared_ptr<WeightSource> source_;
  std::string prefix_;
};

/// Records names and shapes. Its tensors have no storage (the meta device), so constructors must not read
/// values. `checkpoint` answers has() and may be null.
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

/// Changes to weights, such as a LoRA's: applied when they are loaded, or each time they are used.
class WeightEdit {
 public:
  virtual ~WeightEdit() = default;
  virtual bool touches(const std::string& name) const = 0;
  /// Reads what changing `name` needs, for a weight that is changed on `device` each time it is used.
  virtual void load(const std::string& /*name*/, at::Device /*device*/) {}
  /// Changes `weight` in place: fp32, of the network's shape, on the device.
  virtual void apply(const std::string& name, at::Tensor& weight) const = 0;
};

class HostStaging;

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
  void read_edited(const std::string& name, at::Tensor& out) const;
  at::Tensor read_on_device(const std::string& name, const TensorInfo& stored, at::IntArrayRef shape) const;
  bool is_smaller_as_stored(const std::vector<StoredPart>& parts, std::int64_t columns) const;

  std::shared_ptr<const Checkpoint> checkpoint_;
  Placement placement_;
  std::shared_ptr<WeightEdit> edit_;
  std::shared_ptr<Scratch> scratch_;
  std::shared_ptr<WeightSupply> supply_;  // null: weights are in memory
  std::shared_ptr<HostStaging> staging_;  // to a device with memory of its own
};

/// Checks the checkpoint's names and shapes against the network's schema, then builds the network:
/// `build(scope)` constructs it from a scope. `ignored` tells which surplus tensors are no error.
template <class Build>
auto load_network(Checkpoint checkpoint, const Placement& placement, Build&& build,
                  const std::function<bool(const std::string&)>& ignored = {},
                  std::shared_ptr<WeightEdit> edit = nullptr) {
  auto recorder = std::make_shared<SchemaRecorder>(&checkpoint);
  (void)build(Weights(recorder));
  check_schema(recorder->schema(), checkpoint, ignored);
  // Stored and streamed weights read from it later.
  auto shared = std::make_shared<const Checkpoint>(std::move(checkpoint));
  return build(Weights(std::make_shared<CheckpointReader>(std::move(shared), placement, std::move(edit))));
}

}  // namespace sora
