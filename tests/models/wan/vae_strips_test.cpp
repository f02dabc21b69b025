// Ranks that decode a strip of the rows each give the frames that one rank gives (Note [Strips] in
// nn/strip.h).
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "models/wan/networks/vae.h"
#include "models/wan/networks/vae_networks.h"
#include "models/wan/tensor_memory.h"
#include "models/wan/vae_memory.h"
#include "nn/ranks/row_strip.h"
#include "places.h"
#include "rank_threads.h"

namespace sora::wan {
namespace {

// fp32 sums in another order; a wrong row shows as 1e-2 or more.
constexpr double tolerance = 1e-5;

double relative_l2(const at::Tensor& x, const at::Tensor& expected) {
  return ((x - expected).norm() / expected.norm()).item<double>();
}

class WanStrips : public testing::TestWithParam<const char*> {
 protected:
  WanStrips() { at::set_num_threads(1); }
  std::unique_ptr<WanVae> vae() const { return load_vae(test_data() / "vae" / GetParam(), {}); }

 private:
  const c10::InferenceMode inference_;
};

TEST_P(WanStrips, GiveTheFramesOfOneRank) {
  const auto model = vae();
  const VaeConfig& config = model->config();
  at::manual_seed(3);
  for (const std::int64_t frames : {1, 4}) {
    for (const int count : {2, 3, 4}) {
      SCOPED_TRACE(std::to_string(frames) + " latent frames, " + std::to_string(count) + " ranks");
      const std::int64_t rows = 7, columns = 5, scale = config.scale_factor_spatial;
      const at::Tensor latents = at::randn({1, config.z_dim, frames, rows, columns});
      const at::Tensor expected = model->decode(latents);
      test::as_ranks(count, [&](const nn::RankGroup& group) {
        const auto strip = std::make_shared<const nn::RowStrip>(group, rows);
        const auto stream = model->strip_decoder(strip);
        std::vector<at::Tensor> made;
        std::int64_t bytes = 0;
        for (std::int64_t t = 0; t < frames; ++t) {
          made.push_back(stream->next(latents.narrow(2, t, 1).narrow(3, strip->first(), strip->rows())));
          bytes += static_cast<std::int64_t>(
              strip_bytes(config, rows * scale, columns * scale, count, group.index, t == 0));
        }
        const at::Tensor own = expected.narrow(3, strip->first() * scale, strip->rows() * scale);
        ASSERT_EQ(at::cat(made, 2).sizes(), own.sizes());
        EXPECT_LE(relative_l2(at::cat(made, 2), own), tolerance);
        EXPECT_EQ(group.communicator->traffic().sent, bytes);
      });
    }
  }
}

TEST_P(WanStrips, NeedLessMemoryThanOneRank) {
  const auto model = vae();
  const VaeConfig& config = model->config();
  constexpr std::int64_t rows = 42, columns = 40, frames = 3;
  const at::Tensor latents = at::randn({1, config.z_dim, frames, rows, columns});
  const auto decode = [&](DecoderStream& stream, std::int64_t first, std::int64_t count) {
    for (std::int64_t t = 0; t < frames; ++t)
      (void)stream.next(latents.narrow(2, t, 1).narrow(3, first, count));
  };
  std::int64_t one = 0;
  {
    test::TensorMemory memory;
    decode(*model->decoder(), 0, rows);
    one = memory.peak();
  }
  constexpr int count = 4;
  test::TensorMemory memory;
  test::as_ranks(count, [&](const nn::RankGroup& group) {
    const auto strip = std::make_shared<const nn::RowStrip>(group, rows);
    test::TensorMemory::count_this_thread_as(1 + group.index);
    decode(*model->strip_decoder(strip), strip->first(), strip->rows());
    test::TensorMemory::count_this_thread_as(0);
    // A quarter of the rows, and borders, which weigh most where there are few rows of latents.
    EXPECT_LT(static_cast<double>(memory.peak(1 + group.index)), 0.4 * static_cast<double>(one));
    const std::int64_t height = (strip->rows() + 2) * config.scale_factor_spatial;
    const auto counted =
        static_cast<double>(decoder_bytes(config, height, columns * config.scale_factor_spatial));
    EXPECT_LT(static_cast<double>(memory.peak(1 + group.index)), 1.15 * counted);
  });
}

INSTANTIATE_TEST_SUITE_P(Checkpoints, WanStrips, testing::Values("plain", "residual"),
                         [](const auto& info) { return std::string(info.param); });

// Weights at random, wide enough for Winograd's method, which the small checkpoints are not.
class RandomWeights : public WeightSource {
 public:
  at::Tensor get(const std::string& name, at::IntArrayRef shape, Precision) override {
    at::Tensor& weight = weights_[name];
    if (!weight.defined()) {
      const double inputs =
          shape.size() > 1 ? static_cast<double>(c10::multiply_integers(shape)) / shape[0] : 1;
      weight = at::randn(shape) / std::sqrt(inputs);
    }
    return weight;
  }
  bool has(const std::string&) const override { return true; }

