// Processes, started as torchrun starts them, make one video together, and end together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "file_contents.h"
#include "media/read/video_reader.h"
#include "pipeline/tiny_model.h"
#include "places.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RankProcesses : public testing::Test {
 protected:
  RankProcesses() { fs::create_directory(out()); }
  ~RankProcesses() override {
    for (const pid_t pid : pids_) {
      if (pid > 0) ::kill(pid, SIGKILL), ::waitpid(pid, nullptr, 0);
    }
  }

  fs::path out() const { return folder_ / "out"; }
  std::string model() {
    const fs::path there = folder_ / "wan21";
    return fs::exists(there) ? there.string() : copy_tiny_model(folder_, "wan21");
  }

  std::vector<std::string> video(const std::string& name, std::vector<std::string> more = {}) {
    std::vector<std::string> words{"--prompt", "a lighthouse", "--model",    model(),      "--seed",
                                   "7",        "--device",     "cpu",        "--steps",    "2",
                                   "--res",    "64x32",        "--frames",   "9",          "--codec",
                                   "ffv1",     "--pix-fmt",    "bgr0",       "--guidance", "3",
                                   "--output", out() / name,   "--progress", "json",       "--threads",
                                   "1",        "--text-cache", "off"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  /// Starts the program as this rank; size 1: alone.
  void start(int rank, int size, std::vector<std::string> words) {
    words.insert(words.begin(), (build_folder() / "bin/sora-gen").string());
    const std::string port = std::to_string(20000 + ::getpid() % 9000);
    std::vector<std::string> variables{"PATH=/usr/bin:/bin", "GOMP_SPINCOUNT=1000", "SORA_GEN_C2PA=none",
                                       "XDG_CACHE_HOME=" + (folder_ / "cache").string(),
                                       "XDG_STATE_HOME=" + (folder_ / "state").string()};
    if (size > 1) {
      for (const std::string& variable :
           {"RANK=" + std::to_string(rank), "LOCAL_RANK=" + std::to_string(rank),
            "WORLD_SIZE=" + std::to_string(size), "LOCAL_WORLD_SIZE=" + std::to_string(size),
            std::string("MASTER_ADDR=localhost"), "MASTER_PORT=" + port})
        variables.push_back(variable);
    }
    const auto pointers = [](std::vector<std::string>& texts) {
      std::vector<char*> result;
      for (std::string& text : texts) result.push_back(text.data());
      result.push_back(nullptr);
      return result;
    };
    auto argv = pointers(words), envp = pointers(variables);
    const std::string log = error_file(rank);
    const pid_t pid = ::fork();
    if (pid == 0) {
      if (::freopen(log.c_str(), "w", stderr) == nullptr) ::_exit(126);
      ::alarm(300);  // what hangs is a failure, not the end of the tests
      ::execve(argv[0], argv.data(), envp.data());
      ::_exit(126);
    }
    pids_.at(static_cast<std::size_t>(rank)) = pid;
  }

  std::string error_file(int rank) const { return (folder_ / ("err" + std::to_string(rank))).string(); }
  std::string errors_of(int rank) const { return contents(error_file(rank)); }

  int wait(int rank) {
    int status = 0;
    ::waitpid(pids_.at(static_cast<std::size_t>(rank)), &status, 0);
    pids_.at(static_cast<std::size_t>(rank)) = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  void wait_for(int rank, const std::string& text) const {
    while (errors_of(rank).find(text) == std::string::npos) {
      ASSERT_EQ(::kill(pids_.at(static_cast<std::size_t>(rank)), 0), 0) << errors_of(rank);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(out())) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

  int largest_difference(const std::string& a, const std::string& b) const {
    const auto first = read_first((out() / a).string(), {}, 1000),
               second = read_first((out() / b).string(), {}, 1000);
    EXPECT_EQ(first.size(), second.size());
    int most = first.size() == second.size() ? 0 : 255;
    for (std::size_t i = 0; i < std::min(first.size(), second.size()); ++i) {
      for (std::size_t j = 0; j < std::min(first[i].rgb.size(), second[i].rgb.size()); ++j)
        most = std::max(most, std::abs(int{first[i].rgb[j]} - int{second[i].rgb[j]}));
    }
    return most;
  }

  const TemporaryFolder folder_;
  std::array<pid_t, 4> pids_{-1, -1, -1, -1};
};

TEST_F(RankProcesses, MakeOneVideoTogether) {
  start(0, 1, video("one.mkv"));
  ASSERT_EQ(wait(0), 0) << errors_of(0);
  for (const int size : {2, 4}) {
    SCOPED_TRACE(size);
    for (int rank = 0; rank < size; ++rank) start(rank, size, video("several.mkv", {"--overwrite"}));
    for (int rank = 0; rank < size; ++rank) EXPECT_EQ(wait(rank), 0) << errors_of(rank);
    EXPECT_LE(largest_difference("several.mkv", "one.mkv"), 2);
    EXPECT_THAT(errors_of(1), IsEmpty()) << "it prints errors only";
    EXPECT_THAT(files(), ElementsAre("one.mkv", "several.mkv"));
  }
}

TEST_F(RankProcesses, ARankThatIsKilledEndsTheOthers) {
  for (const int killed : {1, 0}) {
    SCOPED_TRACE(killed);
    for (int rank = 0; rank < 3; ++rank)
      start(rank, 3,
            video("never.mkv", {"--res", "160x64", "--steps", "1000", "--model",
                                (test_data() / "pipeline/ti2v").string()}));
    wait_for(0, "\"step\":2");
    ::kill(pids_.at(static_cast<std::size_t>(killed)), SIGKILL);
    for (int rank = 0; rank < 3; ++rank) {
      const int code = wait(rank);
      if (rank == killed) continue;
      EXPECT_EQ(code, 69) << errors_of(rank);
      EXPECT_THAT(errors_of(rank), HasSubstr("rank " + std::to_string(killed) + " (127.0.0.1) is gone"));
    }
    if (killed == 1) {
      EXPECT_THAT(files(), IsEmpty());
    }
  }
}

TEST_F(RankProcesses, ARankThatIsKilledWhileTheyDecodeEndsTheOthers) {
  copy_tiny_model(folder_, "wan21", R"({"native_frames": 401, "fps": 8})");  // one window
  for (const int killed : {1, 3, 0}) {
    SCOPED_TRACE(killed);
    for (int rank = 0; rank < 4; ++rank)
      start(rank, 4, video("never.mkv", {"--res", "160x96", "--steps", "1", "--frames", "401"}));
    wait_for(0, "\"frame\":9,");
    ::kill(pids_.at(static_cast<std::size_t>(killed)), SIGKILL);
    for (int rank = 0; rank < 4; ++rank) {
      const int code = wait(rank);
      if (rank == killed) continue;
      EXPECT_EQ(code, 69) << errors_of(rank);
      EXPECT_THAT(errors_of(rank), HasSubstr("rank " + std::to_string(killed) + " (127.0.0.1) is gone"));
    }
    if (killed != 0) {
      EXPECT_THAT(files(), IsEmpty());
    }
  }
}

}  // namespace
}  // namespace sora
