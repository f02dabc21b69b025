// Which of the parameters in a file are used, option by option.
#include "plan/verbs/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <type_traits>

#include "checkpoint/model_folder.h"
#include "plan/verbs/reproduce.h"
#include "sora/error.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Every option that a stranger's file may set. A new option belongs here only if no value of it opens, writes
// or replaces a file, runs a command or chooses what computes: think of it as typed by someone who means
// harm.
const std::set<std::string> of_the_video{"prompt",
                                         "negative_prompt",
                                         "original_prompt",
                                         "verb",
                                         "fit",
                                         "background",
                                         "strength",
                                         "backward",
                                         "only_new",
                                         "no_audio",
                                         "copy",
                                         "shot",
                                         "fade",
                                         "visible_mark",
                                         "seconds",
                                         "frames",
                                         "fps",
                                         "drift_control",
                                         "res",
                                         "aspect",
                                         "draft",
                                         "box",
                                         "outpaint",
                                         "control_kind",
                                         "control_scale",
                                         "no_composite", "tiny_result",
                                         "attention_window",
                                         "attention_sink",
                                         "refine",
                                         "preset",
                                         "steps",
                                         "guidance",
                                         "guidance_2",
                                         "flow_shift",
                                         "scheduler",
                                         "seed",
                                         "format",
                                         "codec",
                                         "crf",
                                         "pix_fmt",
                                         "dtype",
                                         "sigmas",
                                         "guidance_range",
                                         "cache",
                                         "live_log"};

std::string json_of(const std::string& name, const std::string& value) {
  return R"({"generator": "sora-gen 0", ")" + name + "\": " + value + "}";
}

template <class Field>
std::string some_value(const Field&) {
  if (std::is_same_v<Field, bool>) return "true";
  if (std::is_same_v<Field, std::vector<std::string>>) return R"(["/private/file"])";
  if (std::is_same_v<Field, std::string> || std::is_same_v<Field, std::optional<std::string>>)
    return R"("/private/file")";
  return "1";
}

// Names of the options in which two requests differ.
std::vector<std::string> differences(Request& a, Request& b) {
  std::vector<std::string> names;
  visit_request(a, [&](const std::string& name, auto& field, const char*) {
    visit_request(b, [&](const std::string& other, auto& same, const char*) {
      if constexpr (std::is_same_v<decltype(field), decltype(same)>) {
        if (name == other && field != same) names.push_back(name);
      }
    });
  });
  return names;
}

TEST(Parameters, OfEveryOptionOnlyThoseOfTheVideoAreTaken) {
  Request unchanged;
  std::set<std::string> seen;
  visit_request_kinds(unchanged, [&](const std::string& name, auto& field, OptionKind kind, const char*) {
    const RunParameters made = read_parameters(json_of(name, some_value(field)), "file");
    Request request;
    made.options.apply(request);
    const auto changed = differences(request, unchanged);
    const bool taken = kind == OptionKind::video;
    EXPECT_EQ(taken, of_the_video.count(name) == 1) << name << ": is it harmless in a stranger's file?";
    if (taken) {
      EXPECT_THAT(changed, ElementsAre(name));
    } else {
      EXPECT_THAT(changed, ElementsAre()) << name;
    }
    EXPECT_EQ(made.source(name) != nullptr, kind == OptionKind::source) << name;
    EXPECT_EQ(made.refused == std::vector{name}, kind == OptionKind::machine) << name;
    EXPECT_EQ(made.model.has_value(), kind == OptionKind::model) << name;
    seen.insert(name);
  });
  for (const std::string& name : of_the_video) EXPECT_TRUE(seen.count(name)) << name << " is gone";
}

TEST(Parameters, AreCheckedAsTheCommandLineIs) {
  const auto fault = [](const std::string& name, const std::string& value) -> std::string {
    try {
      read_parameters(json_of(name, value), "clip.mp4");
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data);
      return error.what();
    }
  };
  EXPECT_THAT(fault("steps", R"("many")"), HasSubstr("clip.mp4: in its metadata, steps is \"many\""));
  EXPECT_THAT(fault("prompt", R"("a\u0000b")"), HasSubstr("holds a zero byte"));
  EXPECT_THAT(fault("shot", R"(["0:00 a", "0:01 \u0000"])"), HasSubstr("holds a zero byte"));
  EXPECT_THAT(fault("image", R"("a\u0000b")"), HasSubstr("holds a zero byte"));
  EXPECT_THAT(fault("prompt", '"' + std::string(2 << 20, 'a') + '"'), HasSubstr("over 1 MB"));
  EXPECT_THAT(fault("seed", "-1"), HasSubstr("seed is -1"));
  EXPECT_THAT(fault("image", "3"), HasSubstr("expected a text"));
  EXPECT_EQ(fault("seed", "18446744073709551615"), "");
}

