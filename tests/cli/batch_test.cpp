// Many videos, as a user sees them: what is made, what is skipped, what a failure leaves behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/program.h"

namespace sora::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> batch(std::vector<std::string> more = {}) {
  more.insert(more.begin(),
              {"--prompts", "p.txt", "--model", "wan21", "--out-dir", "out", "--name", "{index}.{ext}"});
  return more;
}

std::vector<std::string> made(const Program& program) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(program.folder() / "out")) {
    if (entry.path().filename() != ".sora-gen") names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<json> events(const std::string& text) {
  std::vector<json> list;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) list.push_back(json::parse(line));
  return list;
}

TEST(Batch, MakesEveryPromptOfAFile) {
  Program program;
  program.write("p.txt", "one\n# not this\ntwo\n");
  const Finished finished = program.run(batch());
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(made(program), ElementsAre("1.mp4", "2.mp4"));
  EXPECT_THAT(finished.err, AllOf(HasSubstr("[1/2] out/1.mp4: \"one\"\n"), HasSubstr("\n2 made\n")));
  EXPECT_THAT(finished.out, IsEmpty());
}

TEST(Batch, ReadsItsPromptsFromStdin) {
  Program program;
  program.input = "one\ntwo\n";
  const Finished finished = program.run({"--prompts", "-", "--model", "wan21", "--out-dir", "out"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(made(program).size(), 2U);
}

TEST(Batch, MakesSeveralOfOnePrompt) {
  Program program;
  const Finished finished =
      program.run({"--prompt", "a", "--model", "wan21", "--repeat", "3", "--seed", "7"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(program.files(), ElementsAre(".sora-gen", "a-7.mp4", "a-8.mp4", "a-9.mp4"));
}

std::vector<std::string> counted(std::vector<std::string> more) {
  more.insert(more.begin(), {"--prompt", "a", "--model", "wan21", "--count", "3"});
  return more;
}

TEST(Count, NumbersTheNameAndCountsTheSeedsUp) {
  Program program;
  fs::create_directory(program.folder() / "out");
  const Finished plans =
      program.run(counted({"--seed", "7", "-o", "out/x.png", "--thumbnail", "t.jpg", "--dry-run", "--json"}));
  EXPECT_EQ(plans.code, 0) << plans.err;
  std::vector<std::string> shown;
  for (const json& plan : events(plans.out))
    shown.push_back(plan["output"].get<std::string>() + " " + std::to_string(plan["seed"].get<int>()) + " " +
                    std::to_string(plan["frames"].get<int>()));
  EXPECT_THAT(shown, ElementsAre("out/x-1.png 7 1", "out/x-2.png 8 1", "out/x-3.png 9 1"));
  EXPECT_THAT(made(program), IsEmpty());

  const Finished finished = program.run(counted({"--seed", "7", "-o", "out/x.png"}));
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(made(program), ElementsAre("x-1.png", "x-2.png", "x-3.png"));
  EXPECT_THAT(program.files(), ElementsAre("out"));  // the journal lies beside the pictures
}

TEST(Count, WithoutASeedBeginsAtARandomOne) {
  Program program;
  const Finished finished = program.run(counted({"-o", "{seed}.mp4", "--json"}));
  EXPECT_EQ(finished.code, 0) << finished.err;
  std::vector<std::uint64_t> seeds;
  for (const json& done : events(finished.out)) seeds.push_back(done["seed"]);
  ASSERT_EQ(seeds.size(), 3U);
  for (const std::uint64_t i : {0, 1, 2}) {
    EXPECT_EQ(seeds[i], seeds[0] + i);
    EXPECT_EQ(program.read(std::to_string(seeds[i]) + ".mp4"), "a fake video\n");
  }
}

TEST(Count, LeavesAFileThatExistsAsItIsAndStartsNothing) {
  Program program;
  program.write("x-2.png", "mine");
  const Finished finished = program.run(counted({"--seed", "7", "-o", "x.png"}));
  EXPECT_EQ(finished.code, 73);
  EXPECT_THAT(finished.err, HasSubstr("x-2.png: exists already; add --overwrite"));
  EXPECT_THAT(program.files(), ElementsAre("x-2.png"));
  EXPECT_EQ(program.read("x-2.png"), "mine");
  EXPECT_EQ(program.run(counted({"--seed", "7", "-o", "x.png", "--overwrite"})).code, 0);
  EXPECT_EQ(program.read("x-2.png"), "a fake video\n");
}

TEST(Count, RunAgainGoesOnWhereItStopped) {
  Program program;
  EXPECT_EQ(program.run(counted({"--seed", "7", "-o", "x.png"})).code, 0);
  fs::remove(program.folder() / "x-2.png");
  const Finished again = program.run(counted({"--seed", "7", "-o", "x.png"}));
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("1 made, 2 done before"));
  // The same pictures under another name are other files.
  EXPECT_THAT(program.run(counted({"--seed", "7", "-o", "y.png"})).err, HasSubstr("3 made"));
}

TEST(Count, RefusesAStreamAFolderThatIsMissingAndWhatIsNoNumberOfVideos) {
  Program program;
  EXPECT_THAT(program.run(counted({"-o", "-"})).err, HasSubstr("-o - is one stream, and --count 3 makes"));
  EXPECT_EQ(program.run(counted({"-o", "-"})).code, 64);
  const Finished missing = program.run(counted({"-o", "gone/x.png"}));
  EXPECT_EQ(missing.code, 73);
  EXPECT_THAT(missing.err, HasSubstr("there is no folder gone"));
  EXPECT_EQ(program.run({"--prompt", "a", "--count", "0"}).code, 64);
  EXPECT_EQ(program.run(counted({"--repeat", "2"})).code, 64);
  EXPECT_EQ(program.run(counted({"-o", "x.png", "--name", "{index}.png"})).code, 64);
  EXPECT_THAT(program.files(), IsEmpty());
  // One of one is one video, with its own name.
  EXPECT_EQ(program.run({"--prompt", "a", "--model", "wan21", "--count", "1", "-o", "x.png"}).code, 0);
  EXPECT_THAT(program.files(), ElementsAre("x.png"));
}

TEST(Batch, RunAgainMakesWhatIsLeft) {
  Program program;
  program.write("p.txt", "one\ntwo\n");
  EXPECT_EQ(program.run(batch()).code, 0);
  fs::remove(program.folder() / "out/2.mp4");
  const Finished again = program.run(batch());
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("1 made, 1 done before\n"));
  EXPECT_THAT(made(program), ElementsAre("1.mp4", "2.mp4"));
  EXPECT_THAT(program.run(batch({"--no-resume"})).err, HasSubstr("2 made\n"));
}

TEST(Batch, KeepsWhatStandsInPlaceOfADoneFileAndMakesItAgain) {
  Program program;
  program.write("p.txt", "one\n");
  EXPECT_EQ(program.run(batch()).code, 0);
  program.write("out/1.mp4", "edited");
  const Finished again = program.run(batch());
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(program.read("out/1.mp4"), "a fake video\n");
  EXPECT_EQ(program.read("out/1.old-1.mp4"), "edited");
}

TEST(Batch, DoesNotReplaceAFileThatIsNotItsOwn) {
  Program program;
  program.write("p.txt", "one\n");
  fs::create_directory(program.folder() / "out");
  program.write("out/1.mp4", "mine");
  const Finished finished = program.run(batch());
  EXPECT_EQ(finished.code, 65);
  EXPECT_THAT(finished.err, HasSubstr("p.txt:1: out/1.mp4: exists already"));
  EXPECT_EQ(program.read("out/1.mp4"), "mine");
}

TEST(Batch, ALineThatIsPutInDoesNotMakeTheOthersAgain) {
  Program program;
  program.write("p.txt", "one\ntwo\n");
  EXPECT_EQ(program.run(batch({"--name", "{slug}.{ext}"})).code, 0);
  program.write("p.txt", "zero\none\ntwo\n");
  EXPECT_THAT(program.run(batch({"--name", "{slug}.{ext}"})).err, HasSubstr("1 made, 2 done before\n"));
}

TEST(Batch, GoesOnAfterAFailureAndEndsWithOne) {
  Program program;
  program.write("p.txt", "one\nthis fails 69\nthree\n");
  const Finished first = program.run(batch());
  EXPECT_EQ(first.code, 1);
  EXPECT_THAT(first.err,
              AllOf(HasSubstr("out/2.mp4: [fake] it failed as asked\n"), HasSubstr("2 made, 1 failed")));
  EXPECT_THAT(made(program), ElementsAre("1.mp4", "3.mp4"));

  const Finished second = program.run(batch());
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.err, Not(HasSubstr("it failed as asked")));
  EXPECT_THAT(program.run(batch({"--retry-failed"})).err, HasSubstr("it failed as asked"));
}

TEST(Batch, EndsAtAFailureThatAllWouldMeet) {
  Program program;
  program.write("p.txt", "one\nthis fails 74\nthree\n");
  const Finished finished = program.run(batch());
  EXPECT_EQ(finished.code, 74);
  EXPECT_THAT(made(program), ElementsAre("1.mp4"));
  const Finished status = program.run({"status", "out"});
  EXPECT_THAT(status.out, HasSubstr("3 jobs: 1 done, 0 failed, 0 running, 2 left\n"));
}

TEST(Batch, NamesEveryLineThatIsWrongAndStartsNothing) {
  Program program;
  program.write("p.jsonl",
                "{\"prompt\": \"a\"}\n{\"prompt\": \"b\", \"steps\": 0}\n{\"promt\": \"c\"}\n{\"prompt\": "
                "\"d\", \"res\": \"x\"}\n");
  const Finished finished = program.run({"--prompts", "p.jsonl", "--model", "wan21", "--out-dir", "out"});
  EXPECT_EQ(finished.code, 65);
  EXPECT_THAT(finished.err,
              AllOf(HasSubstr("p.jsonl:2: --steps 0"), HasSubstr("p.jsonl:3: \"promt\""),
                    HasSubstr("p.jsonl:4: --res"), HasSubstr("3 lines are wrong; nothing was started")));
  EXPECT_THAT(program.files(), ElementsAre("p.jsonl"));
}

TEST(Batch, OfAListWithAFaultMakesNoFolder) {
  Program program;
  program.write("list.txt", "one\n\xff\n");
  EXPECT_EQ(program.run({"--prompts", "list.txt", "--model", "wan21", "--out-dir", "out"}).code, 65);
  EXPECT_THAT(program.files(), ElementsAre("list.txt"));
}

TEST(Batch, RefusesOptionsThatDoNotGoTogether) {
  Program program;
  program.write("p.txt", "one\n");
  EXPECT_EQ(program.run(batch({"-o", "a.mp4"})).code, 64);
  EXPECT_EQ(program.run(batch({"--prompt", "b"})).code, 64);
  EXPECT_EQ(program.run(batch({"--shard", "3/2"})).code, 64);
  EXPECT_EQ(program.run(batch({"--name", "{nr}.mp4"})).code, 64);
  EXPECT_EQ(program.run({"--prompt", "a", "--share"}).code, 64);
  EXPECT_EQ(program.run({"--prompts", "gone.txt"}).code, 66);
  program.write("empty.txt", "# nothing\n");
  EXPECT_EQ(program.run({"--prompts", "empty.txt"}).code, 65);
}

TEST(Batch, ShowsThePlanOfEveryJob) {
  Program program;
  program.write("p.txt", "one\ntwo\n");
  EXPECT_EQ(program.run(batch({"--name", "{slug}.{ext}"})).code, 0);
  program.write("p.txt", "one\ntwo\nthree\n");
  const Finished finished = program.run(batch({"--name", "{slug}.{ext}", "--dry-run", "--json"}));
  EXPECT_EQ(finished.code, 0) << finished.err;
  const auto plans = events(finished.out);
  ASSERT_EQ(plans.size(), 3U);
  EXPECT_EQ(plans[0]["done"], true);
  EXPECT_EQ(plans[2]["done"], false);
  EXPECT_EQ(plans[2]["output"], "out/three.mp4");
  EXPECT_THAT(program.run(batch({"--dry-run", "--name", "{slug}.{ext}"})).out, HasSubstr("3 jobs, 2 done"));
}

TEST(Batch, ShowsThePlanOfAFolderThatTheRunWouldCreate) {
  Program program;
  program.write("p.txt", "a boat\na car\n");
  const Finished finished = program.run({"--prompts", "p.txt", "--out-dir", "new/", "--dry-run"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("new/0001-a-boat"));
  EXPECT_FALSE(std::filesystem::exists(program.folder() / "new"));
}

TEST(Batch, IsDividedByShards) {
  Program program;
  program.write("p.txt", "a\nb\nc\nd\ne\n");
  EXPECT_EQ(program.run(batch({"--shard", "2/2"})).code, 0);
  EXPECT_THAT(made(program), ElementsAre("2.mp4", "4.mp4"));
  program.environment["SLURM_PROCID"] = "0";
  program.environment["SLURM_NTASKS"] = "2";
  EXPECT_EQ(program.run(batch({"--jobs-from-rank"})).code, 64) << "a script of sbatch, outside of srun";
  program.environment["SLURM_STEP_NUM_TASKS"] = "2";
  EXPECT_EQ(program.run(batch({"--jobs-from-rank"})).code, 0);
  EXPECT_EQ(made(program).size(), 5U);
}

TEST(Batch, IsSharedByTheProcessesThatWereStartedTogether) {
  Program program;
  program.write("p.txt", "a\nb\nc\nd\ne\n");
  program.environment["RANK"] = "1";
  program.environment["WORLD_SIZE"] = "2";
  const Finished refused = program.run(batch({"--parallel", "guidance:2"}));
  EXPECT_EQ(refused.code, 64);
  EXPECT_THAT(refused.err, HasSubstr("torchrun started 2 processes, which share the jobs of a batch"));
  const Finished second = program.run(batch({"-v"}));
  EXPECT_EQ(second.code, 0) << second.err;
  EXPECT_THAT(second.err, HasSubstr("this one makes shard 2/2 of the jobs"));
  EXPECT_THAT(made(program), ElementsAre("2.mp4", "4.mp4"));
  EXPECT_EQ(program.run(batch({"--parallel", "off"})).code, 0);
  EXPECT_EQ(made(program).size(), 5U) << "each on its own";
}

TEST(Batch, TellsWhatEachRankMade) {
  Program program;
  program.write("p.txt", "a\nb\nc\nd\n");
  program.environment["WORLD_SIZE"] = "2";
  for (const char* rank : {"0", "1"}) {
    program.environment["RANK"] = rank;
    EXPECT_EQ(program.run(batch({"--index"})).code, 0);
  }
  EXPECT_THAT(
      program.run({"status", "out"}).out,
      testing::ContainsRegex("[0-9.]+ videos an hour\n  cpu rank 0: 2 videos, [0-9.]+ videos an hour\n"
                             "  cpu rank 1: 2 videos, [0-9.]+ videos an hour\n"));
  const auto jobs = events(program.run({"status", "out", "--json"}).out);
  ASSERT_EQ(jobs.size(), 4U);
  EXPECT_EQ(jobs[1]["rank"], 1);
  EXPECT_EQ(jobs[1]["device"], "cpu");
  EXPECT_THAT(program.read("out/index.html"), HasSubstr("<dt>cpu rank 1</dt><dd>2 videos"));
}

// Standard input is mpirun's, which gives it to rank 0 alone; srun gives all of it to every process.
TEST(SharedInput, IsRefusedWhereEachProcessWouldNeedItAndOneHasIt) {
  Program program;
  program.input = "a boat\n";
  const std::vector<std::vector<std::string>> lines{
      {"--prompts", "-", "--out-dir", "out", "--model", "wan21"},
      {"--prompt", "-", "--count", "2", "--out-dir", "out", "--model", "wan21"},
      {"scout", "--prompt", "-", "--out-dir", "out", "--model", "wan21"},
      {"storyboard", "-", "--model", "wan21"},
      {"animate", "-", "--prompt", "a", "--model", "wan21"}};
  for (const char* rank : {"0", "1"}) {
    program.environment["OMPI_COMM_WORLD_RANK"] = rank;
    program.environment["OMPI_COMM_WORLD_SIZE"] = "2";
    for (const auto& line : lines) {
      const Finished finished = program.run(line);
      EXPECT_EQ(finished.code, 64) << line.front() << finished.err;
      EXPECT_THAT(finished.err,
                  HasSubstr("standard input, can be read by one process only, and mpirun started 2"));
    }
    EXPECT_EQ(program.files().size(), 0U);
  }
  program.environment.erase("OMPI_COMM_WORLD_RANK");
  program.environment["SLURM_PROCID"] = "1";
  program.environment["SLURM_STEP_NUM_TASKS"] = "2";
  program.input = "a boat\na car\n";
  const Finished of_srun = program.run(lines.front());
  EXPECT_EQ(of_srun.code, 0) << of_srun.err;
}

TEST(SharedInput, OfANamedPipeIsRefused) {
  Program program;
  ASSERT_EQ(::mkfifo((program.folder() / "pipe").c_str(), 0600), 0);
  program.environment["SLURM_PROCID"] = "1";
  program.environment["SLURM_STEP_NUM_TASKS"] = "2";
  const Finished finished = program.run({"animate", "pipe", "--prompt", "a", "--model", "wan21"});
  EXPECT_EQ(finished.code, 64);
  EXPECT_THAT(finished.err, HasSubstr("pipe, a pipe, can be read by one process only, and srun started 2"));
}

TEST(Batch, ASecondRunInTheFolderIsRefusedUnlessBothShare) {
  Program first, second;
  first.write("p.txt", "slow one\n");
  const std::string out = (first.folder() / "out").string();
  second.write("p.txt", "slow one\nquick\n");
  const std::vector<std::string> other{"--prompts", "p.txt", "--model", "wan21",
                                       "--out-dir", out,     "--name",  "{slug}.{ext}"};
  first.start({"--prompts", "p.txt", "--model", "wan21", "--out-dir", "out", "--name", "{slug}.{ext}"});
  ASSERT_TRUE(first.wait_for_stderr("denois"));
  EXPECT_EQ(second.run(other).code, 75);
  first.signal(SIGINT);
  EXPECT_EQ(first.wait().code, 130);

  first.start(
      {"--prompts", "p.txt", "--model", "wan21", "--out-dir", "out", "--name", "{slug}.{ext}", "--share"});
  ASSERT_TRUE(first.wait_for_stderr("denois"));
  auto sharing = other;
  sharing.emplace_back("--share");
  const Finished finished = second.run(sharing);
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("1 made, 1 by other runs"));
  EXPECT_THAT(second.run({"status", out}).out, HasSubstr("2 jobs: 1 done, 0 failed, 1 running, 0 left"));
  first.signal(SIGINT);
  (void)first.wait();
}

TEST(Batch, TellsProgramsWhichJobItIsAt) {
  Program program;
  program.write("p.txt", "one\nfails 69\n");
  const Finished finished = program.run(batch({"--progress", "json"}));
  EXPECT_EQ(finished.code, 1);
  const auto list = events(finished.err);
  const auto count = [&](const char* name) {
    return std::count_if(list.begin(), list.end(), [&](const json& e) { return e["event"] == name; });
  };
  EXPECT_EQ(count("job"), 2);
  EXPECT_EQ(count("done"), 1);
  EXPECT_EQ(count("error"), 1);
  EXPECT_EQ(list.back()["event"], "batch_done");
  EXPECT_EQ(list.back()["failed"], 1);
}

TEST(Status, NeedsTheFolderOfABatch) {
  Program program;
  EXPECT_EQ(program.run({"status", "."}).code, 66);
  EXPECT_EQ(program.run({"status", "gone"}).code, 66);
  EXPECT_EQ(program.run({"status"}).code, 64);
}

TEST(Where, IsAnsweredOnASignal) {
  Program program;
  program.start({"--prompt", "slow", "--model", "wan21", "--progress", "json"});
  ASSERT_TRUE(program.wait_for_stderr("\"denoise\""));
  program.signal(SIGUSR1);
  EXPECT_TRUE(program.wait_for_stderr("\ndenoising "));
  program.signal(SIGINT);
  const Finished finished = program.wait();
  EXPECT_EQ(finished.code, 130);
  EXPECT_THAT(finished.err, HasSubstr("/100000, "));
}

TEST(Serve, MakesOneVideoAfterAnother) {
  Program program;
  program.input =
      "{\"id\": \"a\", \"prompt\": \"one\", \"output\": \"a.mp4\"}\n"
      "{\"id\": 2, \"prompt\": \"fails 69\", \"output\": \"b.mp4\"}\n"
      "{\"id\": \"c\", \"promt\": \"x\"}\n"
      "nonsense\n"
      "{\"id\": \"d\", \"plan\": true, \"prompt\": \"x\"}\n"
      "{\"id\": \"e\", \"prompt\": \"five\", \"output\": \"e.mp4\"}";
  const Finished finished = program.run({"serve", "--stdio", "--model", "wan21"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(program.files(), ElementsAre("a.mp4", "e.mp4"));
  std::vector<std::string> told;
  for (const json& event : events(finished.out)) {
    const std::string name = event["event"];
    if (name != "progress") told.push_back(name + " " + event.value("id", ""));
  }
  EXPECT_THAT(told, testing::IsSupersetOf({"ready ", "queued a", "done a", "error 2", "error c", "error ",
                                           "plan d", "done e"}));
  EXPECT_EQ(program.run({"serve"}).code, 64);
}

TEST(Serve, CancelsWhatItIsAt) {
  Program program;
  program.input =
      "{\"id\": \"a\", \"prompt\": \"slow\", \"output\": \"a.mp4\"}\n"
      "{\"id\": \"b\", \"prompt\": \"two\", \"output\": \"b.mp4\"}\n"
      "{\"cancel\": \"a\"}\n";
  const Finished finished = program.run({"serve", "--stdio", "--model", "wan21"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(program.files(), ElementsAre("b.mp4"));
  EXPECT_THAT(finished.out, HasSubstr("\"exit_code\":130"));
}

}  // namespace
}  // namespace sora::test
