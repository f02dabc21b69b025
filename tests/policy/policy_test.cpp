// A policy allows only by ending with 0; whatever else it does refuses.
#include "policy/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "error_of.h"
#include "file_contents.h"
#include "temporary_folder.h"

namespace sora::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr int kLong = 300;  // seconds: only a test that fails waits for so long

Plan a_plan() {
  Plan plan;
  plan.request.prompt = "a fox";
  plan.request.negative_prompt = "rain";
  plan.request.seed = 7;
  plan.timeline.fps = 12;
  plan.output.path = "fox.mp4";
  return plan;
}

Policy a_policy(const std::string& command, int seconds = kLong) { return {{command}, seconds, {}}; }

void expect_refused(const Policy& policy, const std::string& text) {
  expect_error([&] { ask_policy(policy, a_plan()); }, ErrorKind::refused, text);
}

TEST(Policy, AllowsByEndingWith0) {
  ask_policy({}, a_plan());
  ask_policy(a_policy("true"), a_plan());
  ask_policy(a_policy("cat >/dev/null; echo fine"), a_plan());
}

TEST(Policy, RefusesWithItsReason) {
  expect_refused(a_policy("echo no foxes; exit 77"), "refused by the policy: no foxes; nothing was started");
  expect_refused(a_policy("echo to stderr >&2; exit 77"), "to stderr");
  expect_refused(a_policy("exit 77"), "refused by the policy; nothing was started");
}

TEST(Policy, RefusesWhereItFails) {
  expect_refused(a_policy("exit 1"), "ended with code 1, expected 0 (allowed) or 77 (refused)");
  expect_refused(a_policy("exit 76"), "ended with code 76");
  expect_refused(a_policy("/no/such/program"), "ended with code 127");
  expect_refused(a_policy("kill -SEGV $$"), "was ended by signal 11");
  expect_refused(a_policy("kill -KILL $$"), "was ended by signal 9");
}

TEST(Policy, RefusesWhereItGivesNoAnswer) {
  expect_refused(a_policy("sleep 600", 1), "gave no answer within 1 s");
  expect_refused(a_policy("exec >&- 2>&-; sleep 600", 1), "gave no answer within 1 s");
  expect_refused(a_policy("sleep 600 & exit 0", 1),
                 "gave no answer within 1 s");  // something keeps its output
}

TEST(Policy, RefusesRubbish) {
  expect_refused(a_policy("head -c 1000000 /dev/zero"), "answers with over");
  const std::string message =
      error_of([] { ask_policy(a_policy("printf '\\033[2J\\377\\000no\\n'; exit 77"), a_plan()); },
               ErrorKind::refused);
  EXPECT_THAT(message, Not(HasSubstr("\033")));
  EXPECT_THAT(message, HasSubstr("no"));
  const std::string many =
      error_of([] { ask_policy(a_policy("head -c 60000 /dev/zero | tr '\\0' x; exit 77"), a_plan()); },
               ErrorKind::refused);
  EXPECT_LT(many.size(), 1000U);
}

TEST(Policy, IsEndedWithAllThatItStarted) {
  const TemporaryFolder folder;
  const std::string pid = (folder / "pid").string();
  expect_refused(a_policy("sleep 600 & echo $! >" + pid + "; wait", 1), "gave no answer");
  // The signal was sent; the entry of the process may stay a moment longer, as one that has ended.
  const std::string number = contents(pid);
  const std::string stat = contents("/proc/" + number.substr(0, number.find('\n')) + "/stat");
  EXPECT_TRUE(stat.empty() || stat.find(") S ") == std::string::npos) << stat;
}

TEST(Policy, EndsAtAStop) {
  Policy policy = a_policy("sleep 600");
  policy.stop = [] { return true; };
  EXPECT_EQ(thrown_by([&] { ask_policy(policy, a_plan()); }).kind(), ErrorKind::interrupted);
}

TEST(Policy, OfSeveralEachMayRefuse) {
  const TemporaryFolder folder;
  Policy policy{{"true", "exit 77", "touch " + (folder / "asked").string()}, kLong, {}};
  expect_refused(policy, "refused");
  EXPECT_FALSE(std::filesystem::exists(folder / "asked"));
}

TEST(Policy, IsGivenTheRequest) {
  const TemporaryFolder folder;
  const std::string file = (folder / "in.json").string();
  Plan plan = a_plan();
  plan.inputs.shots = {{0, "a fox"}, {4, "snow"}};
  ask_policy(a_policy("cat >" + file), plan);
  json asked = json::parse(contents(file));
  EXPECT_EQ(asked["stage"], "request");
  EXPECT_THAT(asked["texts"], ElementsAre("a fox", "snow", "rain"));
  EXPECT_EQ(asked["request"]["prompt"], "a fox");
  EXPECT_FALSE(asked["request"].contains("model"));  // the default
  EXPECT_EQ(asked["plan"]["seed"], 7);
  EXPECT_TRUE(asked["contact_sheet"].is_null());

  ask_policy(a_policy("cat >" + file), plan, "/tmp/x/frames.png");
  asked = json::parse(contents(file));
  EXPECT_EQ(asked["stage"], "result");
  EXPECT_EQ(asked["contact_sheet"], "/tmp/x/frames.png");
}

TEST(Policy, NeedNotReadTheRequest) {
  Plan plan = a_plan();
  plan.request.prompt = std::string(1 << 20, 'x');  // more than a pipe holds
  ask_policy(a_policy("exit 0"), plan);
  ask_policy(a_policy("head -c 1 >/dev/null; exit 0"), plan);
}

}  // namespace
}  // namespace sora::test
