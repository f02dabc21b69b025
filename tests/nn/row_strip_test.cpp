// Ranks with a strip of a picture each compute what one rank computes of all of it.
#include "nn/ranks/row_strip.h"

#include <gtest/gtest.h>

#include <atomic>

#include "nn/causal_conv3d.h"
#include "rank_threads.h"

namespace sora::nn {
namespace {

// [T, rows, W, C], whose numbers say where they are.
at::Tensor numbered(std::int64_t frames, std::int64_t rows, std::int64_t columns) {
  return at::arange(frames * rows * columns * 2, at::kFloat).view({frames, rows, columns, 2}) + 1;
}

TEST(RowStrip, HasTheRowsOfItsNeighboursAndZerosAtTheEdges) {
  const at::Tensor all = numbered(2, 14, 3);
  for (const int count : {1, 2, 3, 4, 7}) {
    SCOPED_TRACE(count);
    std::atomic<std::int64_t> rows = 0;
    test::as_ranks(count, [&](const RankGroup& group) {
      const RowStrip strip(group, 7);  // half of the rows of `all`
      rows += strip.rows();
      const at::Tensor own = all.narrow(1, 2 * strip.first(), 2 * strip.rows());
      const at::Tensor padded = at::constant_pad_nd(all, {0, 0, 0, 0, 1, 1});
      EXPECT_TRUE(at::equal(strip.with_borders(own), padded.narrow(1, 2 * strip.first(), own.size(1) + 2)));
      EXPECT_TRUE(at::equal(strip.all_rows(own), all));
      const std::int64_t neighbours = (group.index > 0) + (group.index + 1 < count);
      EXPECT_EQ(group.communicator->traffic().sent, 4 * (neighbours * 2 * 3 * 2 + (count - 1) * own.numel()));
      EXPECT_EQ(strip.most_elements(own.numel()), 2 * ((7 + count - 1) / count) * 2 * 3 * 2);
    });
    EXPECT_EQ(rows, 7);
  }
}

TEST(RowStrip, ThatWouldBeEmptyIsAnError) {
  const auto ranks = make_thread_ranks(2);
  EXPECT_THROW(RowStrip({ranks[0].get(), {0, 1}, 0}, 1), Error);
}

struct RandomLayer : WeightSource {
  at::Tensor weight, bias;
  RandomLayer(std::int64_t in, std::int64_t out, at::ScalarType type)
      : weight(at::randn({out, in, 3, 3, 3}, type)), bias(at::randn({out}, type)) {}
  at::Tensor get(const std::string& name, at::IntArrayRef, Precision) override {
    return name == "weight" ? weight : bias;
  }
  bool has(const std::string&) const override { return true; }
};

struct Case {
  const char* name;
  std::int64_t in, out, rows;
  at::ScalarType type;
  double tolerance;  // of Winograd's sums, whose tiles begin at other rows; ATen's choose other orders, too
};

class StripConvolution : public testing::TestWithParam<Case> {};

TEST_P(StripConvolution, OfAStreamIsThatOfWholeFrames) {
  const Case& c = GetParam();
  at::manual_seed(1);
  const auto layer = std::make_shared<RandomLayer>(c.in, c.out, c.type);
  const CausalConv3d conv(Weights(layer), c.in, c.out);
  const at::Tensor x = at::randn({9, c.rows, 6, c.in}, c.type),
                   before = at::randn({1, c.rows, 6, c.in}, c.type);
  const at::Tensor residual = at::randn({9, c.rows, 6, c.out}, c.type);
  for (const bool begins : {false, true}) {
    // Chunks of 1, 4 and 4 frames, as a video autoencoder's decoder has them.
    const auto convolved = [&](const Strip* strip, std::int64_t first, std::int64_t rows) {
      StreamState state(strip);
      std::vector<at::Tensor> parts;
      const auto of_strip = [&](const at::Tensor& all) { return all.narrow(1, first, rows).contiguous(); };
      for (const auto [t, n] : {std::pair(0, 1), std::pair(1, 4), std::pair(5, 4)}) {
        state.rewind();
        PixelEpilogue sum;
        sum.residual = of_strip(residual.narrow(0, t, n));
        parts.push_back(conv(of_strip(x.narrow(0, t, n)), state, sum,
                             begins && t == 0 ? of_strip(before) : at::Tensor()));
      }
      return at::cat(parts);
    };
    const at::Tensor expected = convolved(nullptr, 0, c.rows);
    for (const int count : {2, 3, 4}) {
      SCOPED_TRACE(count);
      test::as_ranks(count, [&](const RankGroup& group) {
        const RowStrip strip(group, c.rows);
        const at::Tensor made = convolved(&strip, strip.first(), strip.rows());
        const at::Tensor wanted = expected.narrow(1, strip.first(), strip.rows());
        EXPECT_LE(((made - wanted).norm() / wanted.norm()).item<double>(), c.tolerance);
      });
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Methods, StripConvolution,
                         testing::Values(Case{"winograd", 16, 16, 17, at::kFloat, 2e-6},
                                         Case{"winograd_of_three_rows", 16, 24, 11, at::kFloat, 2e-6},
                                         Case{"taps", 4, 3, 7, at::kFloat, 2e-6},
                                         Case{"taps_exact", 4, 3, 7, at::kDouble, 1e-14}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace sora::nn
