// Step caches: which steps they compute, and that they continue from a saved state with the same numbers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "error_of.h"
#include "sampling/easy_cache.h"
#include "sampling/first_block_cache.h"
#include "sampling/mag_cache.h"
#include "sora/error.h"

namespace sora {
namespace {

using testing::ElementsAre;

// Tokens of a network of two blocks, which change x in place: the first adds little, the second more.
at::Tensor run_network(at::Tensor x, double step, BlockCache& cache) {
  if (cache.skips_all(x)) return x;
  x.add_(0.1 + 0.01 * step);
  if (cache.skips_rest(x)) return x;
  x.mul_(1.5).add_(step);
  cache.computed(x);
  return x;
}

at::Tensor tokens(int step) { return at::arange(12, at::kFloat).reshape({1, 4, 3}) * (1 - 0.02 * step); }

// A save and a load as a job's checkpoint makes them: in fp32.
CacheState through_a_file(const BlockCache& cache) {
  CacheState state;
  cache.save(state);
  for (auto& entry : state) entry.second = entry.second.to(at::kFloat).clone();
  return state;
}

using MakeCache = std::function<std::unique_ptr<BlockCache>()>;

void expect_the_same_from_a_state(const MakeCache& make) {
  const auto whole = make();
  std::vector<at::Tensor> expected;
  for (int step = 0; step < 12; ++step) expected.push_back(run_network(tokens(step), step, *whole));
  EXPECT_GT(whole->skips(), 0);
  EXPECT_LT(whole->skips(), 12);
  auto broken = make();
  for (int step = 0; step < 12; ++step) {
    const CacheState state = through_a_file(*broken);
    broken = make();
    broken->load(state);
    EXPECT_TRUE(at::equal(run_network(tokens(step), step, *broken), expected[static_cast<std::size_t>(step)]))
        << step;
  }
}

TEST(StepCache, ContinuesFromASavedState) {
  const std::vector<double> ratios{1, 1.1, 1.02, 0.99, 0.98, 0.97, 0.95, 0.93, 0.9, 0.85, 0.8, 0.7};
  expect_the_same_from_a_state([&] {
    return std::make_unique<MagCache>(MagCacheSettings{0.1, 2, 3, ratios});
  });
  expect_the_same_from_a_state([] { return std::make_unique<FirstBlockCache>(0.15); });
}

TEST(StepCache, EasyContinuesFromASavedState) {
  const auto input = [](int step) { return at::arange(8, at::kFloat).reshape({1, 1, 2, 2, 2}) - 0.1 * step; };
  const auto network = [&](int step) { return input(step).square() / (2 + step); };
  const auto step_of = [&](EasyCache& cache, int step) {
    cache.begin_step(input(step));
    return cache.predict(1, true, input(step), [&] { return network(step); });
  };
  EasyCache whole(0.4, 3, 16);
  std::optional<EasyCache> broken(std::in_place, 0.4, 3, 16);
  int skipped = 0;
  for (int step = 0; step < 16; ++step) {
    CacheState state;
    broken->save(state);
    for (auto& entry : state) entry.second = entry.second.to(at::kFloat).clone();
    broken.emplace(0.4, 3, 16);
    broken->load(state);
    const at::Tensor expected = step_of(whole, step);
    EXPECT_TRUE(at::equal(step_of(*broken, step), expected)) << step;
    skipped += at::equal(expected, network(step)) ? 0 : 1;
  }
  EXPECT_GT(skipped, 2);
  EXPECT_LT(skipped, 12);
}

TEST(StepCache, MagTakesTheNearestRatiosForAnotherNumberOfSteps) {
  EXPECT_THAT(nearest_ratios({1, 2, 3, 4}, 4), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(nearest_ratios({1, 2, 3, 4}, 2), ElementsAre(1, 4));
  EXPECT_THAT(nearest_ratios({1, 2, 3, 4}, 7), ElementsAre(1, 1, 2, 3, 3, 3, 4)) << "halves to even";
  EXPECT_THAT(nearest_ratios({1, 2, 3, 4}, 1), ElementsAre(4));
}

TEST(StepCache, MagComputesTheFirstStepsAndNeverSkipsTooManyInARow) {
  MagCacheSettings settings{10, 3, 2, std::vector<double>(12, 1.0)};
  EXPECT_EQ(steps_computed(settings), 3 + 3);  // steps 0 to 2; then 2 are skipped and 1 computed
  settings.threshold = 0;
  EXPECT_EQ(steps_computed(settings), 6) << "ratios of 1 mean no error at all";
  settings.ratios.assign(12, 0.9);
  EXPECT_EQ(steps_computed(settings), 12);
}

TEST(StepCache, AStateOfAnotherSizeIsBadData) {
  MagCache cache({10, 0, 3, std::vector<double>(12, 1.0)});
  CacheState state{{"decisions", at::tensor({3.0, 0.0, 1.0, 0.0}, at::kDouble)},
                   {"residual", at::ones({1, 2, 3})}};
  cache.load(state);
  EXPECT_EQ(test::thrown_by([&] { run_network(tokens(0), 0, cache); }).kind(), ErrorKind::data);
  state["decisions"] = at::tensor({1e30, 0.0, 1.0, 0.0}, at::kDouble);
  EXPECT_EQ(test::thrown_by([&] { cache.load(state); }).kind(), ErrorKind::data);
  state.erase("decisions");
  EXPECT_EQ(test::thrown_by([&] { cache.load(state); }).kind(), ErrorKind::data);
}

}  // namespace
}  // namespace sora
