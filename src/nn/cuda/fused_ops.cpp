#include "nn/cuda/fused_ops.h"

#include <initializer_list>
#include <limits>
#include <optional>

#include "nn/cuda/launcher.h"

namespace sora::nn::cuda {
namespace {

bool has_kernel_type(const at::Tensor& x) {
  return x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16;
}

bool is_vector(const at::Tensor& x, std::int64_t length) {
  return x.scalar_type() == at::kFloat && x.is_contiguous() && x.numel() == length;
}

bool is_like(const at::Tensor& x, const at::Tensor& other) {
  return x.device() == other.device() && x.scalar_type() == other.scalar_type() && x.is_contiguous();
}

/// The distance between the rows of x [.., dim], if it is the same between all of them.
std::optional<std::int64_t> row_stride(const at::Tensor& x) {
  if (x.dim() < 1 || x.numel() == 0 || x.stride(-1) != 1) return {};
  std::int64_t rows = 1, stride = x.size(-1);
  for (std::int64_t d = x.dim() - 2; d >= 0; --d) {
    if (x.size(d) == 1) continue;
    if (rows == 1) stride = x.stride(d);
    if (x.stride(d) != rows * stride) return {};
    rows *= x.size(d);
  }
  return stride;
}

/// The widest packs that the addresses and strides of these operands allow. Packs of two are for 2 values of
/// any type, wider ones for 16 bytes of x's.
class Packs {
 public:
  Packs(std::int64_t dim, bool is_bf16) : dim_(dim), wide_(is_bf16 ? 8 : 4) {}
  void operand(const at::Tensor& x, std::initializer_list<std::int64_t> strides = {}) {
    if (!x.defined()) return;
    const auto address = reinterpret_cast<std::uintptr_t>(x.const_data_ptr());
    const auto bytes = static_cast<std::uintptr_t>(x.element_size());
    is_wide_ = is_wide_ && address % 16 == 0;
    is_paired_ = is_paired_ && address % (2 * bytes) == 0;
    // A pack of 8 fp32 values is loaded in halves of 16 bytes.
    const std::int64_t unit = x.element_size() == 4 ? 4 : 8;
    for (const std::int64_t stride : strides) {
      is_wide_ = is_wide_ && stride % unit == 0;
      is_paired_ = is_paired_ && stride % 2 == 0;
    }
  }
  int widest() const {
    if (is_wide_ && dim_ % wide_ == 0) return wide_;
    return is_paired_ && dim_ % 2 == 0 ? 2 : 1;
  }

