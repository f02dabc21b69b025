// Every fuzz target over its corpus, and over mutations of it that are the same in every run. What a target
// finds is kept in a file, which the target's own program (the preset `fuzz`) takes as an argument.
#include <gtest/gtest.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "fuzz.h"
#include "mutate.h"
#include "places.h"

// SORA_TARGET(name, mutations) for each target; a line of its own for one that mutates by itself.
#define SORA_TARGET(name, mutations) extern "C" int fuzz_##name(const std::uint8_t*, std::size_t);
#define SORA_MUTATOR(name) \
  extern "C" std::size_t mutate_##name(std::uint8_t*, std::size_t, std::size_t, unsigned);
#include "fuzz_targets.inc"
#undef SORA_TARGET
#undef SORA_MUTATOR

namespace sora::fuzz {
namespace {

namespace fs = std::filesystem;

using RunOne = int (*)(const std::uint8_t*, std::size_t);
using MutateOne = std::size_t (*)(std::uint8_t*, std::size_t, std::size_t, unsigned);

constexpr std::size_t kLongest = 1 << 16;  // bytes of a mutation
Mutator* mutator = nullptr;                // of LLVMFuzzerMutate

struct Target {
  const char* name;
  RunOne run;
  std::size_t mutations;
  MutateOne mutate = nullptr;
};

std::vector<Target> targets() {
  std::vector<Target> all;
#define SORA_TARGET(name, mutations) all.push_back({#name, fuzz_##name, mutations});
#define SORA_MUTATOR(name) all.back().mutate = mutate_##name;
#include "fuzz_targets.inc"
#undef SORA_TARGET
#undef SORA_MUTATOR
  return all;
}

std::vector<std::pair<fs::path, std::string>> corpus_of(const std::string& name) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(source_folder() / "tests/fuzz/corpus" / name))
    paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::pair<fs::path, std::string>> corpus;
  for (const fs::path& path : paths) corpus.emplace_back(path, read_file(path));
  return corpus;
}

// Names the target and input at work when a signal ends the process.
std::string current;
std::string current_name;

fs::path keep(const std::string& input) {
  const fs::path file = fs::temp_directory_path() / ("finding-" + current_name);
  std::ofstream(file, std::ios::binary).write(input.data(), static_cast<std::streamsize>(input.size()));
  return file;
}

extern "C" void on_crash(int signal) {
  std::signal(signal, SIG_DFL);
  std::fprintf(stderr, "%s: %s with the input in %s\n", current_name.c_str(), strsignal(signal),
               keep(current).c_str());
  std::raise(signal);
}

/// False where the target found something.
bool runs(const Target& target, std::string input, const std::string& what) {
  current = std::move(input);
  try {
    (void)target.run(reinterpret_cast<const std::uint8_t*>(current.data()), current.size());
    return true;
  } catch (const std::exception& finding) {
    ADD_FAILURE() << target.name << ", " << what << ": " << finding.what() << "; kept in " << keep(current);
    return false;
  }
}

class FuzzReplay : public testing::TestWithParam<Target> {
 protected:
  void SetUp() override {
    current_name = GetParam().name;
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) std::signal(signal, on_crash);
  }
  void TearDown() override {
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) std::signal(signal, SIG_DFL);
  }
};

TEST_P(FuzzReplay, SurvivesItsCorpusAndMutationsOfIt) {
  const Target target = GetParam();
  const auto corpus = corpus_of(target.name);
  ASSERT_FALSE(corpus.empty());
  for (const auto& [path, bytes] : corpus) runs(target, bytes, path.filename().string());
  runs(target, "", "nothing");
  Mutator random(1);
  mutator = &random;
  for (std::size_t i = 0; i < target.mutations; ++i) {
    std::string input = corpus[random.below(corpus.size())].second.substr(0, kLongest);
    if (target.mutate != nullptr) {
      const std::size_t size = input.size();
      input.resize(kLongest);
      input.resize(target.mutate(reinterpret_cast<std::uint8_t*>(input.data()), size, kLongest,
                                 static_cast<unsigned>(i)));
    } else {
      const std::string& other = corpus[random.below(corpus.size())].second;
      for (std::size_t changes = 1 + random.below(4); changes > 0; --changes) random.change(input, other);
    }
    if (!runs(target, std::move(input), "mutation " + std::to_string(i))) break;
  }
  mutator = nullptr;
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzReplay, testing::ValuesIn(targets()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace sora::fuzz

// For targets that mutate by themselves.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  sora::fuzz::mutator->change(bytes, bytes);
  const std::size_t kept = std::min(bytes.size(), most);
  std::copy_n(bytes.begin(), kept, data);
  return kept;
}