class MadeAgain : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_ / "models/mine");
    fs::create_directories(folder_ / "stranger/yours");
    before_ = fs::current_path();
    fs::current_path(folder_ / "stranger");
    ::setenv("SORA_GEN_MODELS", (folder_ / "models").c_str(), 1);
  }
  void TearDown() override {
    fs::current_path(before_);
    ::unsetenv("SORA_GEN_MODELS");
  }

  static RunParameters made(const std::string& more) {
    return read_parameters(R"({"generator": "sora-gen 0", "seed": 3, )" + more + "}", "file");
  }

  const TemporaryFolder folder_;
  fs::path before_;
};

TEST_F(MadeAgain, AModelIsFoundByItsNameWhereModelsAre) {
  EXPECT_EQ(installed_model("mine"), "mine");
  EXPECT_EQ(installed_model("/data/mine"), "mine");
  EXPECT_EQ(installed_model("../../mine/"), "mine");
  for (const char* said : {"yours", "./yours", "..", ".", "/", "", "mine/..", "mine/.", "../stranger/yours",
                           "a\nb", "owner/yours"}) {
    EXPECT_EQ(installed_model(said), "") << said;
  }
  EXPECT_EQ(installed_model((folder_ / "stranger/yours").string()), "");
}

TEST_F(MadeAgain, AStrengthComesFromTheFileWhereTheNameMatches) {
  const auto loras = [](std::vector<std::string> given, std::vector<std::string> said) {
    const RecordedSource source{"lora", std::move(said)};
    copy_strengths(given, &source);
    return given;
  };
  EXPECT_THAT(loras({"mine/ink.safetensors"}, {"/a/ink.safetensors:0.8"}),
              ElementsAre("mine/ink.safetensors:0.8"));
  EXPECT_THAT(loras({"ink.safetensors:1"}, {"/a/ink.safetensors:0.8"}), ElementsAre("ink.safetensors:1"));
  EXPECT_THAT(loras({"other.safetensors"}, {"/a/ink.safetensors:0.8"}), ElementsAre("other.safetensors"));
  EXPECT_THAT(loras({"b/x", "b/y"}, {"y:2", "x:-1"}), ElementsAre("b/x:-1", "b/y:2"));
  EXPECT_THAT(loras({"x", "x"}, {"x:2", "x:3"}), ElementsAre("x:2", "x:3")) << "each once";
  EXPECT_THAT(loras({"x"}, {"x"}), ElementsAre("x"));
}

TEST_F(MadeAgain, TheCommandLineGivesWhatIsOpenedAndWins) {
  const RunParameters said =
      made(R"("model": "/x/mine", "steps": 9, "lora": ["a/ink:0.5"], "image": "p.png")");
  Overrides given;
  try {
    reproducing_request(said, given, "my clip.mp4", "rerun");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::no_input);
    EXPECT_THAT(error.what(),
                HasSubstr("my clip.mp4 was made with --lora \"a/ink:0.5\" and --image \"p.png\""));
    EXPECT_THAT(error.what(), HasSubstr("give them: sora-gen rerun 'my clip.mp4' --lora FILE --image FILE"));
  }
  EXPECT_EQ(given.add("lora", {Scalar::Kind::list, "", {"b/ink"}}), "");
  EXPECT_EQ(given.add("image", {Scalar::Kind::text, "q.png", {}}), "");
  EXPECT_EQ(given.add("steps", {Scalar::Kind::number, "4", {}}), "");
  const Request request = reproducing_request(said, given, "clip.mp4", "rerun");
  EXPECT_THAT(request.lora, ElementsAre("b/ink:0.5"));
  EXPECT_EQ(request.image, "q.png");
  EXPECT_EQ(request.steps, 4);
  EXPECT_EQ(request.model, "mine");
  EXPECT_EQ(request.seed, 3U);
}

TEST_F(MadeAgain, AFloodOfNamesIsToldShort) {
  std::string list;
  for (int i = 0; i < 1000; ++i) list += (i == 0 ? "\"" : ", \"") + std::string(500, 'a') + "\"";
  try {
    reproducing_request(made("\"lora\": [" + list + "]"), {}, "clip.mp4", "rerun");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_LT(std::string(error.what()).size(), 1500U);
    EXPECT_THAT(error.what(), HasSubstr("and more"));
  }
}

}  // namespace
}  // namespace sora
