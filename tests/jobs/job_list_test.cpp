// From the lines of a prompts file to jobs with seeds and names.
#include "jobs/job_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "jobs/job_key.h"
#include "jobs/output_name.h"
#include "places.h"
#include "sora/error.h"

namespace sora {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

JobList list_of(const std::string& text, ListSettings settings = {}, const char* name = "a.txt") {
  return {parse_prompts(name, text), std::move(settings)};
}

std::vector<std::string> outputs(const JobList& list) {
  std::vector<std::string> names;
  for (const Job& job : list.jobs()) names.push_back(job.output);
  return names;
}

TEST(JobList, GivesTheSameSeedsInEveryRunAndDifferentOnesToEqualPrompts) {
  const JobList first = list_of("a\nb\na\n"), second = list_of("a\nb\na\n");
  std::set<std::uint64_t> seeds;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(first.jobs()[i].seed, second.jobs()[i].seed);
    seeds.insert(first.jobs()[i].seed);
  }
  EXPECT_EQ(seeds.size(), 3U);
  // A line inserted before others does not change their seeds.
  EXPECT_EQ(list_of("new\na\nb\na\n").jobs()[1].seed, first.jobs()[0].seed);
}

TEST(JobList, CountsAGivenSeedUpOverTheRepeats) {
  ListSettings settings;
  settings.repeat = 3;
  settings.base.seed = 7;
  settings.name_pattern = "{line}-{repeat}-{seed}.{ext}";
  EXPECT_THAT(outputs(list_of("a\nb\n", settings)),
              ElementsAre("1-1-7.mp4", "1-2-8.mp4", "1-3-9.mp4", "2-1-7.mp4", "2-2-8.mp4", "2-3-9.mp4"));
}

TEST(JobList, NamesOutputsByThePatternInTheFolder) {
  ListSettings settings;
  settings.out_dir = "shots";
  settings.name_pattern = "{index:04}-{slug:6}.{ext}";
  settings.base.format = "matroska";
  EXPECT_THAT(outputs(list_of("A lighthouse\nb\n", settings)),
              ElementsAre("shots/0001-a-ligh.mkv", "shots/0002-b.mkv"));
}

TEST(JobList, NumbersOneNameForMany) {
  EXPECT_EQ(numbered_pattern("a/x.png"), "a/x-{repeat}.png");
  EXPECT_EQ(numbered_pattern("x"), "x-{repeat}");
  EXPECT_EQ(numbered_pattern("a.b/x-{seed}.png"), "a.b/x-{seed}.png");
  EXPECT_EQ(numbered_pattern("a}.mp4"), "a}}-{repeat}.mp4");
}

TEST(JobList, TakesTheNameThatALineGives) {
  ListSettings settings;
  settings.out_dir = "shots";
  EXPECT_THAT(outputs(list_of("{\"prompt\": \"a\", \"output\": \"x.mp4\"}\n{\"prompt\": \"b\", \"output\": "
                              "\"{slug}-{index}.webm\"}",
                              settings, "a.jsonl")),
              ElementsAre("shots/x.mp4", "shots/b-2.webm"));
}

TEST(JobList, RefusesTwoJobsWithOneOutput) {
  ListSettings settings;
  settings.name_pattern = "{slug}.mp4";
  const JobList list = list_of("a\nb\na!\n", settings);
  ASSERT_EQ(list.errors().size(), 1U);
  EXPECT_EQ(list.errors()[0].line, 3U);
  EXPECT_THAT(list.errors()[0].message, HasSubstr("is also that of line 1"));
}

TEST(JobList, NeedsAPromptInEveryLine) {
  const JobList list = list_of("{\"seed\": 1}\n{\"prompt\": \"\"}\n", {}, "a.jsonl");
  ASSERT_EQ(list.errors().size(), 1U);  // an empty prompt is one
  EXPECT_EQ(list.errors()[0].message, "has no prompt");
}

TEST(JobList, PlansEveryJobAndSaysWhichLinesCannotBe) {
  ListSettings settings;
  settings.base.model = test_data() / "pipeline/wan21";
  JobList list = list_of(
      "{\"prompt\": \"a\", \"frames\": 5}\n{\"prompt\": \"b\", \"steps\": 0}\n{\"prompt\": \"c\", \"model\": "
      "\"nowhere\"}\n{\"prompt\": \"d\", \"output\": \"gone/x.mp4\"}",
      settings, "a.jsonl");
  Planner planner;
  std::vector<std::string> planned;
  list.plan_all(
      planner, [](const Job&, const Plan&) { return false; },
      [&](const Job&, const Plan& plan) { planned.push_back(plan.request.prompt); });
  EXPECT_THAT(planned, ElementsAre("a"));
  ASSERT_EQ(list.errors().size(), 3U);
  EXPECT_THAT(list.errors()[0].message, HasSubstr("--steps 0: expected a number from 1 to 1000"));
  EXPECT_THAT(list.errors()[1].message, HasSubstr("nowhere"));
  EXPECT_THAT(list.errors()[2].message, HasSubstr("there is no folder gone"));
}