 private:
  std::int64_t dim_;
  int wide_;
  bool is_wide_ = true, is_paired_ = true;
};

/// The kernel, if rows of this length have one.
std::optional<Kernel> kernel_of(Operation operation, const at::Tensor& x, std::int64_t dim,
                                const Packs& packs) {
  if (dim < 1 || dim > std::numeric_limits<std::int32_t>::max()) return {};
  const Kernel kernel{operation, x.scalar_type() == at::kBFloat16, static_cast<int>(dim), packs.widest()};
  if (kernel.shape().group == 0) return {};
  return kernel;
}

/// Places of vectors [B, G, dim] for the rows of x [B, L, dim].
std::optional<RowVectors> places_of(const at::Tensor& x, const at::Tensor& vectors) {
  const std::int64_t dim = x.size(-1), rows = x.numel() / dim;
  if (vectors.dim() == 1 && vectors.size(0) == dim) return RowVectors{rows, rows, 0, 0};
  if (x.dim() != 3 || vectors.dim() != 3 || vectors.size(0) != x.size(0) || vectors.size(2) != dim) return {};
  const std::int64_t groups = vectors.size(1);
  if (groups < 1 || x.size(1) % groups != 0) return {};
  return RowVectors{x.size(1), x.size(1) / groups, vectors.stride(0), vectors.stride(1)};
}

bool is_modulation(const at::Tensor& vectors, const at::Tensor& x) {
  return vectors.scalar_type() == at::kFloat && vectors.device() == x.device() && vectors.stride(-1) == 1;
}

std::function<std::vector<at::Tensor>()> one(const Reference& reference) {
  return [&reference] { return std::vector<at::Tensor>{reference()}; };
}

}  // namespace

bool modulated_norm(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift,
                    double scale_offset, double eps, at::Tensor& out, const Reference& reference) {
  Launcher& launcher = Launcher::instance();
  if (!launcher.takes(x) || !has_kernel_type(x)) return false;
  const std::optional<std::int64_t> stride = row_stride(x);
  if (!stride) return false;
  const std::int64_t dim = x.size(-1), rows = x.numel() / dim;
  RowVectors places{rows, rows, 0, 0};
  Packs packs(dim, x.scalar_type() == at::kBFloat16);
  packs.operand(x, {*stride});
  if (scale.defined() != shift.defined()) return false;
  if (scale.defined()) {
    if (!is_modulation(scale, x) || !is_modulation(shift, x)) return false;
    if (scale.sizes() != shift.sizes() || scale.strides() != shift.strides()) return false;
    const auto found = places_of(x, scale);
    if (!found) return false;
    places = *found;
    packs.operand(scale, {places.batch_stride, places.group_stride});
    packs.operand(shift);
  }
  const auto kernel = kernel_of(Operation::modulated_norm, x, dim, packs);
  if (!kernel) return false;

  out = at::empty(x.sizes(), x.options());
  const ModulatedNormArguments arguments{x.const_data_ptr(),
                                         out.mutable_data_ptr(),
                                         scale.defined() ? scale.const_data_ptr<float>() : nullptr,
                                         shift.defined() ? shift.const_data_ptr<float>() : nullptr,
                                         places,
                                         rows,
                                         *stride,
                                         static_cast<float>(eps),
                                         static_cast<float>(scale_offset)};
  return launcher.run({*kernel, &arguments, rows, {out}}, one(reference));
}

bool add_gated(at::Tensor& x, const at::Tensor& y, const at::Tensor& gate, const Reference& reference) {
  Launcher& launcher = Launcher::instance();
  if (!launcher.takes(x) || !has_kernel_type(x) || x.numel() == 0) return false;
  if (!x.is_contiguous() || !is_like(y, x) || y.sizes() != x.sizes() || !is_modulation(gate, x)) return false;
  const auto places = places_of(x, gate);
  if (!places) return false;
  const std::int64_t dim = x.size(-1), rows = x.numel() / dim;
  Packs packs(dim, x.scalar_type() == at::kBFloat16);
  packs.operand(x);
  packs.operand(y);
  packs.operand(gate, {places->batch_stride, places->group_stride});
  const auto kernel = kernel_of(Operation::gated_residual, x, dim, packs);
  if (!kernel) return false;
  const GatedResidualArguments arguments{x.mutable_data_ptr(), y.const_data_ptr(),
                                         gate.const_data_ptr<float>(), *places, rows};
  return launcher.run({*kernel, &arguments, rows, {x}}, one(reference));
}

bool norm_rotate(const at::Tensor& x, const at::Tensor& weight, double eps, std::int64_t heads,
                 const at::Tensor& table, at::Tensor& out, const Reference& reference) {
  Launcher& launcher = Launcher::instance();
  if (!launcher.takes(x) || !has_kernel_type(x)) return false;
  const std::optional<std::int64_t> stride = row_stride(x);
  if (!stride) return false;
  const std::int64_t dim = x.size(-1), rows = x.numel() / dim;
  if (!is_vector(weight, dim) || weight.device() != x.device() || dim % heads != 0) return false;
  const std::int64_t head_dim = dim / heads;
  if (table.defined()) {
    const bool fits = x.dim() == 3 && table.scalar_type() == at::kComplexFloat && table.is_contiguous() &&
                      table.device() == x.device() && head_dim % 2 == 0 &&
                      table.numel() == x.size(1) * head_dim / 2;
    if (!fits) return false;
  }
  Packs packs(dim, x.scalar_type() == at::kBFloat16);
  packs.operand(x, {*stride});
  packs.operand(weight);
  if (table.defined() && packs.widest() == 1) return false;
  const auto kernel = kernel_of(Operation::norm_rotate, x, dim, packs);
  if (!kernel) return false;

  out = at::empty(x.sizes(), x.options());
  const NormRotateArguments arguments{
      x.const_data_ptr(),
      out.mutable_data_ptr(),
      weight.const_data_ptr<float>(),
      table.defined() ? static_cast<const float*>(table.const_data_ptr()) : nullptr,
      rows,
      *stride,
      x.dim() == 3 ? x.size(1) : rows,
      static_cast<int>(head_dim),
      static_cast<float>(eps)};
  return launcher.run({*kernel, &arguments, rows, {out}}, one(reference));
}

bool channel_norm(const at::Tensor& x, const at::Tensor& gamma, bool silu, at::Tensor& out,
                  const Reference& reference) {
  Launcher& launcher = Launcher::instance();
  if (!launcher.takes(x) || !has_kernel_type(x) || x.numel() == 0 || !x.is_contiguous()) return false;
  const std::int64_t dim = x.size(-1), rows = x.numel() / dim;
  if (!is_vector(gamma, dim) || gamma.device() != x.device()) return false;
  Packs packs(dim, x.scalar_type() == at::kBFloat16);
  packs.operand(x);
  packs.operand(gamma);
  const auto kernel = kernel_of(Operation::channel_norm, x, dim, packs);
  if (!kernel) return false;
  out = at::empty_like(x);
  const ChannelNormArguments arguments{x.const_data_ptr(), out.mutable_data_ptr(),
                                       gamma.const_data_ptr<float>(), rows, silu ? 1 : 0};
  return launcher.run({*kernel, &arguments, rows, {out}}, one(reference));
}

bool sum_taps(const TapSums& o, at::Tensor& next, const std::function<std::vector<at::Tensor>()>& reference) {
  Launcher& launcher = Launcher::instance();
  const at::Tensor& out = o.out;
  if (!launcher.takes(out) || !has_kernel_type(out) || out.numel() == 0 || out.dim() != 4) return false;
  const std::int64_t frames = out.size(0), pixels = out.size(1) * out.size(2), dim = out.size(3);
  const std::int64_t count = o.taps.size(3), rows = frames * pixels;
  if ((count != 1 && count != 3) || (o.wants_next && count != 3)) return false;
  if (o.taps.numel() != rows * count * dim || o.bias.numel() != dim) return false;
  Packs packs(dim, out.scalar_type() == at::kBFloat16);
  for (const at::Tensor& operand : {out, o.taps, o.bias, o.history, o.residual}) {
    if (operand.defined() && !is_like(operand, out)) return false;
    packs.operand(operand);
  }
  if (o.history.defined() && o.history.numel() != 2 * pixels * dim) return false;
  if (o.residual.defined() && o.residual.sizes() != out.sizes()) return false;
  if (o.gamma.defined() && (!is_vector(o.gamma, dim) || o.gamma.device() != out.device())) return false;
  packs.operand(o.gamma);
  const auto kernel = kernel_of(Operation::sum_taps, out, dim, packs);
  if (!kernel) return false;

  std::vector<at::Tensor> outputs{out};
  at::Tensor made;
  if (o.wants_next) {
    made = at::empty({2, out.size(1), out.size(2), dim}, out.options());
    outputs.push_back(made);
  }
  const auto address = [](const at::Tensor& x) { return x.defined() ? x.const_data_ptr() : nullptr; };
  const SumTapsArguments arguments{address(o.taps),
                                   address(o.bias),
                                   address(o.history),
                                   address(o.residual),
                                   static_cast<const float*>(address(o.gamma)),
                                   out.mutable_data_ptr(),
                                   made.defined() ? made.mutable_data_ptr() : nullptr,
                                   pixels,
                                   frames,
                                   static_cast<int>(count),
                                   o.silu ? 1 : 0};
  if (!launcher.run({*kernel, &arguments, rows, outputs}, reference)) return false;
  next = made;
  return true;
}

}  // namespace sora::nn::cuda
