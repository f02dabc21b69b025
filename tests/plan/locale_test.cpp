// Plans in a program whose locale has a decimal comma.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "comma_locale.h"
#include "places.h"
#include "plan/geometry/size.h"
#include "plan/metadata.h"
#include "sora/error.h"
#include "sora/plan.h"

namespace sora {
namespace {

using testing::HasSubstr;

struct Words {
  std::string text, json, metadata, error;
};

// The text of a plan, and the message about a wrong option.
Words words() {
  Request request;
  request.model = test_data() / "pipeline/wan21";
  request.prompt = "a red ball";
  request.seed = 1;
  request.device = "cpu";
  request.output = "x.mp4";
  request.aspect = "1.5";
  request.guidance = 2.5;
  request.flow_shift = 3.25;
  request.fps = 12.5;
  request.seconds = 1.2;
  request.max_memory = 1.5;  // what is free changes beside other work
  const Plan plan = make_plan(request);
  Words words{plan_text(plan), plan_json(plan), metadata_json(plan), ""};
  request.flow_shift = 100.5;
  try {
    make_plan(request);
  } catch (const Error& error) {
    words.error = error.what();
  }
  return words;
}

TEST(DecimalComma, ChangesNoPlan) {
  const Words expected = words();
  EXPECT_THAT(expected.text, HasSubstr("guidance 2.5"));
  EXPECT_THAT(expected.error, HasSubstr("--flow-shift 100.5: expected a number from 0.01 to 100"));
  const CommaLocale locale;
  if (!locale.is_set()) GTEST_SKIP() << "this C library takes no locale from a folder";
  const Words found = words();
  EXPECT_EQ(found.text, expected.text);
  EXPECT_EQ(found.json, expected.json);
  EXPECT_EQ(found.metadata, expected.metadata);
  EXPECT_EQ(found.error, expected.error);
  EXPECT_DOUBLE_EQ(parse_aspect("2.39:1"), 2.39);
}

}  // namespace
}  // namespace sora
