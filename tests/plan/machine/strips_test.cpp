// How many ranks decode together, and what the plan says about it.
#include "plan/machine/strips.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "places.h"
#include "plan/machine/memory_estimate.h"
#include "plan/machine/parallel.h"
#include "plan/model_memory.h"
#include "sora/error.h"

namespace sora {
namespace {

using testing::HasSubstr;

class StripsTest : public testing::Test {
 protected:
  StripsTest() : model_(*facts_without_files("wan2.1-t2v-14b")) {
    MachineFacts machine;
    plan_ = plan_for_memory(model_, {}, machine);
    plan_.machine.device = "cuda:0";
    plan_.machine.parallel.sequence = 4;
    plan_.machine.parallel.text = "divided";
  }

  const Parallel& planned(std::optional<int> asked = {}) {
    plan_.machine.parallel.text = "divided";
    plan_strips(plan_, model_, asked);
    return plan_.machine.parallel;
  }

  std::string fault(int asked) {
    try {
      planned(asked);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return error.what();
    }
    return "";
  }

  double decode_gb() const { return estimate_memory(plan_, model_, "stored").back().device; }

  ModelFacts model_;
  Plan plan_;
};

TEST_F(StripsTest, AllRanksDecodeWhereThereAreRowsForThem) {
  const Picture& picture = plan_.picture;
  const Parallel& all = planned();
  EXPECT_EQ(all.decode, 4);
  EXPECT_THAT(all.text, HasSubstr("divided; each decodes a part of the rows of the frames, for which they "
                                  "exchange "));
  // The frames of three ranks alone.
  const std::uint64_t frames = 4ULL * 3 * 4 * static_cast<std::uint64_t>(picture.model_width) *
                               static_cast<std::uint64_t>(picture.model_height) * 3 / 4;
  EXPECT_GT(all.decode_bytes, frames);
  EXPECT_LT(all.decode_bytes, 16 * frames);
  plan_.picture.latent_height = 3;
  EXPECT_EQ(planned().decode, 3);
  EXPECT_THAT(planned().text, HasSubstr("3 of them each decode a part"));
}

TEST_F(StripsTest, RankZeroDecodesAloneWhereItMust) {
  EXPECT_EQ(planned(1).decode, 1);
  EXPECT_THAT(planned(1).text, HasSubstr("rank 0 decodes alone, as --parallel asks"));
  plan_.picture.latent_height = 1;
  EXPECT_EQ(planned().decode, 1);
  EXPECT_THAT(planned().text, HasSubstr("rank 0 decodes alone, since the latents have one row"));
  plan_.picture.latent_height = 60;
  plan_.picture.tiny.decodes_file = true;
  EXPECT_EQ(planned().decode, 1);
  EXPECT_THAT(planned().text, HasSubstr("since a tiny decoder works on whole pictures"));
  plan_.picture.tiny.decodes_file = false;
  model_.strip_bytes = {};
  EXPECT_EQ(planned().decode, 1);
  EXPECT_THAT(planned().text, HasSubstr("since this model's decoder works on whole pictures"));
  EXPECT_THAT(fault(2), HasSubstr("--parallel decode:2: rank 0 decodes alone, since"));
}

TEST_F(StripsTest, NumbersThatCannotBeAreRefused) {
  EXPECT_THAT(fault(5), HasSubstr("--parallel decode:5: there are 4 ranks"));
  plan_.picture.latent_height = 3;
  EXPECT_THAT(fault(4), HasSubstr("the latents have 3 rows, expected at most as many ranks"));
  EXPECT_EQ(planned(2).decode, 2);
}

TEST_F(StripsTest, ARankNeedsLessMemoryToDecode) {
  const double weights = 4 * static_cast<double>(model_.vae.parameters) / 1e9;
  const double alone = decode_gb() - weights;
  planned();
  EXPECT_LT(decode_gb() - weights, alone);
}

TEST(Parallel, TakesTheNumberOfRanksThatDecode) {
  Request request;
  request.model = (test_data() / "pipeline/wan21").string();
  request.prompt = "a lighthouse";
  request.device = "cpu";
  request.res = "64x32";
  request.guidance = 3;
  const auto division = [&](const char* asked) {
    request.parallel = asked;
    return division_text(make_plan(request).machine.parallel);
  };
  EXPECT_EQ(division("sequence:2"), "sequence:2,decode:2");
  EXPECT_EQ(division("sequence:2,decode:1"), "sequence:2");
  EXPECT_EQ(division("decode:1,guidance:2,sequence:2"), "guidance:2,sequence:2");
  EXPECT_EQ(division("guidance:2,sequence:2,decode:3"), "guidance:2,sequence:2,decode:3");
  EXPECT_EQ(division("decode:2"), "guidance:2,decode:2") << "the rest is as with auto";
  EXPECT_EQ(division("decode:1"), "") << "one rank";
  for (const char* wrong : {"decode:0", "decode", "decode:2,decode:2", "decode:x"})
    EXPECT_THROW(division(wrong), Error) << wrong;
  request.parallel = "sequence:2";
  const auto json = nlohmann::json::parse(plan_json(make_plan(request)))["parallel"];
  EXPECT_EQ(json["decode"], 2);
  EXPECT_GT(json["decode_bytes"], 0);
}

}  // namespace
}  // namespace sora
