// Memory: every way of storing weights gives the same video, and a plan that does not fit is refused with
// advice.
//
// Whether a run needs the memory that its plan says also depends on the machine: MeasuredMemory is not in the
// suite, and is run by scripts/bench/planned_memory.py.
#include "plan/machine/memory.h"

#include <c10/core/InferenceMode.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/file.h"
#include "file_contents.h"
#include "models/wan/networks/transformer.h"
#include "places.h"
#include "sora/error.h"
#include "sora/generator.h"
#include "temporary_folder.h"
#include "weights/weights.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

const fs::path kTiny = test_data() / "pipeline/wan21";

// A model whose transformer is much larger than everything else: `layers` of width 512, in bf16. The values
// do not matter.
void write_model(const fs::path& folder, int layers) {
  fs::copy(kTiny, folder, fs::copy_options::recursive);
  auto json = nlohmann::json::parse(read_text(kTiny / "transformer/config.json", "test"));
  json["num_layers"] = layers;
  json["num_attention_heads"] = 8;
  json["attention_head_dim"] = 64;
  json["ffn_dim"] = 2048;
  std::ofstream(folder / "transformer/config.json") << json;
  const wan::TransformerConfig config = wan::read_transformer_config(folder / "transformer/config.json");
  auto recorder = std::make_shared<SchemaRecorder>(nullptr);
  (void)wan::WanTransformer(Weights(recorder), config);

  std::string header = "{";
  std::uint64_t end = 0;
  for (const TensorSpec& spec : recorder->schema()) {
    std::uint64_t bytes = 2;
    for (const std::int64_t side : spec.shape) bytes *= static_cast<std::uint64_t>(side);
    header += std::string(header.size() > 1 ? "," : "") + "\"" + spec.name + R"(":{"dtype":"BF16","shape":)" +
              shape_text(spec.shape) + ",\"data_offsets\":[" + std::to_string(end) + "," +
              std::to_string(end + bytes) + "]}";
    end += bytes;
  }
  header += "}";
  const std::uint64_t length = header.size();
  std::ofstream out(folder / "transformer/diffusion_pytorch_model.safetensors", std::ios::binary);
  out.write(reinterpret_cast<const char*>(&length), sizeof length);
  out << header;
  const at::Tensor noise = at::randn({1 << 20}).mul_(0.02).to(at::kBFloat16);
  for (std::uint64_t at = 0; at < end; at += noise.nbytes()) {
    out.write(static_cast<const char*>(noise.const_data_ptr()),
              static_cast<std::streamsize>(std::min<std::uint64_t>(noise.nbytes(), end - at)));
  }
}

struct Outcome {
  int code = -1;
  double peak_gb = 0;  // of resident memory
  std::string err;
};

class MemoryTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_.emplace();
    write_model(*shared_ / "model", 36);  // 151 million weights: 0.3 GB, 0.6 GB widened
  }
  static void TearDownTestSuite() { shared_.reset(); }

  void SetUp() override {
    request_.model = (*shared_ / "model").string();
    request_.prompt = "a red ball";
    request_.res = "64x48";
    request_.frames = 5;
    request_.steps = 1;
    request_.guidance = 1;
    request_.seed = 7;
    request_.threads = 1;
    request_.device = "cpu";
    request_.output = (*shared_ / "a.mp4").string();
    request_.overwrite = true;
  }

  Plan plan(const std::string& offload) const {
    Request request = request_;
    request.offload = offload;
    if (!request.max_memory) request.max_memory = 100;  // whatever is free here
    return make_plan(request);
  }

  /// The program on the request in a process of its own, that may have no more than `limit_gb` of memory of
  /// its own (ulimit -d); 0: no limit.
  Outcome run(const std::vector<std::string>& options, double limit_gb) const {
    std::vector<std::string> words{built_program(),
                                   "--model",
                                   request_.model,
                                   "--prompt",
                                   request_.prompt,
                                   "--res",
                                   *request_.res,
                                   "--frames",
                                   "5",
                                   "--steps",
                                   "1",
                                   "--guidance",
                                   "1",
                                   "--seed",
                                   "7",
                                   "--threads",
                                   "1",
                                   "--device",
                                   "cpu",
                                   "-o",
                                   *request_.output,
                                   "--overwrite",
                                   "-q"};
    words.insert(words.end(), options.begin(), options.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const std::string err = (*shared_ / "err").string();
    const pid_t pid = ::fork();
    if (pid == 0) {
      const int fd = ::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      ::dup2(fd, STDERR_FILENO);
      if (limit_gb > 0) {
        const rlimit limit{static_cast<rlim_t>(limit_gb * 1e9), static_cast<rlim_t>(limit_gb * 1e9)};
        ::setrlimit(RLIMIT_DATA, &limit);
      }
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    Outcome result;
    int status = 0;
    rusage usage{};
    ::wait4(pid, &status, 0, &usage);
    result.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    result.peak_gb = static_cast<double>(usage.ru_maxrss) * 1024 / 1e9;
    result.err = contents(err);
    return result;
  }

  static std::optional<TemporaryFolder> shared_;
  Request request_;
};

std::optional<TemporaryFolder> MemoryTest::shared_;

TEST_F(MemoryTest, EveryWayToKeepWeightsGivesTheSameVideo) {
  std::string expected;
  for (const char* way : {"none", "text", "stored", "stream"}) {
    const std::string sha256 = Generator().run(plan(way)).sha256;
    if (expected.empty()) expected = sha256;
    EXPECT_EQ(sha256, expected) << way;
  }
}

using DISABLED_MeasuredMemory = MemoryTest;

TEST_F(DISABLED_MeasuredMemory, ARunNeedsWhatItsPlanSays) {
  for (const char* way : {"none", "stored", "stream"}) {
    const double said = plan(way).machine.peak_memory_gb;
    const Outcome found = run({"--offload", way}, 0);
    ASSERT_EQ(found.code, 0) << found.err;
    RecordProperty(std::string(way) + "_said_gb", std::to_string(said));
    RecordProperty(std::string(way) + "_found_gb", std::to_string(found.peak_gb));
    EXPECT_LE(found.peak_gb, said) << way;
    EXPECT_GE(found.peak_gb, 0.6 * said) << way << ": not far from it either";
  }
}

TEST_F(DISABLED_MeasuredMemory, ThePlanTakesWhatFitsAndARunUnderAHardLimitPasses) {
  const double none = plan("none").machine.peak_memory_gb, stored = plan("stored").machine.peak_memory_gb,
               stream = plan("stream").machine.peak_memory_gb;
  ASSERT_GT(none, 1.4 * stored);
  ASSERT_GT(stored, 1.2 * stream);
  const struct {
    double limit_gb;
    const char* way;
  } cases[] = {{none + 0.01, "none"}, {stored + 0.01, "stored"}, {stream + 0.01, "stream"}};
  for (const auto& [limit_gb, way] : cases) {
    request_.max_memory = limit_gb;
    EXPECT_EQ(make_plan(request_).machine.offload, way);
    const Outcome found = run({"--max-memory", std::to_string(limit_gb)}, limit_gb + 0.1);
    EXPECT_EQ(found.code, 0) << way << found.err;
    EXPECT_LE(found.peak_gb, limit_gb) << way;
  }
}

TEST_F(DISABLED_MeasuredMemory, TheLimitOfTheProcessIsSeenWithoutBeingNamed) {
  const double stream = plan("stream").machine.peak_memory_gb;
  const Outcome small = run({}, stream + 0.12);
  EXPECT_EQ(small.code, 0) << small.err;
  const Outcome refused = run({"--offload", "none"}, stream + 0.12);
  EXPECT_EQ(refused.code, 69);
  EXPECT_THAT(refused.err, testing::HasSubstr("B are free"));
}

std::string message_of(const Request& request) {
  try {
    make_plan(request);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    return error.what();
  }
  return "";
}

TEST_F(MemoryTest, WhatCannotFitIsRefusedWithWhatWould) {
  request_.offload = "none";
  request_.max_memory = plan("stored").machine.peak_memory_gb + 0.01;
  EXPECT_THAT(message_of(request_), testing::HasSubstr("--offload stored"));

  request_.offload = "auto";
  request_.res = "480x320";
  request_.frames = 81;
  const Plan large = [&] {
    Request request = request_;
    request.max_memory = 100;
    request.offload = "stream";
    return make_plan(request);
  }();
  request_.max_memory = 0.8 * large.machine.peak_memory_gb;
  const std::string message = message_of(request_);
  EXPECT_THAT(message, testing::HasSubstr("--max-memory allows"));
  const std::size_t found = message.find("--res ");
  ASSERT_NE(found, std::string::npos) << message;
  request_.res = message.substr(found + 6, message.find_first_of(", ", found + 6) - found - 6);
  EXPECT_EQ(message_of(request_), "") << "what is proposed fits";

  request_.res = "64x48";
  request_.max_memory = 0.05;
  EXPECT_THAT(message_of(request_), testing::HasSubstr("smaller model"));
}

TEST_F(MemoryTest, ThePlanNamesPhasesAndTheWay) {
  const Plan stored = plan("stored");
  EXPECT_THAT(plan_text(stored), testing::HasSubstr("weights stay in memory as their files have them"));
  const auto json = nlohmann::json::parse(plan_json(stored));
  EXPECT_EQ(json["offload"], "stored");
  EXPECT_GT(json["memory"]["denoise"]["ram_gb"], json["memory"]["text"]["ram_gb"]);
  EXPECT_TRUE(json["memory"].contains("decode"));
  Request wrong = request_;
  wrong.offload = "disk";
  EXPECT_THROW(make_plan(wrong), Error);
}

}  // namespace
}  // namespace sora
