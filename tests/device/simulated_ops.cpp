// What the simulated device computes: each operation by the CPU's kernel, on the same memory.
#include <ATen/EmptyTensor.h>
#include <ATen/NativeFunctions.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "simulated_machine.h"
#include "simulated_registration.h"

namespace sora::sim {
namespace {

bool is_ours(const at::Tensor& x) { return x.defined() && x.device().type() == kType; }

int stream_of(const at::Tensor& x) { return current_stream(x.device().index()); }

void add_block(Blocks& blocks, const at::Tensor& x) {
  const std::lock_guard lock(Machine::get().mutex);
  if (auto block = Machine::get().block_at(x.storage().data())) blocks.push_back(std::move(block));
}

void count_launch(bool waits) {
  const std::lock_guard lock(Machine::get().mutex);
  ++Machine::get().counters.launches;
  if (waits) Machine::get().count_wait();
}

/// A new tensor of the device with the values of `result`, which a kernel of the CPU made.
at::Tensor moved_to(const at::Tensor& result, c10::Device device) {
  at::Tensor there = at::empty_strided(result.sizes(), result.strides(), result.options().device(device));
  on_cpu(there).copy_(result);
  Blocks written;
  if (there.numel() > 0) add_block(written, there);
  Machine::get().begin(stream_of(there), {}, written, "a result");
  return there;
}

// Their results' sizes or values are needed by the host.
constexpr std::array<std::string_view, 7> kWaiting{
    "aten::nonzero",    "aten::_unique2",   "aten::masked_select", "aten::equal",
    "aten::unique_dim", "aten::is_nonzero", "aten::index.Tensor"};

/// The arguments of an operation, moved to the CPU.
class Arguments {
 public:
  explicit Arguments(const c10::OperatorHandle& op) : op_(op) {}

  at::Tensor take(const at::Tensor& x, bool written) {
    if (!x.defined()) return x;
    if (!is_ours(x)) {
      TORCH_CHECK(x.dim() == 0, "Expected all tensors to be on the same device, but ",
                  op_.schema().operator_name(), " got a tensor of the CPU, of shape ", x.sizes());
      return x;
    }
    if (!device_) device_ = x.device();
    TORCH_CHECK(*device_ == x.device(), "Expected all tensors to be on the same device, but found ", *device_,
                " and ", x.device());
    // A kernel gives an empty result its size, which memory of ours would not let it.
    at::Tensor alias =
        written && x.numel() == 0 ? at::empty(x.sizes(), x.options().device(at::kCPU)) : on_cpu(x);
    if (x.numel() > 0) add_block(written ? writes_ : reads_, x);
    tensors_.push_back({x, alias});
    return alias;
  }

  void device_argument(c10::Device device) {
    if (!device_) device_ = device;
  }
  bool any() const { return device_.has_value(); }
  c10::Device device() const {
    return device_ && device_->has_index()
               ? *device_
               : c10::Device(kType, static_cast<c10::DeviceIndex>(current_device()));
  }

  void begin() const {
    const auto name = c10::toString(op_.schema().operator_name());
    count_launch(std::ranges::count(kWaiting, std::string_view(name)) > 0);
    Machine::get().begin(current_stream(device().index()), reads_, writes_, name);
  }

  /// After the kernel: results that got their size from it.
  void take_sizes() const {
    for (const auto& [ours, alias] : tensors_) {
      if (ours.sizes() == alias.sizes()) continue;
      ours.resize_(alias.sizes());
      on_cpu(ours).copy_(alias);
    }
  }

  /// A result of the kernel as a tensor of the device: an argument, a view of one, or new memory.
  at::Tensor result(const at::Tensor& x) const {
    if (!x.defined()) return x;
    for (const auto& [ours, alias] : tensors_) {
      if (alias.is_same(x)) return ours;
    }
    for (const auto& [ours, alias] : tensors_) {
      if (x.has_storage() && x.storage().data() != nullptr && x.storage().data() == alias.storage().data() &&
          x.scalar_type() == ours.scalar_type())
        return ours.as_strided(x.sizes(), x.strides(), x.storage_offset());
    }
    for (const auto& [ours, alias] : tensors_) {  // a view with another type
      if (x.storage().data() == nullptr || x.storage().data() != alias.storage().data()) continue;
      auto view = at::detail::make_tensor<c10::TensorImpl>(
          c10::Storage(ours.storage()), c10::DispatchKeySet(c10::DispatchKey::PrivateUse1), x.dtype());
      view.unsafeGetTensorImpl()->set_storage_offset(x.storage_offset());
      view.unsafeGetTensorImpl()->set_sizes_and_strides(x.sizes(), x.strides());
      return view;
    }
    return moved_to(x, device());
  }

