// Lengths as people write them, and presets of one's own.
#include "core/json/option_values.h"

#include <gtest/gtest.h>

#include "core/json/presets.h"

namespace sora {
namespace {

TEST(Duration, IsReadAsPeopleWriteIt) {
  EXPECT_EQ(parse_duration("5s"), 5);
  EXPECT_EQ(parse_duration("2.5s"), 2.5);
  EXPECT_EQ(parse_duration("500ms"), 0.5);
  EXPECT_EQ(parse_duration("1m30s"), 90);
  EXPECT_EQ(parse_duration("2m"), 120);
  EXPECT_EQ(parse_duration("1h2m3s"), 3723);
  EXPECT_EQ(parse_duration("1s500ms"), 1.5);
  EXPECT_EQ(parse_duration("1:30"), 90);
  EXPECT_EQ(parse_duration("0:04"), 4);
  EXPECT_EQ(parse_duration("1:02:03.5"), 3723.5);
}

TEST(Duration, IsNothingElse) {
  for (const char* text : {"", "5", "s", "5x", "5 s", "-5s", "1s1m", "1m1m", "5s3", "1:60", "1:", ":30",
                           "1:2:3:4", "1.5:30", "1::2", "nans", "1e3s", "..s", "1.2.3s"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Duration, StandsForSecondsInEverySpelling) {
  EXPECT_EQ(plain_value("seconds", "1m30s"), "90");
  EXPECT_EQ(plain_value("fade", std::string("500ms")), "0.5");
  EXPECT_EQ(plain_value("prompt", "1m30s"), "1m30s");
  EXPECT_EQ(plain_value("seconds", "soon"), "soon");
  Overrides line;
  EXPECT_EQ(line.add("seconds", {Scalar::Kind::text, "1:30", {}}), "");
  EXPECT_EQ(line.add("fade", {Scalar::Kind::untyped, "2s", {}}), "");
  Request request;
  line.apply(request);
  EXPECT_EQ(request.seconds, 90);
  EXPECT_EQ(request.fade, 2);
  EXPECT_EQ(
      Overrides().add("seconds", {Scalar::Kind::text, "soon", {}}),
      "seconds is \"soon\", expected a finite number of seconds, or a time such as 500ms, 1m30s or 1:30");
}

Overrides of(std::vector<std::pair<std::string, std::string>> options) {
  Overrides overrides;
  for (const auto& [name, text] : options)
    EXPECT_EQ(overrides.add(name, {Scalar::Kind::untyped, text, {}}), "");
  return overrides;
}

TEST(Presets, CountLessThanALineAndThatLessThanTheCommandLine) {
  const Presets presets{{"mine", of({{"steps", "30"}, {"crf", "20"}, {"seconds", "9"}, {"codec", "hevc"}})}};
  Request base;
  base.codec = "av1";
  base.crf = 10;
  base.frames = 5;
  const Request request =
      layered(base, presets, of({{"preset", "mine"}, {"steps", "8"}, {"crf", "21"}}), of({{"crf", "22"}}));
  EXPECT_EQ(request.codec, "hevc");
  EXPECT_EQ(request.steps, 8);
  EXPECT_EQ(request.crf, 22);
  EXPECT_EQ(request.seconds, 9);
  EXPECT_FALSE(request.frames) << "one length replaces the other";
  EXPECT_FALSE(request.preset) << "a name of one's own means nothing to a plan";
}

TEST(Presets, OfTheCommandLineReplaceThoseOfALine) {
  const Presets presets{{"mine", of({{"steps", "30"}})}, {"other", of({{"steps", "3"}, {"preset", "fast"}})}};
  Request base;
  base.steps = 30;  // as the command line's preset has it
  EXPECT_EQ(layered(base, presets, of({{"preset", "other"}}), of({{"preset", "mine"}})).steps, 30);
  const Request request = layered(Request(), presets, of({{"preset", "other"}}), {});
  EXPECT_EQ(request.steps, 3);
  EXPECT_EQ(request.preset, "fast") << "what the preset itself begins from";
  EXPECT_EQ(layered(Request(), presets, of({{"preset", "none"}}), {}).preset, "none");
}

TEST(Overrides, TakeWhatIsMissing) {
  Overrides line = of({{"frames", "5"}, {"steps", "2"}});
  line.add_missing(of({{"seconds", "9"}, {"steps", "8"}, {"crf", "20"}}));
  Request request;
  line.apply(request);
  EXPECT_EQ(request.frames, 5);
  EXPECT_FALSE(request.seconds);
  EXPECT_EQ(request.steps, 2);
  EXPECT_EQ(request.crf, 20);
  EXPECT_EQ(line.names(), (std::vector<std::string>{"frames", "steps", "crf"}));
  EXPECT_EQ(line.text("steps"), "2");
  EXPECT_FALSE(line.text("seed"));
}

}  // namespace
}  // namespace sora
