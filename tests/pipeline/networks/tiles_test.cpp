// Tiles: their positions, and that their results blend into one picture.
#include "plan/geometry/tiles.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <vector>

#include "models/wan/networks/transformer.h"
#include "models/wan/networks/vae.h"
#include "pipeline/networks/tiled_prediction.h"
#include "pipeline/networks/tiled_vae.h"
#include "places.h"

namespace sora {
namespace {

namespace fs = std::filesystem;

TEST(Tiles, CoverEverythingWithWeightsThatSumToOne) {
  for (const std::int64_t grid : {1, 2}) {
    for (std::int64_t length = grid; length < 60; length += grid) {
      for (std::int64_t size = grid; size < 20; size += 3 * grid) {
        for (std::int64_t overlap = 0; overlap < size; overlap += 2) {
          for (const bool shifted : {false, true}) {
            SCOPED_TRACE(testing::Message() << length << " by " << size << " over " << overlap << shifted);
            const std::int64_t scale = 3;
            std::vector<double> sums(static_cast<std::size_t>(length * scale), 0);
            std::int64_t end = 0;
            for (const Tile& tile : tiles_over(length, {size, overlap}, grid, shifted, scale)) {
              ASSERT_EQ(tile.count, std::min(size, length));
              ASSERT_EQ(tile.first % grid, 0);
              ASSERT_LE(tile.first, end) << "a hole";
              ASSERT_GT(tile.first + tile.count, end) << "a tile that adds nothing";
              if (tile.first > 0 && overlap + grid <= size) {
                ASSERT_GE(end - tile.first, overlap);
              }
              end = tile.first + tile.count;
              ASSERT_EQ(static_cast<std::int64_t>(tile.weights.size()), tile.count * scale);
              for (std::size_t i = 0; i < tile.weights.size(); ++i) {
                ASSERT_GT(tile.weights[i], 0);
                sums[static_cast<std::size_t>(tile.first * scale) + i] += tile.weights[i];
              }
            }
            ASSERT_EQ(end, length);
            for (const double sum : sums) ASSERT_NEAR(sum, 1, 1e-5);
          }
        }
      }
    }
  }
}

TEST(Tiles, FadeTowardsTheirEdgesAndEdgesMoveFromStepToStep) {
  const auto tiles = tiles_over(32, {8, 4}, 2, false);
  ASSERT_EQ(tiles.size(), 7U);
  EXPECT_EQ(tiles[0].weights[0], 1) << "the picture's own edge is no seam";
  EXPECT_LT(tiles[1].weights[0], 0.2);
  EXPECT_LT(tiles[1].weights[7], 0.2);
  std::vector<std::int64_t> starts, moved;
  for (const Tile& tile : tiles) starts.push_back(tile.first);
  for (const Tile& tile : tiles_over(32, {8, 4}, 2, true)) moved.push_back(tile.first);
  EXPECT_EQ(starts, (std::vector<std::int64_t>{0, 4, 8, 12, 16, 20, 24}));
  EXPECT_EQ(moved, (std::vector<std::int64_t>{0, 2, 6, 10, 14, 18, 22, 24}));
  EXPECT_EQ(tiles_per_step({{5, 2}, {8, 4}, {8, 4}}, 5, 8, 32, 2, 2), 7.5);
}

class TiledNetworks : public testing::Test {
 protected:
  const c10::InferenceMode inference_;
};

class TiledPrediction : public TiledNetworks {
 protected:
  TiledPrediction() : transformer_(wan::load_transformer(test_data() / "pipeline/ti2v/transformer", {})) {
    const auto generator = at::detail::createCPUGenerator(3);
    latents_ = at::randn({1, 6, 3, 4, 12}, generator);
    text_ = transformer_.prepare_text(at::randn({1, 512, transformer_.config().text_dim}, generator));
    // The first frame is a conditioning frame, so that tokens of a tile have timesteps of their own.
    times_ = at::full({1, 3 * 2 * 6}, 400.0);
    times_.narrow(1, 0, 12).zero_();
  }

  at::Tensor forward(std::int64_t frame, std::int64_t frames, std::int64_t column, std::int64_t columns) {
    const at::Tensor times =
        times_.view({1, 3, 2, 6}).narrow(1, frame, frames).narrow(3, column / 2, columns / 2).flatten(1);
    return transformer_.forward(latents_.narrow(2, frame, frames).narrow(4, column, columns), times, text_);
  }

