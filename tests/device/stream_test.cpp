// Streamed weights on a device that lags: the host may queue a whole network, the device never has more of it
// than planned, and all bytes arrive by queued copies from pinned memory.
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <numeric>

#include "simulated_device.h"
#include "temporary_folder.h"
#include "typed_file.h"
#include "weights/host_memory.h"
#include "weights/weight_stream.h"

namespace sora {
namespace {

const at::Device kSim(at::kPrivateUse1, 0);
constexpr std::int64_t kRows = 300, kColumns = 100;
constexpr std::int64_t kBytes = kRows * kColumns * 2;  // of a weight

class DeviceStream : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    sim::register_device();
    (void)sim::take_faults();
    TypedTensors tensors;
    for (int i = 0; i < 12; ++i) {
      values_.push_back(at::full({kRows, kColumns}, i).to(at::kBFloat16));
      tensors["w" + std::to_string(i)] = {"BF16", values_.back()};
    }
    write_typed(folder_ / "a.safetensors", tensors);
    file_ = std::make_shared<const Checkpoint>(folder_ / "a.safetensors");
  }
  void TearDown() override { EXPECT_EQ(sim::take_faults(), std::vector<std::string>{}); }

  std::unique_ptr<WeightStream> stream(std::int64_t ahead) const {
    auto stream = std::make_unique<WeightStream>(file_, kSim, ahead, GetParam());
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const std::string name = "w" + std::to_string(i);
      stream->add({{name, *file_->find(name), kRows, nullptr, {}}}, kColumns);
    }
    return stream;
  }

  const c10::InferenceMode inference_;
  const TemporaryFolder folder_;
  std::vector<at::Tensor> values_;
  std::shared_ptr<const Checkpoint> file_;
};

TEST_P(DeviceStream, BringsTheRightBytesAndKeepsWithinItsWindow) {
  for (const std::int64_t ahead : {std::int64_t{1}, 3 * kBytes}) {
    SCOPED_TRACE(ahead);
    const auto from = stream(ahead);
    sim::reset_counters();
    const std::int64_t before = sim::counters().bytes;
    at::Tensor sum = at::zeros({kRows, kColumns}, at::TensorOptions(kSim));
    for (int pass = 0; pass < 3; ++pass) {
      for (std::size_t i = 0; i < values_.size(); ++i) sum.add_(from->take(i).at(0), i + 1);
    }
    // Prefetched weights, as many in use, and a result in the making.
    const std::int64_t most = 2 * std::max(ahead, kBytes) + 3 * kRows * kColumns * 4;
    EXPECT_LE(sim::counters().peak_bytes - before, most);
    EXPECT_EQ(sim::counters().pageable_bytes, 0)
        << "a copy from memory that is not pinned makes the host wait";
    at::Tensor expected = at::zeros({kRows, kColumns});
    for (std::size_t i = 0; i < values_.size(); ++i) expected.add_(values_[i].to(at::kFloat), 3.0 * (i + 1));
    EXPECT_TRUE(at::allclose(sum.to(at::kCPU), expected));
  }
}

INSTANTIATE_TEST_SUITE_P(From, DeviceStream, testing::Values(true, false),
                         [](const auto& info) { return info.param ? "TheHost" : "TheFile"; });

TEST(HostSlabs, WasteLittleOfPinnedMemory) {
  sim::register_device();
  // Weights of a 14B transformer's block, scaled down: 5120 x 5120 and 5120 x 13824 in bf16, and small ones.
  std::vector<std::uint64_t> sizes;
  for (int block = 0; block < 40; ++block) {
    for (int i = 0; i < 8; ++i) sizes.push_back(5120 * 5120 * 2 / 256);
    for (int i = 0; i < 2; ++i) sizes.push_back(5120 * 13824 * 2 / 256);
    sizes.push_back(5120 * 2);
  }
  const std::uint64_t all = std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0});
  sim::reset_counters();
  const std::int64_t before = sim::counters().pinned_bytes;
  HostSlabs slabs(true, all);
  std::vector<at::Tensor> parts;
  for (const std::uint64_t bytes : sizes) {
    parts.push_back(slabs.take(bytes));
    ASSERT_EQ(parts.back().nbytes(), bytes);
    parts.back().fill_(static_cast<int>(parts.size() % 251));
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    ASSERT_TRUE(parts[i].eq(static_cast<int>((i + 1) % 251)).all().item<bool>()) << "parts overlap";
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(parts[i].const_data_ptr()) % 64, 0U);
  }
  EXPECT_LT(static_cast<double>(sim::counters().pinned_peak - before), 1.06 * static_cast<double>(all));
}

}  // namespace
}  // namespace sora
