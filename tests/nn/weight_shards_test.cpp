// Ranks that each have a share of the weights put them together when they are used.
#include "weights/weight_shards.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "rank_threads.h"
#include "temporary_folder.h"
#include "typed_file.h"

namespace sora {
namespace {

class WeightShardsTest : public testing::Test {
 protected:
  void SetUp() override {
    TypedTensors tensors;
    // Sizes that neither the ranks nor the alignment divides.
    for (const auto& [name, rows] : {std::pair("q", 7), std::pair("k", 5), std::pair("o", 3)}) {
      values_[name] = at::randn({rows, 11}).to(at::kBFloat16);
      tensors[name] = {"BF16", values_[name]};
    }
    write_typed(folder_ / "a.safetensors", tensors);
    file_ = std::make_shared<const Checkpoint>(folder_ / "a.safetensors");
  }

  StoredPart part(const char* name) const {
    return {name, *file_->find(name), values_.at(name).size(0), nullptr, {}};
  }

  std::shared_ptr<const WeightSharing> sharing(const nn::RankGroup& group) const {
    auto sharing = std::make_shared<WeightSharing>();
    sharing->rank = group.index;
    sharing->ranks = group.size();
    sharing->gather = [group](const at::Tensor& own, at::Tensor& whole) {
      nn::all_gather_into(group, own, whole);
    };
    return sharing;
  }

  const TemporaryFolder folder_;
  std::map<std::string, at::Tensor> values_;
  std::shared_ptr<const Checkpoint> file_;
};

TEST_F(WeightShardsTest, EveryRankHasAShareAndGetsTheWhole) {
  for (const int ranks : {1, 2, 3, 5}) {
    SCOPED_TRACE(ranks);
    test::as_ranks(ranks, [&](const nn::RankGroup& group) {
      WeightShards shards(file_, at::kCPU, 1 << 20, sharing(group));
      const std::size_t fused = shards.add({part("q"), part("k")}, 11), other = shards.add({part("o")}, 11);
      const std::uint64_t all = (7 + 5 + 3) * 11 * 2;
      EXPECT_LE(shards.bytes(), all / static_cast<std::uint64_t>(ranks) + 4 * 16);
      for (int pass = 0; pass < 3; ++pass) {
        const auto first = shards.take(fused);
        const auto second = shards.take(other);  // while the first is in use
        EXPECT_TRUE(at::equal(first.at(0), values_.at("q")));
        EXPECT_TRUE(at::equal(first.at(1), values_.at("k")));
        EXPECT_TRUE(at::equal(second.at(0), values_.at("o")));
      }
      EXPECT_EQ(shards.gathered(), 6U);
    });
  }
}

TEST_F(WeightShardsTest, MemoryIsUsedAgainOnceItWasReleased) {
  test::as_ranks(2, [&](const nn::RankGroup& group) {
    WeightShards shards(file_, at::kCPU, 1 << 20, sharing(group));
    const std::size_t index = shards.add({part("q")}, 11);
    const void* place = shards.take(index).at(0).const_data_ptr();
    EXPECT_EQ(shards.take(index).at(0).const_data_ptr(), place);
    const auto kept = shards.take(index);
    EXPECT_NE(shards.take(index).at(0).const_data_ptr(), place);
    EXPECT_TRUE(at::equal(kept.at(0), values_.at("q")));
  });
}

}  // namespace
}  // namespace sora