TEST(JobKey, IsOfWhatShapesTheBytesAlone) {
  Request request;
  request.prompt = "a";
  request.seed = 1;
  request.model = test_data() / "pipeline/wan21";
  request.output = "a.mp4";
  const std::string key = job_key(make_plan(request));
  const auto with = [&](auto change) {
    Request other = request;
    change(other);
    return job_key(make_plan(other));
  };
  EXPECT_EQ(key, with([](Request& r) { r.output = "b.mp4"; }));
  EXPECT_EQ(key, with([](Request& r) { r.threads = 1; }));
  EXPECT_EQ(key, with([](Request& r) { r.checkpoint_every = 3; }));
  EXPECT_EQ(key, with([](Request& r) { r.overwrite = true; }));
  EXPECT_NE(key, with([](Request& r) { r.output = "a.mkv"; }));
  EXPECT_NE(key, with([](Request& r) { r.seed = 2; }));
  EXPECT_NE(key, with([](Request& r) { r.prompt = "b"; }));
  EXPECT_NE(key, with([](Request& r) { r.negative_prompt = "b"; }));
  EXPECT_NE(key, with([](Request& r) { r.steps = 7; }));
  EXPECT_NE(key, with([](Request& r) { r.frames = 9; }));
  EXPECT_NE(key, with([](Request& r) { r.res = "64x64"; }));
  EXPECT_NE(key, with([](Request& r) { r.crf = 30; }));
  EXPECT_NE(key, with([](Request& r) { r.model = test_data() / "pipeline/ti2v"; }));
}

TEST(Name, RefusesWhatItDoesNotKnow) {
  const auto message = [](const char* pattern) {
    try {
      format_name(pattern, {});
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(message("{nr}.mp4"), HasSubstr("there is no field {nr}"));
  EXPECT_THAT(message("{index.mp4"), HasSubstr("never closed"));
  EXPECT_THAT(message("index}.mp4"), HasSubstr("never opened"));
  EXPECT_THAT(message("{index:x}.mp4"), HasSubstr("the width in {index:x}"));
  EXPECT_EQ(format_name("{{{index:3}}}", {}), "{001}");
}

TEST(Shard, IsIOfN) {
  EXPECT_EQ(parse_shard("2/8").index, 2U);
  EXPECT_EQ(parse_shard("2/8").count, 8U);
  for (const char* text : {"", "2", "0/8", "9/8", "1/0", "a/b", "1/8/2", "-1/8"}) {
    EXPECT_THROW(parse_shard(text), Error) << text;
  }
}

class Ranks : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : names) ::unsetenv(name);
  }
  void TearDown() override { SetUp(); }
  std::vector<const char*> names{"SLURM_PROCID",
                                 "SLURM_STEP_NUM_TASKS",
                                 "OMPI_COMM_WORLD_RANK",
                                 "OMPI_COMM_WORLD_SIZE",
                                 "PMI_RANK",
                                 "PMI_SIZE",
                                 "RANK",
                                 "WORLD_SIZE"};
};

TEST_F(Ranks, AreReadFromSlurmOpenMpiAndTorchrun) {
  EXPECT_THROW(shard_from_rank(), Error);
  for (std::size_t i = 0; i < names.size(); i += 2) {
    SetUp();
    ::setenv(names[i], "2", 1);
    ::setenv(names[i + 1], "4", 1);
    EXPECT_EQ(shard_from_rank().index, 3U);
    EXPECT_EQ(shard_from_rank().count, 4U);
    ::setenv(names[i], "4", 1);
    EXPECT_THROW(shard_from_rank(), Error);
  }
}

// mpirun or torchrun in a script of sbatch: the script's own variables say rank 0 to all of its processes.
TEST_F(Ranks, AreThoseOfMpirunAndTorchrunWithinSlurm) {
  ::setenv("SLURM_PROCID", "0", 1);
  ::setenv("SLURM_NTASKS", "2", 1);
  EXPECT_THROW(shard_from_rank(), Error) << "a script of sbatch is one process, outside of srun";
  ::setenv("SLURM_STEP_NUM_TASKS", "2", 1);
  for (const auto& [rank, size] : {std::pair("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
                                   std::pair("PMI_RANK", "PMI_SIZE"), std::pair("RANK", "WORLD_SIZE")}) {
    ::setenv(rank, "3", 1);
    ::setenv(size, "4", 1);
    EXPECT_EQ(shard_from_rank().index, 4U) << rank;
    ::unsetenv(rank);
  }
  ::unsetenv("SLURM_NTASKS");
}

TEST(FormatName, IsBoundedHoweverOftenAPatternHasAField) {
  NameFields fields;
  fields.title = std::string(1'000'000, '-');  // making a slug of it reads all of it
  std::string pattern;
  for (int i = 0; i < 600; ++i) pattern += "{slug}";
  EXPECT_EQ(format_name(pattern, fields).substr(0, 10), "videovideo");
  for (const std::string& hostile : {std::string(1'000'000, '{'), "{" + std::string(4000, 'x') + "}"}) {
    try {
      format_name(hostile, fields);
      ADD_FAILURE() << "was taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      EXPECT_LT(std::string(error.what()).size(), 400U);
    }
  }
}

}  // namespace
}  // namespace sora
