// The journal and its locks.
#include "jobs/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "core/sha256.h"
#include "sora/error.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

class JournalTest : public testing::Test {
 protected:
  void write(const fs::path& path, const std::string& text) const {
    std::ofstream(path, std::ios::binary | std::ios::app) << text;
  }

  Result result() const {
    Result r;
    r.bytes = 5;
    r.frames = 3;
    r.sha256 = sha256_hex("video");
    return r;
  }

  const TemporaryFolder temporary;
  const fs::path folder = temporary.path();
  const std::string key = std::string(63, 'a') + "1";
  const std::string other = std::string(63, 'b') + "2";
};

TEST_F(JournalTest, RemembersWhatWasDone) {
  {
    Journal journal(folder);
    journal.open(false);
    journal.started(key, "a.mp4", true);
    write(folder / "a.mp4", "video");
    journal.done(key, result(), "a.mp4", 1.5);
    journal.failed(other, "b.mp4", 69, "no memory");
  }
  Journal again(folder);
  again.refresh();
  ASSERT_NE(again.find(key), nullptr);
  EXPECT_EQ(again.find(key)->state, JobRecord::State::done);
  EXPECT_EQ(again.find(key)->seconds, 1.5);
  EXPECT_TRUE(output_is_whole(folder / "a.mp4", *again.find(key)));
  EXPECT_EQ(again.find(other)->exit_code, 69);
  EXPECT_EQ(again.find(other)->error, "no memory");
}

TEST_F(JournalTest, RemembersWhatMadeAVideo) {
  Journal journal(folder);
  journal.open(false);
  journal.done(key, result(), "a.mp4", 1.5, false, {"node7", "cuda:0,cuda:1", 3});
  journal.done(other, result(), "b.mp4", 1.5);  // as journals of older versions have it
  journal.refresh();
  EXPECT_EQ(journal.find(key)->by.host, "node7");
  EXPECT_EQ(journal.find(key)->by.device, "cuda:0,cuda:1");
  EXPECT_EQ(journal.find(key)->by.rank, 3);
  EXPECT_EQ(journal.find(other)->by.host, "");
  EXPECT_EQ(journal.find(other)->by.rank, std::nullopt);
}

TEST_F(JournalTest, TakesNoNamesOfAStrangerThatAreNone) {
  Journal journal(folder);
  journal.open(false);
  write(folder / ".sora-gen/journal.jsonl",
        R"({"event": "done", "key": "k", "host": "\u001b[31mnode", "device": ")" + std::string(1000, 'x') +
            "\"}\n");
  journal.refresh();
  ASSERT_NE(journal.find("k"), nullptr);
  EXPECT_EQ(journal.find("k")->by.host, "");
  EXPECT_EQ(journal.find("k")->by.device, "");
}

TEST_F(JournalTest, SeesAFileThatIsNoLongerWhatWasMade) {
  Journal journal(folder);
  journal.open(false);
  write(folder / "a.mp4", "video");
  journal.done(key, result(), "a.mp4", 1);
  journal.refresh();
  const JobRecord record = *journal.find(key);
  fs::last_write_time(folder / "a.mp4", fs::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_TRUE(output_is_whole(folder / "a.mp4", record));  // its time is another: the digest decides
  fs::resize_file(folder / "a.mp4", 4);
  EXPECT_FALSE(output_is_whole(folder / "a.mp4", record));
  fs::resize_file(folder / "a.mp4", 5);
  EXPECT_FALSE(output_is_whole(folder / "a.mp4", record));  // other bytes of the same size
  fs::remove(folder / "a.mp4");
  EXPECT_FALSE(output_is_whole(folder / "a.mp4", record));
}

TEST_F(JournalTest, LivesWithHalfALine) {
  Journal journal(folder);
  journal.open(false);
  journal.failed(other, "b.mp4", 69, "x");
  write(folder / ".sora-gen/journal.jsonl",
        "{\"event\": \"done\", \"key\": \"" + key);  // the machine went down here
  journal.refresh();
  EXPECT_EQ(journal.find(key), nullptr);
  journal.failed(key, "a.mp4", 70, "y");
  Journal again(folder);
  again.refresh();
  EXPECT_EQ(again.records().size(), 2U);
  EXPECT_EQ(again.find(key)->exit_code, 70);
}

TEST_F(JournalTest, AJobThatStartedOnAFreeNameOwnsWhatStandsThere) {
  Journal journal(folder);
  journal.open(false);
  journal.started(key, "a.mp4", true);
  journal.started(key, "a.mp4", false);  // the second run after a crash finds its own file
  journal.refresh();
  EXPECT_TRUE(journal.find(key)->was_free);
  journal.started(other, "b.mp4", false);
  journal.refresh();
  EXPECT_FALSE(journal.find(other)->was_free);
  // Done, but the disk could not promise to keep the record, so the run ended.
  journal.done(key, result(), "a.mp4", 1);
  journal.stopped(key, "a.mp4");
  journal.refresh();
  EXPECT_TRUE(journal.find(key)->was_free);
  // Once it is done, what stands there at another start may be someone else's.
  journal.done(key, result(), "a.mp4", 1);
  journal.started(key, "a.mp4", false);
  journal.refresh();
  EXPECT_FALSE(journal.find(key)->was_free);
}

TEST_F(JournalTest, KeepsTwoRunsApartUnlessBothShare) {
  Journal first(folder), second(folder);
  first.open(false);
  for (const bool share : {false, true}) {
    try {
      second.open(share);
      ADD_FAILURE() << "expected busy";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::busy);
    }
  }
  Journal elsewhere(folder / "other");
  elsewhere.open(false);
}

