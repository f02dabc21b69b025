// Weights that are truncated while a run reads them: the run fails, and the next one in the process works
// once the file is complete again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "checkpoint/safetensors.h"
#include "error_of.h"
#include "pipeline/tiny_model.h"
#include "sora/error.h"
#include "sora/generator.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

class SpoiltWeights : public testing::Test {
 protected:
  void SetUp() override {
    request_ = seeded_request(folder_ / "a.mp4");
    request_.model = copy_tiny_model(folder_, "wan21");
    request_.prompt = "a lighthouse";
    request_.res = "64x48";
    request_.frames = 9;
    request_.steps = 3;
    request_.guidance = 1;
    request_.offload = "stream";
    weights_ = fs::path(request_.model) / "transformer/diffusion_pytorch_model.safetensors";
  }

  // A run whose weights are cut off at its first step.
  void expect_failure(Generator& generator) {
    RunHooks hooks;
    hooks.progress = [&](const Progress& p) {
      if (p.phase == Phase::denoise && p.step == 1) fs::resize_file(weights_, 1000);
    };
    try {
      generator.run(make_plan(request_), hooks);
      ADD_FAILURE() << "the run knows nothing of it";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data) << error.what();
      EXPECT_THAT(error.what(), testing::HasSubstr("truncated"));
    }
    EXPECT_FALSE(fs::exists(*request_.output));
  }

  const TemporaryFolder folder_;
  Request request_;
  fs::path weights_;
};

TEST_F(SpoiltWeights, AreReadAnewByTheNextRun) {
  const std::string expected = Generator().run(make_plan(request_)).sha256;
  fs::remove(*request_.output);
  const Plan plan = make_plan(request_);
  const fs::path good = folder_ / "good";
  fs::copy_file(weights_, good);

  Generator generator;
  expect_failure(generator);
  for (int again = 0; again < 2; ++again) {  // no better than before
    try {
      generator.run(plan);
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data) << error.what();
    }
  }
  fs::copy_file(good, folder_ / "new");  // as a download does: beside it, then in its place
  fs::rename(folder_ / "new", weights_);
  EXPECT_EQ(generator.run(plan).sha256, expected);
  EXPECT_EQ(generator.run(plan).sha256, expected);
}

// Makes the last value of a tensor NaN: these two bytes are the upper ones in fp16, bf16 and fp32.
void spoil(const fs::path& file, const std::string& tensor) {
  const std::uint64_t end = SafetensorsFile(file).tensors().at(tensor).end;
  std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
  out.seekp(static_cast<std::streamoff>(end - 2));
  out.write("\xff\x7f", 2);
}

// Bad data, not a fault of the program, and the message says where.
TEST_F(SpoiltWeights, ThatAreNoNumbersAreNamed) {
  for (const auto& [component, tensor] :
       {std::pair("transformer", "proj_out.weight"), std::pair("vae", "decoder.conv_out.weight")}) {
    SCOPED_TRACE(component);
    const TemporaryFolder folder;
    request_.model = copy_tiny_model(folder, "wan21");
    const fs::path file = fs::path(request_.model) / component / "diffusion_pytorch_model.safetensors";
    spoil(file, tensor);
    const Error error = test::thrown_by([&] { (void)Generator().run(make_plan(request_)); });
    EXPECT_EQ(error.kind(), ErrorKind::data) << error.what();
    EXPECT_THAT(error.what(), testing::HasSubstr(file.parent_path().string() + ": the tensor " + tensor));
    EXPECT_FALSE(fs::exists(*request_.output));
  }
}

}  // namespace
}  // namespace sora