 private:
  struct Pair {
    at::Tensor ours, alias;
  };
  const c10::OperatorHandle& op_;
  std::optional<c10::Device> device_;
  std::vector<Pair> tensors_;
  Blocks reads_, writes_;
};

void on_the_cpu(const c10::OperatorHandle& op, c10::Stack* stack) {
  const auto& schema = op.schema();
  const std::size_t count = schema.arguments().size(), first = stack->size() - count;
  Arguments arguments(op);
  for (std::size_t i = 0; i < count; ++i) {
    c10::IValue& value = (*stack)[first + i];
    const auto* alias = schema.arguments()[i].alias_info();
    const bool written = alias != nullptr && alias->isWrite();
    if (value.isTensor()) {
      value = arguments.take(value.toTensor(), written);
    } else if (value.isTensorList()) {
      std::vector<at::Tensor> all;
      for (const at::Tensor& x : value.toTensorVector()) all.push_back(arguments.take(x, written));
      value = c10::IValue(std::move(all));
    } else if (value.isOptionalTensorList()) {
      c10::List<std::optional<at::Tensor>> all;
      for (const std::optional<at::Tensor>& x : value.toOptionalTensorVector())
        all.push_back(x ? std::optional(arguments.take(*x, written)) : std::nullopt);
      value = c10::IValue(std::move(all));
    } else if (value.isDevice() && value.toDevice().type() == kType) {
      arguments.device_argument(value.toDevice());
      value = c10::IValue(at::Device(at::kCPU));
    }
  }
  arguments.begin();
  op.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), stack);
  arguments.take_sizes();
  for (std::size_t i = stack->size() - schema.returns().size(); i < stack->size(); ++i) {
    c10::IValue& value = (*stack)[i];
    if (value.isTensor()) {
      value = arguments.result(value.toTensor());
    } else if (value.isTensorList()) {
      std::vector<at::Tensor> all;
      for (const at::Tensor& x : value.toTensorVector()) all.push_back(arguments.result(x));
      value = c10::IValue(std::move(all));
    }
  }
}

at::Tensor empty(at::IntArrayRef size, std::optional<at::ScalarType> dtype, std::optional<at::Layout>,
                 std::optional<at::Device> device, std::optional<bool>,
                 std::optional<at::MemoryFormat> format) {
  const c10::DeviceGuard guard(device.value_or(at::Device(kType)));
  return at::detail::empty_generic(size, c10::GetAllocator(kType),
                                   c10::DispatchKeySet(c10::DispatchKey::PrivateUse1),
                                   dtype.value_or(at::kFloat), format);
}

at::Tensor empty_strided(at::IntArrayRef size, at::IntArrayRef stride, std::optional<at::ScalarType> dtype,
                         std::optional<at::Layout>, std::optional<at::Device> device, std::optional<bool>) {
  const c10::DeviceGuard guard(device.value_or(at::Device(kType)));
  return at::detail::empty_strided_generic(size, stride, c10::GetAllocator(kType),
                                           c10::DispatchKeySet(c10::DispatchKey::PrivateUse1),
                                           dtype.value_or(at::kFloat));
}

at::Tensor as_strided(const at::Tensor& x, at::IntArrayRef size, at::IntArrayRef stride,
                      std::optional<std::int64_t> offset) {
  return at::native::as_strided_tensorimpl(x, size, stride, offset);
}

at::Tensor view(const at::Tensor& x, at::IntArrayRef size) { return at::native::view(x, size); }

at::Tensor reshape_alias(const at::Tensor& x, at::IntArrayRef size, at::IntArrayRef stride) {
  return at::native::_reshape_alias(x, size, stride);
}

const at::Tensor& resize(const at::Tensor& x, at::IntArrayRef size, std::optional<at::MemoryFormat> format) {
  const c10::DeviceGuard guard(x.device());
  return at::native::resize_(x, size, format);
}

/// Computes `f` of CPU tensors with the memory of `inputs`, on the device.
template <class F>
at::Tensor computed(const std::vector<at::Tensor>& inputs, const char* name, const F& f) {
  Blocks reads;
  std::vector<at::Tensor> here;
  for (const at::Tensor& x : inputs) {
    TORCH_CHECK(!x.defined() || is_ours(x), "Expected all tensors to be on the same device, but ", name,
                " got a tensor of the CPU");
    if (x.defined()) add_block(reads, x);
    here.push_back(x.defined() ? on_cpu(x) : x);
  }
  count_launch(false);
  Machine::get().begin(stream_of(inputs[0]), reads, {}, name);
  return moved_to(f(here), inputs[0].device());
}

at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                       c10::SymIntArrayRef stride, c10::SymIntArrayRef padding, c10::SymIntArrayRef dilation,
                       bool transposed, c10::SymIntArrayRef output_padding, c10::SymInt groups) {
  return computed({x, weight, bias.value_or(at::Tensor())}, "convolution", [&](const auto& t) {
    return at::convolution_symint(t[0], t[1], t[2], stride, padding, dilation, transposed, output_padding,
                                  groups);
  });
}

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                     const std::optional<at::Tensor>& mask, double dropout, bool causal,
                     std::optional<double> scale, bool gqa) {
  return computed({q, k, v, mask.value_or(at::Tensor())}, "attention", [&](const auto& t) {
    return at::scaled_dot_product_attention(
        t[0], t[1], t[2], t[3].defined() ? std::optional(t[3]) : std::nullopt, dropout, causal, scale, gqa);
  });
}

void record_stream(at::Tensor& x, c10::Stream stream) {
  Machine::get().know(x.storage().data(), static_cast<int>(stream.id()));
}

const bool registered = [] {
  keep(c10::Dispatcher::singleton().registerFallback(
      c10::DispatchKey::PrivateUse1, c10::KernelFunction::makeFromBoxedFunction<&on_the_cpu>(),
      "the simulated device"));
  // Which would otherwise be composed of others, as on no device that people have.
  implement_boxed<&on_the_cpu>("aten::native_layer_norm", "");
  implement("aten::empty", "memory_format", empty);
  implement("aten::empty_strided", "", empty_strided);
  implement("aten::as_strided", "", as_strided);
  implement("aten::view", "", view);
  implement("aten::_reshape_alias", "", reshape_alias);
  implement("aten::resize_", "", resize);
  implement("aten::convolution_overrideable", "", convolution);
  implement("aten::scaled_dot_product_attention", "", attention);
  implement("aten::record_stream", "", record_stream);
  return true;
}();

}  // namespace
}  // namespace sora::sim