TEST_F(JournalTest, GivesAJobToOneOfTheRunsThatShare) {
  Journal first(folder), second(folder);
  first.open(true);
  second.open(true);
  EXPECT_TRUE(first.claim(key));
  EXPECT_FALSE(second.claim(key));
  EXPECT_TRUE(second.is_claimed(key));
  EXPECT_TRUE(second.claim(other));
  first.release(key);
  EXPECT_TRUE(second.claim(key));
}

TEST_F(JournalTest, ALockEndsWithItsProcess) {
  const pid_t child = ::fork();
  if (child == 0) {
    Journal journal(folder);
    journal.open(false);
    ::_exit(journal.claim(key) ? 0 : 1);  // without any clean-up
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  Journal journal(folder);
  EXPECT_NO_THROW(journal.open(false));
  EXPECT_TRUE(journal.claim(key));
}

TEST_F(JournalTest, KeepsTheListOfJobs) {
  Journal journal(folder);
  journal.open(false);
  journal.write_list({{key, "a.mp4", "a \"ball\""}, {other, "b.mp4", "b"}});
  const auto list = journal.read_list();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].key, key);
  EXPECT_EQ(list[0].prompt, "a \"ball\"");
}

TEST_F(JournalTest, NamesNoFileOutsideOfItsFolder) {
  for (const char* inside : {"a.mp4", "sub/a.mp4", "./a.mp4", "sub/../a.mp4"}) EXPECT_TRUE(is_inside(inside));
  for (const char* outside : {"/etc/a.mp4", "../a.mp4", "sub/../../a.mp4", "..", ""})
    EXPECT_FALSE(is_inside(outside)) << outside;
}

TEST_F(JournalTest, AFileInsideOfItsFolderIsNoLinkToOneOutside) {
  const fs::path home = folder / "home";
  fs::create_directories(home / "sub");
  std::ofstream(folder / "secret") << "secret";
  fs::create_symlink("../secret", home / "link");
  fs::create_directory_symlink("..", home / "up");
  fs::create_symlink("sub", home / "near");
  for (const char* inside : {"a.mp4", "sub/a.mp4", "near/a.mp4", "gone/a.mp4"})
    EXPECT_TRUE(lies_inside(home, inside)) << inside;
  for (const char* outside : {"link", "up/secret", "near/../../secret", "../secret"})
    EXPECT_FALSE(lies_inside(home, outside)) << outside;
  EXPECT_FALSE(lies_inside(home, (folder / "secret").string()));
}

// Nested lists, and the end of the object around them.
std::string deep() { return std::string(60'000, '[') + std::string(60'000, ']') + "}"; }

class HostileJournal : public JournalTest {
 protected:
  // The message about a journal and a list of this one line; empty where it is valid.
  std::string error_of(const std::string& line, const std::string& name = "journal.jsonl") const {
    fs::remove_all(folder / ".sora-gen");
    fs::create_directories(folder / ".sora-gen");
    std::ofstream(folder / ".sora-gen" / name) << "{\"half a li\n" << line << "\n";
    Journal journal(folder);
    try {
      journal.refresh();
      journal.read_list();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data) << error.what();
      return error.what();
    }
    return "";
  }
};

TEST_F(HostileJournal, WithAValueOfAWrongTypeIsBadDataWithItsLine) {
  using testing::HasSubstr;
  EXPECT_THAT(error_of(R"({"event": 1, "key": "k"})"),
              HasSubstr("journal.jsonl:2: event is 1, expected a text"));
  EXPECT_THAT(error_of(R"({"event": "done", "key": ["k"]})"), HasSubstr("key is [\"k\"], expected a text"));
  EXPECT_THAT(error_of(R"({"event": "done", "key": "k", "bytes": "many"})"), HasSubstr("bytes is \"many\""));
  EXPECT_THAT(error_of(R"({"event": "done", "key": "k", "bytes": -1})"), HasSubstr("bytes is -1"));
  EXPECT_THAT(error_of(R"({"event": "done", "key": "k", "bytes": 1e300})"), HasSubstr("bytes is 1e+300"));
  EXPECT_THAT(error_of(R"({"event": "done", "key": "k", "time": 1e300})"), HasSubstr("time is 1e+300"));
  EXPECT_THAT(error_of(R"({"event": "failed", "key": "k", "exit_code": 18446744073709551615})"),
              HasSubstr("exit_code is 18446744073709551615, expected an integer"));
  EXPECT_THAT(error_of(R"({"event": "start", "key": "k", "was_free": "no"})"),
              HasSubstr("expected true or false"));
  EXPECT_THAT(error_of(R"({"event": "done", "key": "k", "rank": -1})"), HasSubstr("rank is -1"));
  EXPECT_THAT(error_of(R"({"event": "done", "key": "k", "device": 0})"), HasSubstr("device is 0"));
  EXPECT_THAT(error_of(R"({"key": "k", "output": {}})", "jobs.jsonl"),
              HasSubstr("jobs.jsonl:2: output is {}"));
  EXPECT_EQ(error_of(R"({"event": "done", "key": "k", "bytes": 5, "time": null, "of": {"later": 1}})"), "");
}

TEST_F(HostileJournal, NestedDeepOrWithANumberOutOfRangeIsBadData) {
  using testing::HasSubstr;
  EXPECT_THAT(error_of("{\"event\":" + deep()), HasSubstr(":2: is nested over 64 deep"));
  EXPECT_THAT(error_of("{\"time\": 1e999}"), HasSubstr(":2: has the number 1e999"));
  EXPECT_THAT(error_of("{\"key\":" + deep(), "jobs.jsonl"), HasSubstr("nested over 64 deep"));
}

}  // namespace
}  // namespace sora
