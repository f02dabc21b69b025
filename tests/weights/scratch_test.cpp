// The scratch memory of a network's widened matrices, on a device whose name has no number.
#include <ATen/EmptyTensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/impl/FakeGuardImpl.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "weights/stored_weight.h"

// A device that uses the host's memory, with only the functions that Scratch needs.
namespace {

constexpr at::DeviceType kFake = at::kPrivateUse1;

struct FakeMemory : c10::Allocator {
  at::DataPtr allocate(std::size_t bytes) override {
    void* memory = std::malloc(bytes);
    return {memory, memory, &std::free, at::Device(kFake, 0)};
  }
  at::DeleterFnPtr raw_deleter() const override { return &std::free; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    std::memcpy(to, from, bytes);
  }
};

at::Tensor empty_fake(at::IntArrayRef shape, std::optional<at::ScalarType> type, std::optional<at::Layout>,
                      std::optional<at::Device>, std::optional<bool>,
                      std::optional<at::MemoryFormat> format) {
  static FakeMemory memory;
  return at::detail::empty_generic(shape, &memory, c10::DispatchKeySet(c10::DispatchKey::PrivateUse1),
                                   type.value_or(at::kFloat), format);
}

at::Tensor as_strided(const at::Tensor& x, at::IntArrayRef shape, at::IntArrayRef strides,
                      std::optional<std::int64_t> offset) {
  return at::native::as_strided_tensorimpl(x, shape, strides, offset);
}

at::Tensor view(const at::Tensor& x, at::IntArrayRef shape) { return at::native::view(x, shape); }

template <class Function>
c10::RegistrationHandleRAII registered(const char* name, const char* overload, Function* function) {
  return c10::Dispatcher::singleton().registerImpl(
      {name, overload}, c10::DispatchKey::PrivateUse1,
      c10::KernelFunction::makeFromUnboxedRuntimeFunction(function), {}, nullptr, "a device for tests");
}

}  // namespace

C10_REGISTER_GUARD_IMPL(PrivateUse1, c10::impl::FakeGuardImpl<kFake>);

namespace sora {
namespace {

TEST(ScratchTest, IsTheSameRoomOnADeviceThatIsNamedWithoutItsNumber) {
  const auto empty_there = registered("aten::empty", "memory_format", empty_fake);
  const auto as_strided_there = registered("aten::as_strided", "", as_strided);
  const auto view_there = registered("aten::view", "", view);
  const c10::InferenceMode inference;
  for (const at::Device device : {at::Device(at::kCPU), at::Device(kFake, 0), at::Device(kFake)}) {
    SCOPED_TRACE(device.str());
    Scratch scratch;
    const void* room = scratch.take({8, 4}, at::TensorOptions(device).dtype(at::kFloat)).data_ptr();
    const at::Tensor in_the_way = at::empty({8, 4});  // might take the place of a room that is let go
    EXPECT_EQ(scratch.take({4, 4}, at::TensorOptions(device).dtype(at::kFloat)).data_ptr(), room);
    EXPECT_EQ(scratch.take({8, 4}, at::TensorOptions(device).dtype(at::kFloat)).data_ptr(), room);
  }
}

}  // namespace
}  // namespace sora
