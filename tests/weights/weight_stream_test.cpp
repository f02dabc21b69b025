// Weight streams prefetch the next weights, recover from failed reads, and do not run ahead of a device.
#include "weights/weight_stream.h"

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <thread>

#include "core/file.h"
#include "sora/error.h"
#include "temporary_folder.h"
#include "typed_file.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr std::uint64_t kBytes = 50 * 100 * 2;  // of a weight

class WeightStreamTest : public testing::Test {
 protected:
  void write(int count) {
    TypedTensors tensors;
    for (int i = 0; i < count; ++i) {
      values_.push_back(at::full({50, 100}, i).to(at::kBFloat16));
      tensors["w" + std::to_string(i)] = {"BF16", values_.back()};
    }
    write_typed(path_, tensors);
    file_ = std::make_shared<const Checkpoint>(path_);
  }
  std::unique_ptr<WeightStream> stream(std::uint64_t ahead, const MarkDevice& mark = {}) const {
    auto stream = std::make_unique<WeightStream>(file_, at::kCPU, ahead, false, mark);
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const std::string name = "w" + std::to_string(i);
      stream->add({{name, *file_->find(name), 50, nullptr, {}}}, 100);
    }
    return stream;
  }
  void take(WeightStream& from, std::size_t index) const {
    const std::vector<at::Tensor> found = from.take(index);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_TRUE(at::equal(found[0], values_[index])) << index;
  }

  const c10::InferenceMode inference_;
  const TemporaryFolder folder_;
  const fs::path path_ = folder_ / "a.safetensors";
  std::vector<at::Tensor> values_;
  std::shared_ptr<const Checkpoint> file_;
};

