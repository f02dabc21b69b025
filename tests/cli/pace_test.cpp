// The program remembers how fast this machine is, and shows an estimate before a run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/program.h"

namespace sora::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

const std::vector<std::string> line{"--prompt", "a",  "--model", "wan21",      "--seed",
                                    "7",        "-o", "-",       "--progress", "json"};

std::vector<std::string> with(std::vector<std::string> more) {
  more.insert(more.begin(), line.begin(), line.end());
  return more;
}

TEST(Estimate, IsThereAfterTheFirstRun) {
  Program program;
  EXPECT_THAT(program.run(with({"--dry-run"})).out, Not(HasSubstr("\ntime ")));
  EXPECT_EQ(program.run(line).code, 0);  // a run of 1.5 s by the clock of the fake library
  EXPECT_THAT(program.run(with({"--dry-run"})).out, HasSubstr("\ntime      about 1.5 s, from 1 run here\n"));
  const json plan = json::parse(program.run(with({"--dry-run", "--json"})).out);
  EXPECT_NEAR(plan["seconds_estimate"].get<double>(), 1.5, 1e-9);
  EXPECT_EQ(plan["estimate_runs"], 1);
  const std::string err = program.run(line).err;
  EXPECT_EQ(json::parse(err.substr(0, err.find('\n')))["eta"], 1.5) << "from the first moment";
}

TEST(Estimate, DoesNotLearnFromARunThatFails) {
  Program program;
  EXPECT_EQ(program.run(with({"--prompt", "it fails 74"})).code, 74);
  EXPECT_THAT(program.run(with({"--dry-run"})).out, Not(HasSubstr("\ntime ")));
}

TEST(Estimate, IsLeftOutInSilenceWhereNothingCanBeRemembered) {
  Program program;
  program.environment["XDG_CACHE_HOME"] = "/dev/null/cache";
  const Finished finished = program.run(with({"--progress", "none"}));
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.err, Not(HasSubstr("cache")));
  EXPECT_THAT(program.run(with({"-vv"})).err, HasSubstr("the time of this run is not recorded"));
}

TEST(Estimate, IsKeptInTheHomeFolderByDefault) {
  Program program;
  program.environment.erase("XDG_CACHE_HOME");
  EXPECT_EQ(program.run(line).code, 0);
  EXPECT_THAT(program.files(), testing::IsEmpty()) << "without a home there is no place";
  program.environment["HOME"] = program.folder().string();
  EXPECT_EQ(program.run(line).code, 0);
  EXPECT_TRUE(std::filesystem::exists(program.folder() / ".cache/sora-gen/pace.json"));
}

}  // namespace
}  // namespace sora::test