  wan::WanTransformer transformer_;
  at::Tensor latents_, times_;
  wan::TextContext text_;
};

TEST_F(TiledPrediction, OfOneTileIsThePrediction) {
  const at::Tensor whole = transformer_.forward(latents_, times_, text_);
  const Tiling tiling{{5, 2}, {8, 4}, {16, 4}};
  EXPECT_TRUE(at::equal(predict_in_tiles(transformer_, latents_, times_, text_, tiling, false), whole));
  EXPECT_TRUE(at::equal(predict_in_tiles(transformer_, latents_, times_, text_, tiling, true), whole));
}

TEST_F(TiledPrediction, BlendsWhatEachTileSays) {
  // Two tiles in time, two in width; both share what the weights say.
  const Tiling tiling{{2, 1}, {4, 2}, {8, 4}};
  at::Tensor expected = at::zeros_like(latents_);
  const at::Tensor in_time = at::tensor({1.0F, 0.5F, 0.0F}).view({3, 1, 1});
  const at::Tensor in_width =
      at::tensor({1.0F, 1.0F, 1.0F, 1.0F, .875F, .625F, .375F, .125F, 0.0F, 0.0F, 0.0F, 0.0F});
  for (const std::int64_t frame : {0, 1}) {
    for (const std::int64_t column : {0, 4}) {
      const at::Tensor t = frame == 0 ? in_time : 1 - in_time;
      const at::Tensor w = column == 0 ? in_width : 1 - in_width;
      const at::Tensor weights = (t * w).expand({3, 4, 12}).narrow(0, frame, 2).narrow(2, column, 8);
      expected.narrow(2, frame, 2).narrow(4, column, 8).add_(forward(frame, 2, column, 8) * weights);
    }
  }
  const at::Tensor blended = predict_in_tiles(transformer_, latents_, times_, text_, tiling, false);
  // Tiles in one batch are summed in another order than alone.
  EXPECT_LT((blended - expected).abs().max().item<double>(), 1e-4);
  EXPECT_GT((blended - transformer_.forward(latents_, times_, text_)).abs().max().item<double>(), 1e-3);
}

class TiledVae : public TiledNetworks {
 protected:
  TiledVae() : vae_(wan::load_vae(source_folder() / "models/default/vae", {})) {
    // Waves that move, of several widths: what a picture has.
    const at::Tensor x = at::arange(192).view({1, 1, 192}).to(at::kFloat);
    const at::Tensor y = at::arange(128).view({1, 128, 1}).to(at::kFloat);
    const at::Tensor t = at::arange(5).view({5, 1, 1}).to(at::kFloat);
    const at::Tensor grey = (0.4 * at::sin((x + 2 * t) / 9) + 0.3 * at::sin((y - x / 3 + t) / 17));
    video_ = at::stack({grey, 0.7 * grey + 0.1, -0.5 * grey}).unsqueeze(0);  // [1, 3, 5, 128, 192]
  }

  static double psnr(const at::Tensor& a, const at::Tensor& b) {  // of values from -1 to 1
    return -10 * std::log10((a - b).square().mean().item<double>() / 4);
  }

  static at::Tensor all_of(ClipDecoder decoder, std::int64_t frames) {
    std::vector<at::Tensor> chunks;
    for (std::int64_t t = 0; t < frames; ++t) chunks.push_back(decoder.next());
    return at::cat(chunks, 2);
  }

  std::unique_ptr<wan::WanVae> vae_;
  at::Tensor video_;
  Tiling half_{{1, 0}, {11, 6}, {15, 6}};  // of 16 x 24 cells
};

TEST_F(TiledVae, OfOneTileIsTheVae) {
  const at::Tensor latents = vae_->encode(video_);
  const Tiling large{{1, 0}, {16, 6}, {24, 6}};
  EXPECT_TRUE(at::equal(encode_in_tiles(*vae_, video_, large), latents));
  EXPECT_TRUE(at::equal(encode_in_tiles(*vae_, video_, {}), latents));
  const at::Tensor decoded = vae_->decode(latents);
  EXPECT_TRUE(at::equal(all_of(ClipDecoder(*vae_, latents, {}), 2), decoded));
  EXPECT_GT(psnr(all_of(ClipDecoder(*vae_, latents, large), 2), decoded), 65) << "rounding to fp16";
}

TEST_F(TiledVae, IsNearTheWholeAndShowsNoSeams) {
  const at::Tensor latents = vae_->encode(video_);
  const at::Tensor decoded = vae_->decode(latents);
  const at::Tensor tiled = all_of(ClipDecoder(*vae_, latents, half_), 2);
  ASSERT_EQ(tiled.sizes(), decoded.sizes());
  EXPECT_GT(psnr(tiled, decoded), 40);
  // Where tiles begin and end the picture changes as much from column to column as the whole one does.
  const at::Tensor apart = (tiled - decoded).diff(1, 4).abs().amax({0, 1, 2, 3});
  EXPECT_LT(apart.max().item<double>(), 0.1);
  const at::Tensor encoded = encode_in_tiles(*vae_, video_, half_);
  EXPECT_GT(psnr(vae_->decode(encoded), decoded), 35);
}

}  // namespace
}  // namespace sora