 private:
  std::map<std::string, at::Tensor> weights_;
};

TEST(WanStripsByWinograd, GiveTheFramesOfOneRank) {
  const c10::InferenceMode inference;
  for (const bool is_residual : {false, true}) {
    SCOPED_TRACE(is_residual ? "residual" : "plain");
    at::manual_seed(5);
    VaeConfig config;
    config.base_dim = config.decoder_base_dim = 16;
    config.z_dim = 8;
    config.dim_mult = {1, 2, 2};
    config.temperal_downsample = {false, true};
    config.num_res_blocks = 1;
    config.is_residual = is_residual;
    config.scale_factor_spatial = 4;
    config.scale_factor_temporal = 2;
    const VaeDecoder decoder(Weights(std::make_shared<RandomWeights>()), config);
    constexpr std::int64_t rows = 7, columns = 8, frames = 3;
    const at::Tensor z = at::randn({frames, rows, columns, config.z_dim});
    std::vector<at::Tensor> expected;
    nn::StreamState whole;
    for (std::int64_t t = 0; t < frames; ++t) expected.push_back(decoder(z.narrow(0, t, 1), whole));
    for (const int count : {2, 3}) {
      test::as_ranks(count, [&](const nn::RankGroup& group) {
        const nn::RowStrip strip(group, rows);
        nn::StreamState state(&strip);
        for (std::int64_t t = 0; t < frames; ++t) {
          const at::Tensor made =
              decoder(z.narrow(0, t, 1).narrow(1, strip.first(), strip.rows()).contiguous(), state);
          const at::Tensor own =
              expected[static_cast<std::size_t>(t)].narrow(1, 4 * strip.first(), 4 * strip.rows());
          ASSERT_EQ(made.sizes(), own.sizes());
          EXPECT_LE(relative_l2(made, own), tolerance);
        }
      });
    }
  }
}

// As on a GPU: with kernels that are folded to 2x2.
TEST(WanStripsByTaps, DoubleSpaceAsOneRankDoes) {
  const c10::InferenceMode inference;
  at::manual_seed(6);
  class Doubles final : public RandomWeights {
    at::Tensor get(const std::string& name, at::IntArrayRef shape, Precision precision) override {
      return RandomWeights::get(name, shape, precision).to(at::kDouble);
    }
  };
  const Upsampler upsampler(Weights(std::make_shared<Doubles>()), 4, 2, /*temporal=*/false);
  const at::Tensor x = at::randn({2, 7, 5, 4}, at::kDouble);
  nn::StreamState whole;
  const at::Tensor expected = upsampler.double_space(x, whole);
  test::as_ranks(3, [&](const nn::RankGroup& group) {
    const nn::RowStrip strip(group, 7);
    nn::StreamState state(&strip);
    const at::Tensor made =
        upsampler.double_space(x.narrow(1, strip.first(), strip.rows()).contiguous(), state);
    EXPECT_LE(relative_l2(made, expected.narrow(1, 2 * strip.first(), 2 * strip.rows())), 1e-14);
  });
}

}  // namespace
}  // namespace sora::wan
