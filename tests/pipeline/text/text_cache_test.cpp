// The cache of embeddings on disk: the same numbers with and without it, no text encoder for a cached prompt,
// and no harm from other files in the folder.
#include "plan/machine/text_cache.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "pipeline/text/prompt_embeds.h"
#include "places.h"
#include "sora/error.h"
#include "sora/generator.h"
#include "temporary_folder.h"
#include "weights/tensor_file.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

class TextCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("XDG_CACHE_HOME", folder_.path().c_str(), 1);
    request_.model = test_data() / "pipeline/wan21";
    request_.prompt = "a red ball";
    request_.negative_prompt = "blue";
    request_.res = "64x48";
    request_.frames = 5;
    request_.steps = 2;
    request_.guidance = 4;
    request_.seed = 7;
    request_.device = "cpu";
    request_.text_cache = "on";
    request_.offload = "text";
    request_.output = (folder_ / "a.mp4").string();
    request_.overwrite = true;
  }
  void TearDown() override { ::unsetenv("XDG_CACHE_HOME"); }

  /// Whether the texts of the request took the text encoder, in a run of their own.
  bool encodes(const Request& request, at::Tensor* embeds = nullptr) const {
    const c10::InferenceMode inference;
    const Plan plan = make_plan(request);
    Model model;
    PromptEmbeds prompts;
    bool encoded = false;
    prompts.prepare(model, plan, {}, [&] { encoded = true; });
    if (embeds != nullptr) *embeds = prompts.get(request.prompt);
    EXPECT_FALSE(model.prompt_encoder) << "it is freed";
    return encoded;
  }

  std::set<fs::path> entries() const {
    std::set<fs::path> found;
    std::error_code code;
    for (const auto& entry : fs::directory_iterator(text_cache_folder(), code)) found.insert(entry.path());
    return found;
  }

  fs::path entry_of(const Request& request) const {
    const TextCache cache(text_cache_folder(), make_plan(request).machine.text_cache_key);
    return cache.file(cache.key(request.prompt));
  }

  static std::string bytes_of(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void write(const fs::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }

  const TemporaryFolder folder_;
  Request request_;
};

TEST_F(TextCacheTest, EveryTensorIsTheSameWithoutItAndWithItColdAndWarm) {
  std::vector<std::map<std::string, at::Tensor>> dumps;
  std::vector<std::string> digests;
  for (const char* how : {"off", "on", "on"}) {
    request_.text_cache = how;
    request_.dump_tensors = (folder_ / "dump.safetensors").string();
    Generator generator;
    digests.push_back(generator.run(make_plan(request_)).sha256);
    auto& dump = dumps.emplace_back();
    for (const char* name : {"prompt_embeds", "negative_prompt_embeds", "noise_pred_0", "latents", "video"})
      dump[name] = read_tensor(*request_.dump_tensors, name);
  }
  EXPECT_EQ(entries().size(), 2u) << "the prompt and the negative prompt";
  for (int run : {1, 2}) {
    EXPECT_EQ(digests[run], digests[0]);
    for (const auto& [name, tensor] : dumps[0]) EXPECT_TRUE(at::equal(dumps[run][name], tensor)) << name;
  }
}

TEST_F(TextCacheTest, APromptThatWasSeenLoadsNoEncoder) {
  EXPECT_FALSE(make_plan(request_).machine.text_cached);
  EXPECT_TRUE(encodes(request_));
  EXPECT_FALSE(encodes(request_));
  const Plan plan = make_plan(request_);
  EXPECT_TRUE(plan.machine.text_cached);
  EXPECT_THAT(plan_text(plan), testing::HasSubstr("the text encoder is not loaded"));
  EXPECT_EQ(nlohmann::json::parse(plan_json(plan))["text_cached"], true);
  request_.prompt = "  a   red\tball ";
  EXPECT_FALSE(encodes(request_)) << "the same prompt once it is cleaned";
  request_.prompt = "a green ball";
  EXPECT_FALSE(make_plan(request_).machine.text_cached);
  EXPECT_TRUE(encodes(request_));
}

TEST_F(TextCacheTest, AnotherEncoderOrAnotherWayToComputeIsAnotherEntry) {
  EXPECT_TRUE(encodes(request_));
  Request other = request_;
  other.threads = 7;
  EXPECT_FALSE(make_plan(other).machine.text_cached);
  const fs::path model = folder_ / "model";
  fs::copy(request_.model, model, fs::copy_options::recursive);
  other = request_;
  other.model = model.string();
  EXPECT_TRUE(make_plan(other).machine.text_cached) << "a copy is the same encoder";
  const fs::path weights = model / "text_encoder/model.safetensors";
  std::string bytes = bytes_of(weights);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write(weights, bytes);
  EXPECT_FALSE(make_plan(other).machine.text_cached);
}

TEST_F(TextCacheTest, DamagedAndForeignEntriesAreMadeAgain) {
  at::Tensor right;
  EXPECT_TRUE(encodes(request_, &right));
  const fs::path entry = entry_of(request_);
  const std::string good = bytes_of(entry);
  std::string flipped = good;
  flipped[flipped.size() - 3] = static_cast<char>(flipped[flipped.size() - 3] ^ 4);
  Request other = request_;
  other.prompt = "a green ball";
  EXPECT_TRUE(encodes(other));
  const std::string foreign = bytes_of(entry_of(other));
  const std::vector<std::string> bad{flipped, foreign,        good.substr(0, good.size() / 2),
                                     "",      "not a tensor", std::string(100, '\xff')};
  for (std::size_t i = 0; i < bad.size(); ++i) {
    SCOPED_TRACE(i);
    write(entry, bad[i]);
    at::Tensor again;
    EXPECT_TRUE(encodes(request_, &again));
    EXPECT_TRUE(at::equal(again, right));
    EXPECT_EQ(bytes_of(entry), good);
  }
  fs::remove(entry);
  fs::create_directory(entry);
  EXPECT_TRUE(encodes(request_)) << "what cannot be written is let be";
}

