#include "nn/cuda/graphs.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/log.h"
#include "places.h"
#include "sora/error.h"

namespace sora::nn::cuda {
namespace {

class GraphsTest : public testing::Test {
 protected:
  GraphsTest() {
    set_log_sink([this](LogLevel, const std::string& text) { warnings.push_back(text); });
  }
  ~GraphsTest() override { set_log_sink({}); }

  // A replay computes again from the inputs as they are then, into the recorded output.
  struct Fake final : Recorder {
    GraphsTest* test = nullptr;
    std::vector<at::Tensor> inputs;
    at::Tensor output;
    void begin() override {
      if (test->refuses) throw Error(ErrorKind::unavailable, "graphs", "recording was refused");
      ++test->begun;
      test->recording = this;
    }
    void end() override {
      ++test->ended;
      test->recording = nullptr;
    }
    void replay() override {
      ++test->replayed;
      output.copy_(test->computed(inputs));
      if (test->errs) output.add_(1);
    }
  };

  at::Tensor computed(const std::vector<at::Tensor>& in) const { return in[0] * 2 + in[1] + text; }

  at::Tensor run(const std::vector<at::Tensor>& inputs) {
    return graphs.run(inputs, {text, at::Tensor()}, [this](const std::vector<at::Tensor>& in) {
      ++worked;
      if (fails && recording != nullptr) throw Error(ErrorKind::unavailable, "graphs", "not while recording");
      at::Tensor out = computed(in);
      if (recording != nullptr) {
        recording->inputs = in;
        recording->output = out;
      }
      return out;
    });
  }

  void expect_right(std::int64_t length) {
    const std::vector<at::Tensor> inputs{at::randn({length}), at::randn({length})};
    EXPECT_TRUE(at::equal(run(inputs), computed(inputs)));
  }

  std::vector<std::string> warnings;
  at::Tensor text = at::ones({1});
  int begun = 0, ended = 0, replayed = 0, worked = 0;
  bool refuses = false, fails = false, errs = false;
  Fake* recording = nullptr;
  Graphs graphs{[this](at::Device) {
    auto fake = std::make_unique<Fake>();
    fake->test = this;
    return fake;
  }};
};

TEST_F(GraphsTest, RecordOnceForEachShapeAndText) {
  for (int i = 0; i < 3; ++i) expect_right(5);
  EXPECT_EQ(begun, 1);
  EXPECT_EQ(worked, 2);    // once itself, once recorded
  EXPECT_EQ(replayed, 3);  // compared once
  for (int i = 0; i < 2; ++i) expect_right(7);
  EXPECT_EQ(begun, 2);
  text = at::full({1}, 3.0);
  for (int i = 0; i < 2; ++i) expect_right(5);
  EXPECT_EQ(begun, 3);
  EXPECT_EQ(ended, 3);
  EXPECT_THAT(warnings, testing::IsEmpty());
}

TEST_F(GraphsTest, AResultStaysWhenTheGraphRunsAgain) {
  const std::vector<at::Tensor> inputs{at::ones({5}), at::zeros({5})};
  (void)run(inputs);
  const at::Tensor result = run(inputs);
  expect_right(5);
  EXPECT_TRUE(at::equal(result, computed(inputs)));
}

TEST_F(GraphsTest, AreKeptForFewShapes) {
  for (std::int64_t length = 1; length <= 9; ++length) expect_right(length);
  EXPECT_EQ(begun, 9);
  expect_right(9);
  EXPECT_EQ(begun, 9);
  expect_right(1);
  EXPECT_EQ(begun, 10);
}

TEST_F(GraphsTest, ThatCannotBeRecordedAreGivenUpWithOneWarning) {
  refuses = true;
  for (int i = 0; i < 3; ++i) expect_right(5);
  EXPECT_EQ(worked, 3);
  EXPECT_THAT(warnings, testing::ElementsAre(testing::HasSubstr("recording was refused")));
}

TEST_F(GraphsTest, OfWorkThatFailsWhileItIsRecordedAreEndedAndGivenUp) {
  fails = true;
  for (int i = 0; i < 3; ++i) expect_right(5);
  EXPECT_EQ(ended, 1);
  EXPECT_THAT(warnings, testing::ElementsAre(testing::HasSubstr("not while recording")));
}

TEST_F(GraphsTest, ThatGiveOtherNumbersAreGivenUpWithOneWarning) {
  errs = true;
  for (int i = 0; i < 3; ++i) expect_right(5);
  EXPECT_THAT(warnings, testing::ElementsAre(testing::HasSubstr("other numbers")));
}

TEST_F(GraphsTest, OfALibtorchWithoutCudaAreGivenUpWithOneWarning) {
  graphs = Graphs();
  for (int i = 0; i < 2; ++i) expect_right(5);
  EXPECT_THAT(warnings, testing::ElementsAre(testing::HasSubstr("this libtorch has no")));
}

}  // namespace
}  // namespace sora::nn::cuda