TEST_F(WeightStreamTest, WaitsOnlyForTheFirstWhenTheOrderIsThatOfTheNetwork) {
  write(7);
  for (const std::uint64_t ahead : {1U, 25'000U, 1'000'000U}) {
    const auto from = stream(ahead);
    for (std::size_t i = 0; i < 21; ++i) take(*from, i % 7);
    EXPECT_EQ(from->waited(), 1u) << ahead;
  }
}

TEST_F(WeightStreamTest, LearnsAnOrderInOnePass) {
  write(7);
  const auto from = stream(25'000);
  const std::vector<std::size_t> order{3, 0, 6, 5, 1, 4};  // one of them is never used
  for (const std::size_t i : order) take(*from, i);
  const std::uint64_t learning = from->waited();
  EXPECT_GT(learning, 1u);
  take(*from, order[0]);  // what follows the last is learnt here
  for (std::size_t i = 1; i < order.size(); ++i) take(*from, order[i]);
  for (int pass = 0; pass < 3; ++pass) {
    for (const std::size_t i : order) take(*from, i);
  }
  EXPECT_LE(from->waited(), learning + 1);
}

TEST_F(WeightStreamTest, AFileThatWasCutMeanwhileIsAnError) {
  write(4);
  const auto from = stream(1);
  take(*from, 0);
  fs::resize_file(path_, 100);
  const auto all = [&] {
    for (std::size_t i = 0; i < 12; ++i) (void)from->take(i % 4);
  };
  try {
    all();
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
  }
}

TEST_F(WeightStreamTest, EndsWhileItBringsSomething) {
  write(7);
  for (int i = 0; i < 50; ++i) {
    const auto from = stream(1'000'000);
    take(*from, static_cast<std::size_t>(i % 7));
  }
}

// What is taken of `index`, or the kind of the error.
std::optional<ErrorKind> error_of(WeightStream& from, std::size_t index) {
  try {
    (void)from.take(index);
    return {};
  } catch (const Error& error) {
    return error.kind();
  }
}

TEST_F(WeightStreamTest, AfterAFailedReadTheFileIsReadAnew) {
  write(5);
  const std::string whole = read_text(path_, "test");
  for (const std::uint64_t ahead : {std::uint64_t{1}, 2 * kBytes, 100 * kBytes}) {
    SCOPED_TRACE(ahead);
    const auto from = stream(ahead);
    take(*from, 0);
    fs::resize_file(path_, whole.size() - 2 * kBytes);  // the last two are gone
    for (int run = 0; run < 3; ++run) {
      for (std::size_t i = 0; i < 3; ++i) (void)error_of(*from, i);  // may have been brought before
      for (std::size_t i = 0; i < 3; ++i) take(*from, i);
      if (run == 0) {
        (void)error_of(*from, 3);
        (void)error_of(*from, 4);
      }
      EXPECT_EQ(error_of(*from, 3), ErrorKind::data);
      EXPECT_EQ(error_of(*from, 4), ErrorKind::data);
    }
    std::ofstream(path_, std::ios::binary) << whole;  // the same file, whole again
    for (int pass = 0; pass < 3; ++pass) {
      for (std::size_t i = 0; i < 5; ++i) take(*from, i);
    }
  }
}

TEST_F(WeightStreamTest, AFailedReadLeavesNoPartsBehind) {
  write(2);
  const std::string whole = read_text(path_, "test");
  WeightStream from(file_, at::kCPU, 1, false);
  from.add({{"w0", *file_->find("w0"), 50, nullptr, {}}, {"w1", *file_->find("w1"), 50, nullptr, {}}}, 100);
  fs::resize_file(path_, whole.size() - 10);  // of the second
  for (int i = 0; i < 3; ++i) EXPECT_EQ(error_of(from, 0), ErrorKind::data);
  std::ofstream(path_, std::ios::binary) << whole;
  const std::vector<at::Tensor> parts = from.take(0);
  ASSERT_EQ(parts.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_TRUE(at::equal(parts[i], values_[i]));
}

/// A device that works only when it is told to: it has come to as many marks as done() was called.
class SlowDevice {
 public:
  MarkDevice mark() {
    return [this]() -> DeviceMark {
      const int number = ++marks_;
      return [this, number] {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return done_ >= number; });
      };
    };
  }
  void do_one() {
    const std::lock_guard lock(mutex_);
    ++done_;
    changed_.notify_all();
  }
  int marks() const { return marks_; }

 private:
  std::atomic<int> marks_ = 0;
  int done_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
};

TEST_F(WeightStreamTest, TheHostDoesNotRunAheadOfADeviceByMoreThanTheWindow) {
  constexpr int uses = 40;
  write(8);
  for (const std::uint64_t window : {std::uint64_t{1}, std::uint64_t{3}}) {
    SCOPED_TRACE(window);
    SlowDevice device;
    const auto from = stream(window * kBytes, device.mark());
    std::atomic<int> taken = 0;
    std::thread host([&] {
      const c10::InferenceMode inference;
      for (int i = 0; i < uses; ++i) {
        take(*from, static_cast<std::size_t>(i % 8));
        ++taken;
      }
    });
    // When the device has done n of them, the host may have had n + window, and the one that it works on,
    // and the stream as many again ahead of it.
    int most_taken = 0, most_brought = 0;
    for (int done = 0; done < uses; ++done) {
      while (taken < std::min(uses, done + 1)) std::this_thread::yield();
      std::this_thread::sleep_for(std::chrono::milliseconds(2));  // for a host that would go too far
      most_taken = std::max(most_taken, taken - done);
      most_brought = std::max(most_brought, static_cast<int>(from->loaded()) - done);
      device.do_one();
    }
    host.join();
    EXPECT_LE(most_taken, static_cast<int>(2 * window) + 1);
    EXPECT_LE(most_brought, static_cast<int>(2 * window) + 1);
    EXPECT_GE(device.marks(), uses - 1);
  }
}

TEST_F(WeightStreamTest, ADeviceThatFailsIsAnErrorAndNotTheEnd) {
  write(4);
  std::atomic<bool> fails = true;
  const auto from = stream(1, [&]() -> DeviceMark {
    return [&] {
      if (fails) throw Error(ErrorKind::unavailable, "device", "it is gone");
    };
  });
  std::optional<ErrorKind> found;
  for (std::size_t i = 0; i < 8 && !found; ++i) found = error_of(*from, i % 4);
  EXPECT_EQ(found, ErrorKind::unavailable);
  fails = false;
  for (std::size_t i = 0; i < 8; ++i) (void)error_of(*from, i % 4);
  for (std::size_t i = 0; i < 8; ++i) take(*from, i % 4);
}

}  // namespace
}  // namespace sora
