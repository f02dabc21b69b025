// Registers kernels of the simulated device. torch/library.h would need headers that the unpacked libtorch
// lacks.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>

#include <vector>

namespace sora::sim {

inline void keep(c10::RegistrationHandleRAII handle) {
  static auto* handles = new std::vector<c10::RegistrationHandleRAII>;  // until the process ends
  handles->push_back(std::move(handle));
}

/// `f` is what aten::NAME.OVERLOAD does on the device.
template <class F>
void implement(const char* name, const char* overload, F* f) {
  keep(c10::Dispatcher::singleton().registerImpl(
      c10::OperatorName(name, overload), c10::DispatchKey::PrivateUse1,
      c10::KernelFunction::makeFromUnboxedRuntimeFunction(f), c10::impl::CppSignature::make<F>(), nullptr,
      "the simulated device"));
}

/// The same with a function for all operations.
template <c10::KernelFunction::BoxedKernelFunction* f>
void implement_boxed(const char* name, const char* overload) {
  keep(c10::Dispatcher::singleton().registerImpl(
      c10::OperatorName(name, overload), c10::DispatchKey::PrivateUse1,
      c10::KernelFunction::makeFromBoxedFunction<f>(), std::nullopt, nullptr, "the simulated device"));
}

}  // namespace sora::sim
