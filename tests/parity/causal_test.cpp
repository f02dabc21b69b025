// Causal models against scripts/goldens/causal.py: a pass with the cache is that of the whole video with a
// mask, and videos made block by block are those of Self-Forcing's arithmetic.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "checkpoint/safetensors.h"
#include "core/file.h"
#include "models/networks/causal_session.h"
#include "models/wan/networks/transformer.h"
#include "places.h"
#include "sora/generator.h"
#include "temporary_folder.h"
#include "weights/tensor_file.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

const fs::path kData = test_data() / "causal";
const fs::path kModel = test_data() / "pipeline/wan21";

double relative_l2(const at::Tensor& got, const at::Tensor& expected) {
  EXPECT_EQ(got.sizes(), expected.sizes());
  return (got - expected).norm().item<double>() / expected.norm().item<double>();
}

class MaskedVideo : public testing::Test {
 protected:
  at::Tensor block(std::int64_t number) const { return latents_.narrow(2, 3 * number, 3); }

  static CausalWindow window(std::int64_t frames, std::int64_t sink, bool by_window = false) {
    return {frames, sink, by_window, 12};
  }

  const wan::WanTransformer network_ = wan::load_transformer(kModel / "transformer", {});
  const at::Tensor latents_ = read_tensor(kData / "masked.safetensors", "latents");
  const std::unique_ptr<PreparedText> text_ = network_.prepare(
      at::constant_pad_nd(read_tensor(kData / "masked.safetensors", "prompt_embeds"), {0, 0, 0, 503}), {});
};

// Single precision in another order of summation; a frame too many or too few shows at 1e-2.
TEST_F(MaskedVideo, APassWithTheCacheIsTheWholeVideosWithAMask) {
  for (const auto& [frames, sink] : {std::pair(21, 0), std::pair(7, 1), std::pair(6, 2)}) {
    SCOPED_TRACE(std::to_string(frames) + " frames, sink " + std::to_string(sink));
    const at::Tensor expected = read_tensor(kData / "masked.safetensors",
                                            "sample." + std::to_string(frames) + "." + std::to_string(sink));
    const auto session = network_.begin_video(window(frames, sink));
    for (std::int64_t i = 0; i < 4; ++i) {
      (void)session->predict(at::randn_like(block(i)), 900, *text_);  // leaves no trace
      const at::Tensor got = session->predict(block(i), 625, *text_);
      EXPECT_LT(relative_l2(got, expected.narrow(2, 3 * i, 3)), 1e-5) << "block " << i;
      session->commit(block(i), 0, *text_);
    }
  }
}

// While nothing was forgotten, places in the window are those in the video.
TEST_F(MaskedVideo, PositionsInTheWindowAreTheVideosUntilItIsFull) {
  const auto by_window = network_.begin_video(window(9, 1, true));
  const auto by_video = network_.begin_video(window(9, 1));
  for (std::int64_t i = 0; i < 4; ++i) {
    const at::Tensor a = by_window->predict(block(i), 625, *text_),
                     b = by_video->predict(block(i), 625, *text_);
    const double difference = relative_l2(a, b);
    EXPECT_TRUE(i < 3 ? difference < 2e-6 : difference > 1e-4) << difference << " in block " << i;
    by_window->commit(block(i), 0, *text_);
    by_video->commit(block(i), 0, *text_);
  }
}

TEST_F(MaskedVideo, AVideoThatIsRestartedIsAnother) {
  const auto session = network_.begin_video(window(21, 0));
  const at::Tensor first = session->predict(block(0), 625, *text_);
  session->commit(block(0), 0, *text_);
  session->commit(block(1), 0, *text_);
  session->restart(0, 0);
  EXPECT_TRUE(at::equal(session->predict(block(0), 625, *text_), first));
}

at::Tensor read_bytes(const fs::path& path, const std::string& name) {
  const SafetensorsFile file(path);
  const TensorInfo& info = file.tensors().at(name);
  at::Tensor bytes = at::empty(info.shape, at::kByte);
  file.read(info, bytes.data_ptr());
  return bytes.to(at::kFloat);
}

// sora-gen.json of a case.
std::string facts_of(const nlohmann::json& item) {
  nlohmann::json facts{{"native_frames", 45}, {"fps", 8}, {"causal", item["causal"]}};
  if (item.contains("timesteps")) facts["timesteps"] = item["timesteps"];
  return facts.dump();
}

Request request_of(const nlohmann::json& item, const fs::path& model, const fs::path& work) {
  const int block = item["causal"]["block"], given = item.contains("image") ? 1 : 0;
  Request request;
  request.model = model.string();
  request.res = std::to_string(item["width"].get<int>()) + "x" + std::to_string(item["height"].get<int>());
  request.frames = 1 + (given + item["blocks"].get<int>() * block - 1) * 4;
  request.seed = item["seed"].get<std::uint64_t>();
  request.device = "cpu";
  request.output = (work / "video.mkv").string();
  request.codec = "ffv1";
  request.overwrite = true;
  request.dump_tensors = (work / "dump.safetensors").string();
  if (given > 0) {
    request.verb = "animate";
    request.image = (kData / item["image"].get<std::string>()).string();
    request.fit = "stretch";
  }
  if (item["prompts"].size() == 1) {
    request.prompt = item["prompts"][0][1];
    return request;
  }
  request.verb = "storyboard";
  for (const auto& prompt : item["prompts"]) {
    const int number = prompt[0];
    const double time = number == 0 ? 0 : (1 + (number * block - 1) * 4) / 8.0;
    char text[64];
    std::snprintf(text, sizeof text, "0:%06.3f ", time);
    request.shot.push_back(text + prompt[1].get<std::string>());
  }
  return request;
}

// Random networks amplify the differences of single precision from block to block.
TEST(CausalParity, BlocksAreThoseOfSelfForcing) {
  const TemporaryFolder work;
  Generator generator;
  const auto golden = nlohmann::json::parse(read_text(kData / "cases.json", "test"));
  for (const auto& item : golden["cases"]) {
    SCOPED_TRACE(item.dump());
    const fs::path model = work / ("model" + item["tensors"].get<std::string>());
    fs::copy(kModel, model, fs::copy_options::recursive);
    std::ofstream(model / "sora-gen.json") << facts_of(item);
    const Request request = request_of(item, model, work.path());
    const Plan plan = make_plan(request);
    ASSERT_EQ(std::ssize(plan.timeline.windows), item["blocks"].get<int>());
    generator.run(plan);
    const fs::path expected = kData / item["tensors"].get<std::string>();
    EXPECT_LT(relative_l2(read_tensor(*request.dump_tensors, "latents"), read_tensor(expected, "latents")),
              1e-4);
    if (item.value("video", false)) {
      const at::Tensor bytes = read_bytes(expected, "video");  // rounded
      const at::Tensor video = read_tensor(*request.dump_tensors, "video");
      ASSERT_EQ(video.sizes(), bytes.sizes());
      EXPECT_LT((video * 255 - bytes).abs().max().item<double>(), 0.51);
    }
  }
}

}  // namespace
}  // namespace sora
