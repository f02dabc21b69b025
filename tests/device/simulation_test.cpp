// The simulated device itself: if it let faults pass, the other tests here would show nothing.
#include <ATen/ATen.h>
#include <c10/core/Event.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <gtest/gtest.h>

#include "simulated_device.h"

namespace sora {
namespace {

const at::Device kSim(at::kPrivateUse1, 0);

c10::Stream side_stream() { return c10::impl::VirtualGuardImpl(kSim.type()).getStreamFromGlobalPool(kSim); }
c10::Stream main_stream() { return c10::impl::VirtualGuardImpl(kSim.type()).getStream(kSim); }
at::Tensor pinned(at::IntArrayRef shape) { return at::empty(shape, at::TensorOptions().pinned_memory(true)); }

class Simulation : public testing::Test {
 protected:
  void SetUp() override {
    sim::register_device();
    (void)sim::take_faults();
    sim::reset_counters();
  }
  void TearDown() override { EXPECT_EQ(sim::take_faults(), std::vector<std::string>{}); }

  const c10::InferenceMode inference_;
};

TEST_F(Simulation, ComputesWhatTheCpuDoes) {
  const at::Tensor x = at::randn({1, 4, 6, 8}), w = at::randn({5, 4, 3, 3});
  const at::Tensor there = x.to(kSim);
  EXPECT_TRUE(at::equal(at::conv2d(there, w.to(kSim)).to(at::kCPU), at::conv2d(x, w)));
  EXPECT_TRUE(at::equal(at::scaled_dot_product_attention(there, there, there).to(at::kCPU),
                        at::scaled_dot_product_attention(x, x, x)));
  EXPECT_TRUE(at::equal(at::layer_norm(there.permute({0, 2, 3, 1}), {4}).to(at::kCPU),
                        at::layer_norm(x.permute({0, 2, 3, 1}), {4})));
  at::Tensor part = there.narrow(1, 1, 2);
  part.mul_(2).add_(0.5);
  EXPECT_TRUE(at::equal(there.to(at::kCPU).narrow(1, 1, 2), x.narrow(1, 1, 2) * 2 + 0.5));
  EXPECT_TRUE(at::equal(at::cat({there, there}, 1).to(at::kBFloat16).to(at::kCPU),
                        at::cat({there.to(at::kCPU), there.to(at::kCPU)}, 1).to(at::kBFloat16)));
}

TEST_F(Simulation, RefusesTensorsOfTheCpuInListsToo) {
  const at::Tensor here = at::ones({2, 3}), there = here.to(kSim);
  EXPECT_THROW(here + there, c10::Error);
  EXPECT_THROW(at::cat({there, here}), c10::Error);
  EXPECT_THROW(at::linear(there, here), c10::Error);
  EXPECT_THROW(at::conv2d(at::ones({1, 1, 3, 3}).to(kSim), at::ones({1, 1, 3, 3})), c10::Error);
  EXPECT_THROW(there + here.to(at::Device(at::kPrivateUse1, 1)), c10::Error);
  EXPECT_NO_THROW(there * at::scalar_tensor(2.0));  // as on a GPU, a number of the host is a number
}

TEST_F(Simulation, CountsMemoryCopiesAndWaits) {
  const at::Tensor here = at::ones({1000});
  at::Tensor there = here.to(kSim);
  EXPECT_EQ(sim::counters().bytes, 4000);
  EXPECT_EQ(sim::counters().to_device_bytes, 4000);
  EXPECT_EQ(sim::counters().pageable_bytes, 4000);
  EXPECT_EQ(sim::counters().host_waits, 1);
  EXPECT_EQ((there + 1).sum().item<double>(), 2000);
  EXPECT_EQ(sim::counters().host_waits, 2);
  EXPECT_GT(sim::counters().launches, 1);
  there.reset();
  EXPECT_EQ(sim::counters().bytes, 0);
  EXPECT_GE(sim::counters().peak_bytes, 8000);
  const std::int64_t before = sim::counters().pinned_bytes;  // what copies hold that nobody has waited for
  EXPECT_EQ(pinned({300}).nbytes(), 1200u);
  EXPECT_EQ(sim::counters().pinned_peak - before, 2048);
}

TEST_F(Simulation, AQueuedCopyIsMadeOnlyWhenSomethingWaitsForIt) {
  const at::Tensor host = pinned({4});
  host.fill_(3);
  at::Tensor there = at::empty({4}, at::TensorOptions(kSim));
  c10::Event copied(kSim.type());
  const c10::Stream side = side_stream();
  {
    const c10::StreamGuard guard(side);
    there = at::empty({4}, at::TensorOptions(kSim));
    there.copy_(host, true);
    copied.record(side);
  }
  EXPECT_TRUE(at::isnan(there + 1).all().item<bool>());  // too early: not copied yet, and noticed
  EXPECT_FALSE(sim::take_faults().empty());
  copied.block(main_stream());
  there.record_stream(main_stream());
  EXPECT_EQ((there + 1).sum().item<double>(), 16);
  there.reset();
}

TEST_F(Simulation, WhatIsReadBackTooEarlyIsWrong) {
  const at::Tensor there = at::full({4}, 3.0, at::TensorOptions(kSim));
  const at::Tensor host = pinned({4});
  host.copy_(there, true);
  EXPECT_NE(host[0].item<double>(), 3);
  c10::Event copied(kSim.type());
  copied.record(main_stream());
  EXPECT_FALSE(copied.query());
  copied.synchronize();
  EXPECT_TRUE(copied.query());
  EXPECT_EQ(host[0].item<double>(), 3);
}

TEST_F(Simulation, MemoryThatAnotherStreamUsesMustBeKnownToTheAllocator) {
  const c10::Stream side = side_stream();
  for (const bool known : {true, false}) {
    sim::reset_counters();
    at::Tensor there;
    {
      const c10::StreamGuard guard(side);
      there = at::full({1000}, 3.0, at::TensorOptions(kSim));
    }
    c10::Event made(kSim.type());
    made.record(side);
    made.block(main_stream());
    if (known) there.record_stream(main_stream());
    there.add_(1);
    there.reset();
    EXPECT_EQ(sim::take_faults().empty(), known);
    EXPECT_EQ(sim::counters().bytes, known ? 4000 : 0);  // in use until the host knows otherwise
    c10::Event used(kSim.type());
    used.record(main_stream());
    used.synchronize();
    EXPECT_EQ(sim::counters().bytes, 0);
  }
}

TEST_F(Simulation, ItsMemoryEnds) {
  sim::set_memory(1 << 20);
  EXPECT_THROW(at::empty({1 << 20}, at::TensorOptions(kSim)), c10::OutOfMemoryError);
  EXPECT_NO_THROW(at::empty({1 << 17}, at::TensorOptions(kSim)));
  sim::set_memory(0);
}

}  // namespace
}  // namespace sora
