// A plan names the words that its model has never seen.
#include "plan/model/vocabulary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "places.h"
#include "sora/plan.h"

namespace sora {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<std::string> kWords{"a", "air", "balloon", "hot", "hot-air", "red", "sea", "snow"};

std::vector<std::string> words_of(const Plan& plan) {
  std::vector<std::string> words;
  for (const UnknownWord& unknown : plan.unknown_words) words.push_back(unknown.word);
  return words;
}

TEST(Vocabulary, NamesWhatIsNotInItOnceAndInOrder) {
  EXPECT_THAT(unknown_words("A red Elephant, a hot-air balloon & an elephant: 3 zebras!", kWords),
              ElementsAre("elephant", "an", "zebras"));
  EXPECT_THAT(unknown_words("A RED balloon.", kWords), IsEmpty());
  EXPECT_THAT(unknown_words("", kWords), IsEmpty());
  EXPECT_THAT(unknown_words("42 -- !?", kWords), IsEmpty());
}

TEST(Vocabulary, KnowsCompoundsOfWhatItKnows) {
  EXPECT_THAT(unknown_words("red-snow", kWords), IsEmpty());
  EXPECT_THAT(unknown_words("red-green-snow", kWords), ElementsAre("red-green-snow"));
  EXPECT_THAT(unknown_words("snow- -red", kWords), IsEmpty());
}

TEST(Vocabulary, TakesOtherScriptsForWords) {
  EXPECT_THAT(unknown_words("a 海 café", kWords), ElementsAre("海", "café"));
}

TEST(Vocabulary, IsSpokenOfInAPlanOfTheShippedModelAlone) {
  Request request;
  request.model = source_folder() / "models/default";
  request.prompt = "a purple elephant by the sea";
  request.device = "cpu";
  EXPECT_THAT(words_of(make_plan(request)), ElementsAre("elephant"));
  EXPECT_THAT(make_plan(request).warnings,
              Contains(HasSubstr("never seen \"elephant\"; what it makes of that")));
  request.prompt = "a purple balloon by the sea";
  EXPECT_THAT(make_plan(request).unknown_words, IsEmpty());
  request.verb = "storyboard";
  request.prompt.clear();
  request.shot = {"0:00 a forest", "0:02 a giraffe in a forest and an okapi"};
  EXPECT_THAT(words_of(make_plan(request)), ElementsAre("giraffe", "okapi"));
  request = {};
  request.model = test_data() / "pipeline/ti2v";
  request.prompt = "a purple elephant";
  EXPECT_THAT(make_plan(request).unknown_words, IsEmpty());
}

}  // namespace
}  // namespace sora