TEST_F(TextCacheTest, AFolderThatCannotBeMadeIsNoFailure) {
  write(folder_ / "sora-gen", "a file");
  EXPECT_TRUE(encodes(request_));
  EXPECT_TRUE(encodes(request_));
}

TEST_F(TextCacheTest, WarningsOfAPromptAreRemembered) {
  EncodedPrompt prompt{at::rand({3, 8}), {"the model has no token for some of: x", "another"}};
  const TextCache cache(text_cache_folder(), "an encoder");
  const std::string key = cache.key("x");
  write_cached(cache, key, prompt);
  EncodedPrompt read;
  ASSERT_TRUE(read_cached(cache, key, 8, read));
  EXPECT_TRUE(at::equal(read.rows, prompt.rows));
  EXPECT_EQ(read.warnings, prompt.warnings);
  EXPECT_FALSE(read_cached(cache, key, 9, read)) << "a model of another width";
}

TEST_F(TextCacheTest, TheFolderStaysWithinItsBounds) {
  const TextCache cache(text_cache_folder(), "an encoder", {40'000, std::chrono::hours(24)});
  std::vector<std::string> keys;
  for (int i = 0; i < 5; ++i) keys.push_back(cache.key("prompt " + std::to_string(i)));
  const auto day = std::chrono::hours(24);
  const auto age = [&](int i, auto by) {
    fs::last_write_time(cache.file(keys[i]), fs::file_time_type::clock::now() - by);
  };
  const EncodedPrompt prompt{at::rand({3, 1000}), {}};  // 12 kB
  write_cached(cache, keys[0], prompt);
  age(0, 2 * day);
  write_cached(cache, keys[1], prompt);
  EXPECT_FALSE(cache.contains(keys[0])) << "not used for longer than it is kept";
  write_cached(cache, keys[2], prompt);
  age(1, day / 2);
  age(2, day / 3);
  write_cached(cache, keys[3], prompt);
  cache.touch(keys[1]);
  write_cached(cache, keys[4], prompt);
  EXPECT_FALSE(cache.contains(keys[2])) << "the one that was not used for longest";
  for (const int i : {1, 3, 4}) EXPECT_TRUE(cache.contains(keys[i])) << i;
}

TEST_F(TextCacheTest, TwoRunsAtOnceSeeWholeEntriesOnly) {
  const TextCache cache(text_cache_folder(), "an encoder");
  const std::string key = cache.key("x");
  const EncodedPrompt prompt{at::rand({16, 64}), {}};
  std::atomic<int> writing = 2;
  const auto writes = [&] {
    for (int i = 0; i < 20; ++i) write_cached(cache, key, prompt);
    --writing;
  };
  std::thread one(writes), two(writes);
  bool wrong = false;
  EncodedPrompt read;
  while (writing > 0) {
    if (read_cached(cache, key, 64, read)) wrong = wrong || !at::equal(read.rows, prompt.rows);
  }
  one.join();
  two.join();
  EXPECT_FALSE(wrong);
  EXPECT_TRUE(read_cached(cache, key, 64, read));
  EXPECT_EQ(entries().size(), 1u) << "no temporaries are left";
}

TEST_F(TextCacheTest, TextsThatAreComingAreEncodedWithTheFirst) {
  const c10::InferenceMode inference;
  request_.text_cache = "off";
  Model model;
  PromptEmbeds prompts;
  int loads = 0;
  const auto loaded = [&] { ++loads; };
  const ComingTexts coming = [] { return std::vector<std::string>{"a green ball", "\xff", "blue"}; };
  prompts.prepare(model, make_plan(request_), coming, loaded);
  EXPECT_EQ(loads, 1);
  Request next = request_;
  next.prompt = "a green ball";
  prompts.prepare(model, make_plan(next), coming, loaded);
  EXPECT_EQ(loads, 1) << "its text is there";
  next.prompt = "a yellow ball";
  prompts.prepare(model, make_plan(next), coming, loaded);
  EXPECT_EQ(loads, 2);

  Model fresh;
  PromptEmbeds alone;
  alone.prepare(fresh, make_plan(next), {}, loaded);
  EXPECT_TRUE(at::equal(alone.get("a yellow ball"), prompts.get("a yellow ball")));
}

TEST_F(TextCacheTest, OnlyLargeEncodersAreFreedAndKeptUnasked) {
  request_.offload = "auto";
  request_.text_cache = "auto";
  const Plan plan = make_plan(request_);
  EXPECT_FALSE(plan.machine.frees_text_encoder);
  EXPECT_EQ(plan.machine.text_cache_key, "");
  Generator generator;
  generator.run(plan);
  EXPECT_TRUE(entries().empty());
  for (const auto& change : std::vector<std::function<void(Request&)>>{
           [](Request& r) { r.offload = "disk"; }, [](Request& r) { r.text_cache = "yes"; }}) {
    Request wrong = request_;
    change(wrong);
    try {
      make_plan(wrong);
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
    }
  }
}

}  // namespace
}  // namespace sora
