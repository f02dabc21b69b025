// Options without effect are said.
#include "plan/idle_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "places.h"

namespace sora {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Request request_for(const std::string& model) {
  Request request;
  request.model = model;
  request.prompt = "a red balloon";
  request.device = "cpu";
  return request;
}

const std::string kShipped = (source_folder() / "models/default").string();  // guidance is folded in
const std::string kWan = (test_data() / "pipeline/wan21").string();

TEST(IdleOptions, ThatNobodyGaveAreNotSpokenOf) {
  EXPECT_THAT(make_plan(request_for(kShipped)).warnings, IsEmpty()) << "at its default size, enlarged twice";
  EXPECT_THAT(make_plan(request_for(kWan)).warnings, IsEmpty());
}

TEST(IdleOptions, NegativePromptNeedsGuidance) {
  Request request = request_for(kShipped);
  request.negative_prompt = "rain";
  EXPECT_THAT(make_plan(request).warnings,
              ElementsAre(HasSubstr("--negative-prompt has no effect: guidance is folded into this model")));
  request = request_for(kWan);
  request.negative_prompt = "rain";
  EXPECT_THAT(make_plan(request).warnings, IsEmpty());
  request.guidance = 1;
  EXPECT_THAT(make_plan(request).warnings,
              ElementsAre(HasSubstr("guidance is off; --guidance 5 turns it on")));
  request.negative_prompt = "";
  EXPECT_THAT(make_plan(request).warnings, IsEmpty()) << "nothing was asked for";
}

TEST(IdleOptions, GuidanceIsNotAppliedTwiceInSilence) {
  Request request = request_for(kShipped);
  request.guidance = 5;
  EXPECT_THAT(make_plan(request).warnings,
              ElementsAre(HasSubstr("--guidance 5: guidance is folded into this")));
  request.guidance = 1;
  EXPECT_THAT(make_plan(request).warnings, IsEmpty());
  request = request_for(kWan);
  request.guidance_2 = 3;
  EXPECT_THAT(make_plan(request).warnings, ElementsAre(HasSubstr("--guidance-2 has no effect")));
}

TEST(IdleOptions, DriftControlNeedsLaterWindows) {
  Request request = request_for(kShipped);
  request.drift_control = 0.5;
  EXPECT_THAT(make_plan(request).warnings,
              ElementsAre(HasSubstr("--drift-control has no effect: the video is")));
  request.seconds = 10;
  EXPECT_THAT(make_plan(request).warnings, IsEmpty());
  request.seconds.reset();
  request.drift_control = 0;
  EXPECT_THAT(make_plan(request).warnings, IsEmpty()) << "off is off";
}

TEST(IdleOptions, FadeNeedsAnotherShot) {
  Request request = request_for(kShipped);
  request.prompt.clear();
  request.verb = "storyboard";
  request.shot = {"0:00 a forest"};
  request.fade = 2;
  EXPECT_THAT(make_plan(request).warnings, ElementsAre(HasSubstr("--fade has no effect")));
}

TEST(IdleOptions, ASizeFarBeyondWhatIsMadeIsSaid) {
  Request request = request_for(kShipped);
  request.res = "2048x2048";
  EXPECT_THAT(make_plan(request).warnings,
              ElementsAre(HasSubstr("is made at 128x128 and enlarged 16 times to 2048x2048")));
  request.res = "256x256";
  EXPECT_THAT(make_plan(request).warnings, IsEmpty());
}

}  // namespace
}  // namespace sora
