#include "weights/tensor_reader.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "checkpoint/blocks/dequantise.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr std::uint64_t kPiece = std::uint64_t{1}
                                 << 20;  // bytes that a thread reads at once: they stay in its cache
constexpr std::uint64_t kHugePage = std::uint64_t{2} << 20;

// Touching new memory for the first time costs as much as reading into it where pages have 4 KiB.
void ask_for_huge_pages(const at::Tensor& tensor) {
  if (tensor.nbytes() < 2 * kHugePage || tensor.is_pinned()) return;
  const auto begin = reinterpret_cast<std::uintptr_t>(tensor.const_data_ptr());
  const std::uintptr_t first = (begin + kHugePage - 1) / kHugePage * kHugePage;
  const std::uintptr_t end = (begin + tensor.nbytes()) / kHugePage * kHugePage;
  if (end > first) (void)::madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
}

/// Calls each(first, count) for pieces of `units` units of `unit` bytes, on several threads.
template <class Each>
void for_pieces(std::uint64_t units, std::uint64_t unit, const Each& each) {
  const std::uint64_t at_once = std::max<std::uint64_t>(1, kPiece / unit);
  const std::uint64_t pieces = (units + at_once - 1) / at_once;
  at::parallel_for(0, static_cast<std::int64_t>(pieces), 1, [&](std::int64_t begin, std::int64_t end) {
    const c10::InferenceMode inference;  // of this thread
    for (auto i = static_cast<std::uint64_t>(begin); i < static_cast<std::uint64_t>(end); ++i) {
      each(i * at_once, std::min(at_once, units - i * at_once));
    }
  });
}

/// `count` blocks of the file's type, widened to fp32.
void widen_blocks(DType dtype, at::ScalarType type, const std::uint8_t* in, std::uint64_t count, float* out) {
  if (is_quantised(dtype)) return dequantise(dtype, in, count, out);
  const auto elements = static_cast<std::int64_t>(count);
  const at::Tensor from = at::from_blob(const_cast<std::uint8_t*>(in), {elements}, type);  // only read from
  at::from_blob(out, {elements}, at::kFloat).copy_(from);
}

const TensorInfo& info_of(const Checkpoint& checkpoint, const std::string& name) {
  const TensorInfo* info = checkpoint.find(name);
  if (info == nullptr) {
    throw Error(ErrorKind::data, "checkpoint",
                checkpoint.path().string() + ": tensor " + name + " is missing");
  }
  return *info;
}

}  // namespace

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
    case DType::i8:  // with scales alone; CheckpointReader::info() looks
      return at::kChar;
    default:
      if (is_quantised(dtype)) return at::kFloat;
      break;
  }
  throw Error(ErrorKind::data, "checkpoint",
              "tensor " + name + " has type " + dtype_name(dtype) + ", expected a floating-point type");
}

at::Tensor empty_stored(const TensorInfo& info, at::IntArrayRef shape, const std::string& name, bool pinned) {
  const auto options = at::TensorOptions().pinned_memory(pinned);
  const bool whole = is_quantised(info.dtype);
  at::Tensor stored =
      whole ? at::empty({static_cast<std::int64_t>(info.end - info.begin)}, options.dtype(at::kByte))
            : at::empty(shape, options.dtype(scalar_type(info.dtype, name)));
  ask_for_huge_pages(stored);
  return stored;
}

at::Tensor stored_view(const TensorInfo& info, at::IntArrayRef shape, const std::string& name,
                       const at::Tensor& bytes) {
  return is_quantised(info.dtype) ? bytes.view({-1}) : bytes.view(scalar_type(info.dtype, name)).view(shape);
}

void read_stored(const Checkpoint& checkpoint, const std::string& name, at::Tensor& stored) {
  read_stored(checkpoint, name, 0, stored);
}

void read_stored(const Checkpoint& checkpoint, const std::string& name, std::uint64_t begin,
                 at::Tensor& part) {
  auto* out = static_cast<std::uint8_t*>(part.data_ptr());
  for_pieces(part.nbytes(), 1, [&](std::uint64_t first, std::uint64_t count) {
    checkpoint.read(name, begin + first, count, out + first);
  });
}

void widen(const TensorInfo& info, const at::Tensor& stored, at::Tensor& out) {
  if (!is_quantised(info.dtype)) {
    out.copy_(stored);
    return;
  }
  const Block block = dtype_block(info.dtype);
  const auto* in = stored.const_data_ptr<std::uint8_t>();
  float* to = out.data_ptr<float>();
  for_pieces((info.end - info.begin) / block.bytes, block.bytes,
             [&](std::uint64_t first, std::uint64_t count) {
               dequantise(info.dtype, in + first * block.bytes, count, to + first * block.elements);
             });
}

void read_widened(const Checkpoint& checkpoint, const std::string& name, at::Tensor& out) {
  const TensorInfo& info = info_of(checkpoint, name);
  ask_for_huge_pages(out);
  if (info.dtype == DType::f32) return read_stored(checkpoint, name, out);
  const at::ScalarType type = scalar_type(info.dtype, name);
  const Block block = dtype_block(info.dtype);
  float* to = out.data_ptr<float>();
  for_pieces((info.end - info.begin) / block.bytes, block.bytes,
             [&](std::uint64_t first, std::uint64_t count) {
               thread_local std::vector<std::uint8_t> bytes;
               bytes.resize(count * block.bytes);
               checkpoint.read(name, first * block.bytes, bytes.size(), bytes.data());
               widen_blocks(info.dtype, type, bytes.data(), count, to + first * block.elements);
             });
}

void apply_scales(const ScaleGrid* scales, at::Tensor& wide) {
  if (scales == nullptr) return;
  if (scales->values.size() == 1) {
    wide.mul_(scales->values[0]);
    return;
  }
  const at::Tensor grid =
      at::tensor(scales->values).to(wide.device()).view({scales->rows, 1, scales->columns, 1});
  const std::int64_t rows = wide.size(0), columns = wide.numel() / rows;
  wide.view({scales->rows, rows / scales->rows, scales->columns, columns / scales->columns}).mul_(grid);
}

at::Tensor read_rows(const Checkpoint& checkpoint, const std::string& name, std::int64_t columns,
                     const std::vector<std::int64_t>& ids) {
  const TensorInfo& info = info_of(checkpoint, name);
  const at::ScalarType type = scalar_type(info.dtype, name);
  const Block block = dtype_block(info.dtype);
  const std::uint64_t blocks = static_cast<std::uint64_t>(columns) / block.elements;  // of a row
  at::Tensor rows = at::empty({static_cast<std::int64_t>(ids.size()), columns}, at::kFloat);
  std::vector<std::uint8_t> bytes(blocks * block.bytes);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    checkpoint.read(name, static_cast<std::uint64_t>(ids[i]) * bytes.size(), bytes.size(), bytes.data());
    widen_blocks(info.dtype, type, bytes.data(), blocks,
                 rows.data_ptr<float>() + static_cast<std::int64_t>(i) * columns);
  }
  return rows;
}

}  // namespace sora
