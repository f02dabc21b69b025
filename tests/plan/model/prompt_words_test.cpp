// What is said of words that a model was not trained with, and what becomes of prompts that are too long.
#include "plan/model/prompt_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "places.h"
#include "sora/error.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ModelFacts facts() {
  ModelFacts model;
  model.vocabulary = {"a", "balloon", "car", "forest", "lighthouse", "rain", "taxi", "the", "trees", "waves"};
  model.synonyms = {{"storm", "rain"}};
  return model;
}

TEST(NearestWord, IsASynonymOrASpelling) {
  EXPECT_EQ(nearest_word("storm", facts()), "rain");
  EXPECT_EQ(nearest_word("lightouse", facts()), "lighthouse");
  EXPECT_EQ(nearest_word("baloon", facts()), "balloon");
  EXPECT_EQ(nearest_word("froest", facts()), "forest") << "swapped letters";
  EXPECT_EQ(nearest_word("cars", facts()), "car");
  EXPECT_EQ(nearest_word("wave", facts()), "waves");
  EXPECT_EQ(nearest_word("cat", facts()), "") << "another word, not a misspelt car";
  EXPECT_EQ(nearest_word("elephant", facts()), "");
  EXPECT_EQ(nearest_word(std::string(1'000'000, 'a'), facts()), "");
}

TEST(FirstWords, EndWithAWholeWord) {
  EXPECT_EQ(first_words("a red, hot-air balloon at sea.", 3), "a red, hot-air");
  EXPECT_EQ(first_words("a red balloon.", 3), "a red balloon");
  EXPECT_EQ(first_words("a red balloon.", 4), "a red balloon.");
  EXPECT_EQ(first_words("", 3), "");
  EXPECT_EQ(first_words("42 -- !?", 1), "42 -- !?");
}

Plan plan_with(std::vector<std::string> unknown, std::size_t words) {
  Plan plan;
  plan.model.name = "small";
  plan.unknown_words = with_nearest(unknown, facts());
  plan.prompt_words = words;
  return plan;
}

TEST(UnknownWords, AreSaidInOneLineWithTheNearestOnes) {
  EXPECT_EQ(unknown_words_text(plan_with({}, 3)), "");
  EXPECT_EQ(unknown_words_text(plan_with({"storm"}, 4)),
            "the model has never seen \"storm\" (nearest: rain); what it makes of that is a guess");
  EXPECT_EQ(
      unknown_words_text(plan_with({"storm", "zebra"}, 9)),
      "the model has never seen \"storm\" (nearest: rain) and \"zebra\"; what it makes of those is a guess");
}

TEST(UnknownWords, ThatAreMostOfAPromptAreSaidToBeBeyondTheModel) {
  EXPECT_THAT(unknown_words_text(plan_with({"storm", "zebra"}, 3)),
              HasSubstr("is beyond the model \"small\""));
  std::vector<std::string> many;
  for (char c = 'a'; c <= 'z'; ++c) many.push_back(std::string("zz") + c);
  const std::string text = unknown_words_text(plan_with(many, 30));
  EXPECT_THAT(text, HasSubstr("and 18 more"));
  EXPECT_LT(text.size(), 300U);
}

// The shipped model, which has a list of words, with another sora-gen.json.
class WordsOfModel : public testing::Test {
 protected:
  void SetUp() override {
    fs::copy(source_folder() / "models/default", folder_ / "model", fs::copy_options::recursive);
    std::ifstream(folder_ / "model/sora-gen.json") >> own_;
    request_.model = (folder_ / "model").string();
    request_.device = "cpu";
  }
  Plan plan(const std::string& prompt) {
    std::ofstream(folder_ / "model/sora-gen.json") << own_;
    request_.prompt = prompt;
    return make_plan(request_);
  }

  const TemporaryFolder folder_;
  nlohmann::json own_;
  Request request_;
};

TEST_F(WordsOfModel, AreInThePlan) {
  own_["synonyms"] = {{"storm", "rain"}, {"tempest", "hail"}};
  const Plan made = plan("a storm over a lighthouse, a tempest at night");
  EXPECT_THAT(made.unknown_words, ElementsAre(UnknownWord{"storm", "rain"}, UnknownWord{"tempest", ""}));
  EXPECT_THAT(made.warnings, ElementsAre(HasSubstr("\"storm\" (nearest: rain) and \"tempest\"")));
  const auto json = nlohmann::json::parse(plan_json(made));
  EXPECT_EQ(json["unknown_words"], nlohmann::json({"storm", "tempest"}));
  EXPECT_EQ(json["nearest_words"], nlohmann::json({{"storm", "rain"}}));
  EXPECT_THAT(plan_text(made), HasSubstr("\nwarning   the model has never seen \"storm\""));
}

TEST_F(WordsOfModel, AreRefusedWithStrictWords) {
  request_.strict_words = true;
  EXPECT_THAT(plan("a red balloon over the sea").warnings, IsEmpty());
  try {
    plan("a red elephant");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_THAT(error.message(), HasSubstr("never seen \"elephant\""));
  }
  own_.erase("vocabulary");
  EXPECT_THAT(plan("a red elephant").warnings, ElementsAre(HasSubstr("--strict-words has no effect")));
}

TEST_F(WordsOfModel, TablesThatAreNoneAreBadDataWithTheirPlace) {
  for (const nlohmann::json& bad :
       {nlohmann::json({"storm"}), nlohmann::json({{"storm", 7}}), nlohmann::json("x"),
        nlohmann::json({{"storm", nlohmann::json::object()}})}) {
    own_["synonyms"] = bad;
    try {
      plan("a storm");
      FAIL() << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data) << bad;
      EXPECT_THAT(error.message(), HasSubstr("sora-gen.json: synonyms")) << bad;
    }
  }
}

TEST_F(WordsOfModel, PromptsThatAreTooLongAreCutAndThatIsSaid) {
  own_["max_words"] = 5;
  const Plan cut = plan("a red balloon over the sea at night.");
  EXPECT_EQ(cut.request.prompt, "a red balloon over the");
  EXPECT_THAT(cut.warnings, ElementsAre(HasSubstr("its first 5 words are read")));
  const Plan whole = plan("a red balloon over lakes.");
  EXPECT_EQ(whole.request.prompt, "a red balloon over lakes.");
  request_.refine = true;
  request_.res = "512x512";
  const Plan refined = plan("a red balloon over the sea at night.");
  EXPECT_EQ(refined.request.prompt, "a red balloon over the");
  EXPECT_EQ(refined.before.front().request.prompt, "a red balloon over the");
  EXPECT_THAT(refined.warnings, ElementsAre(HasSubstr("its first 5 words are read")));
  own_["max_words"] = -1;
  EXPECT_THROW(plan("a"), Error);
}

}  // namespace
}  // namespace sora
