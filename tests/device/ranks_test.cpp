// Several ranks make the video that one device makes.
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "device_case.h"
#include "error_of.h"
#include "models/networks/denoiser.h"
#include "nn/ranks/thread_ranks.h"
#include "nn/ranks/token_split.h"
#include "pipeline/networks/model.h"
#include "pipeline/ranks/shared_autoencoder.h"
#include "pipeline/ranks/team.h"
#include "sora/error.h"

namespace sora {
namespace {

// The keys of attention come in another order, and sums over them are rounded otherwise.
constexpr double kTolerance = 1e-5;

class DeviceRanks : public DeviceCase {
 protected:
  /// As the model's own, but with four narrower heads instead of two, which its weights fit as well.
  std::string with_four_heads(const std::string& name) {
    const std::filesystem::path config = std::filesystem::path(model(name)) / "transformer/config.json";
    std::ifstream in(config);
    std::string text((std::istreambuf_iterator<char>(in)), {});
    in.close();
    const auto replace = [&](const std::string& from, const std::string& to) {
      const std::size_t place = text.find(from);
      ASSERT_NE(place, std::string::npos) << text;
      text.replace(place, from.size(), to);
    };
    replace("\"attention_head_dim\": 20", "\"attention_head_dim\": 10");
    replace("\"num_attention_heads\": 2", "\"num_attention_heads\": 4");
    std::ofstream(config) << text;
    return model(name);
  }

  void expect_same(const Made& several, const Made& one) {
    EXPECT_LT(relative(several.noise_pred, one.noise_pred), kTolerance);
    EXPECT_LT(relative(several.latents, one.latents), kTolerance);
    EXPECT_LT(relative(several.video, one.video), kTolerance);
    ASSERT_EQ(several.frames.sizes(), one.frames.sizes());
    EXPECT_LE((several.frames.to(at::kInt) - one.frames.to(at::kInt)).abs().max().item<int>(), 2);
  }

  void expect_same_with(const Request& asked, const std::vector<std::string>& divisions,
                        bool on_devices = true) {
    const Made one = made_on("cpu", asked);
    for (const std::string& division : divisions) {
      SCOPED_TRACE(division);
      Request shared = asked;
      shared.parallel = division;
      expect_same(made_on("cpu", shared), one);
      if (on_devices && (division == "guidance:2" || division == "sequence:2")) {
        SCOPED_TRACE("on devices");
        expect_same(made_on("sim", shared), one);
      }
    }
  }
};

TEST_F(DeviceRanks, EveryFamilyDividesItsWork) {
  for (const char* name : {"wan21", "a14b", "skyreels/t2v", "skyreels/df"}) {
    SCOPED_TRACE(name);
    expect_same_with(request(name), {"guidance:2", "sequence:2", "guidance:2,sequence:2"});
  }
}

TEST_F(DeviceRanks, TokensThatDoNotDivide) {
  Request asked = request("ti2v");  // three heads
  asked.res = "160x64";             // ten tokens in a frame
  expect_same_with(asked, {"sequence:3"});
}

TEST_F(DeviceRanks, FourRanksDivideTheTokens) {
  Request asked = request("wan21");
  asked.model = with_four_heads("wan21");
  expect_same_with(asked, {"sequence:4"});
}

TEST_F(DeviceRanks, AClipHasTimestepsForItsTokens) {
  Request asked = request("ti2v", "animate");  // conditioning frames with timestep 0
  asked.image = clip("picture.mkv", 1);
  asked.res = "160x64";
  asked.frames = 25;  // windows
  EXPECT_GT(make_plan(asked).timeline.windows.size(), 1U);
  expect_same_with(asked, {"guidance:2", "sequence:3"});
}

TEST_F(DeviceRanks, ImagesConditionAllRanks) {
  for (const char* name : {"image/i2v", "image/flf2v", "image/i2v_a14b"}) {
    SCOPED_TRACE(name);
    Request asked = request(name, "animate");
    asked.image = clip("picture.mkv", 1);
    if (std::string(name) == "image/flf2v") asked.last_image = clip("last.mkv", 1, 31);
    expect_same_with(asked, {"guidance:2,sequence:2"});
  }
}

TEST_F(DeviceRanks, Verbs) {
  for (const std::string verb : {"extend", "loop", "remix"}) {
    SCOPED_TRACE(verb);
    Request asked = request("wan21", verb);
    asked.input = clip("a.mkv", 12);
    asked.res.reset();
    asked.frames = 20;
    if (verb == "remix") {
      asked.frames.reset();
      asked.steps = 4;
      asked.strength = 0.5;
    }
    expect_same_with(asked, {"guidance:2", "sequence:2"});
  }
}

TEST_F(DeviceRanks, AStoryboardMixesPrompts) {
  Request asked = request("wan21", "storyboard");
  asked.prompt.clear();
  asked.frames = 30;
  asked.shot = {"0:00 a lighthouse", "0:02 a storm"};
  expect_same_with(asked, {"guidance:2", "sequence:2"});
}

TEST_F(DeviceRanks, GuidanceInAPartOfTheStepsAndACacheOfSteps) {
  Request asked = request("wan21");
  asked.steps = 6;
  asked.guidance_range = "0:0.5";
  asked.cache = "easy:0.5";
  expect_same_with(asked, {"guidance:2", "sequence:2"});
}

TEST_F(DeviceRanks, UpscaleStagesInTiles) {
  std::ofstream(std::filesystem::path(model("wan21")) / "sora-gen.json")
      << R"({"native_width": 64, "native_height": 32, "native_frames": 5, "fps": 8})";
  Request asked = request("wan21");
  asked.refine = true;
  asked.res = "224x112";
  asked.frames = 9;
  asked.steps = 4;
  asked.dump_tensors.reset();
  const Made one = made_on("cpu", asked);
  asked.parallel = "sequence:2";
  const Made two = made_on("cpu", asked);
  ASSERT_TRUE(two.plan.picture.tiling);
  EXPECT_LT((two.frames.to(at::kFloat) - one.frames.to(at::kFloat)).abs().mean().item<double>(), 1e-2);
}

TEST_F(DeviceRanks, DecodeStripsOfSeveralHeights) {
  Request asked = request("wan21");
  asked.res = "32x112";  // 14 rows of latents
  asked.frames = 25;     // two windows, each a clip of its own
  const Made one = made_on("cpu", asked);
  EXPECT_GT(one.plan.timeline.windows.size(), 1U);
  for (const auto& [division, ranks] :
       {std::pair("sequence:2", 2), std::pair("sequence:2,decode:1", 1),
        std::pair("guidance:2,sequence:2,decode:3", 3), std::pair("guidance:2,sequence:2", 4)}) {
    SCOPED_TRACE(division);
    asked.parallel = division;
    const Made several = made_on("cpu", asked);
    EXPECT_EQ(several.plan.machine.parallel.decode, ranks);
    expect_same(several, one);
  }
}

TEST_F(DeviceRanks, EachRankHasAShareOfTheWeights) {
  for (const char* name : {"wan21", "a14b", "skyreels/df"}) {
    SCOPED_TRACE(name);
    Request asked = request(name);
    const Made one = made_on("cpu", asked);
    asked.offload = "shard";
    for (const char* division : {"sequence:2", "guidance:2,sequence:2"}) {
      SCOPED_TRACE(division);
      asked.parallel = division;
      const Made several = made_on("cpu", asked);
      EXPECT_EQ(several.plan.machine.offload, "shard");
      expect_same(several, one);
    }
    SCOPED_TRACE("on devices");
    asked.parallel = "sequence:2";
    expect_same(made_on("sim", asked), one);
  }
}

TEST_F(DeviceRanks, SharesThatDoNotDivideAndAClipInWindows) {
  Request asked = request("ti2v", "animate");
  asked.image = clip("picture.mkv", 1);
  asked.res = "160x64";
  asked.frames = 25;
  asked.guidance_range = "0:0.5";  // the other side rests in some steps
  const Made one = made_on("cpu", asked);
  asked.offload = "shard";
  asked.parallel = "guidance:2,sequence:3";
  expect_same(made_on("cpu", asked), one);
}

TEST_F(DeviceRanks, OneRankHasNobodyToShareWeightsWith) {
  Request asked = request("wan21");
  asked.device = "cpu";
  asked.offload = "shard";
  test::expect_error([&] { make_plan(asked); }, ErrorKind::usage, "--parallel sequence:2");
  asked.parallel = "guidance:2";
  test::expect_error([&] { make_plan(asked); }, ErrorKind::usage, "--parallel sequence:2");
  asked.parallel = "sequence:2";
  const Plan plan = make_plan(asked);
  const auto peak = [&](const std::string& offload) {
    for (const OffloadMemory& each : plan.machine.offload_memory) {
      if (each.offload == offload) return each.peak_gb;
    }
    return 0.0;
  };
  EXPECT_GT(peak("shard"), 0);
  EXPECT_LE(peak("shard"), peak("none"));
}

TEST_F(DeviceRanks, OneGeneratorChangesItsRanks) {
  Generator generator;
  Request asked = request("wan21");
  const Made one = made_on("cpu", asked, &generator);
  for (const char* division :
       {"guidance:2", "sequence:2", "sequence:2,decode:1", "sequence:2", "off", "guidance:2,sequence:2"}) {
    SCOPED_TRACE(division);
    asked.parallel = division;
    expect_same(made_on("cpu", asked, &generator), one);
  }
}

TEST_F(DeviceRanks, ARankThatFailsEndsTheRunWithItsReason) {
  Generator generator;
  Request asked = request("wan21");
  const Made one = made_on("cpu", asked);
  asked.parallel = "guidance:2";
  change_plan_ = [](Plan& plan) { plan.machine.parallel.devices[1] = "cuda:7"; };
  try {
    made_on("cpu", asked, &generator);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.component(), "rank 1") << error.what();
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
  }
  change_plan_ = {};
  expect_same(made_on("cpu", asked, &generator), one);  // with new ranks
}

TEST_F(DeviceRanks, AStopEndsAllAndTheJobContinuesOnOneRank) {
  Request asked = request("wan21");
  asked.steps = 6;
  asked.dump_tensors.reset();
  const Made whole = made_on("cpu", asked);
  asked.parallel = "guidance:2";
  RunHooks hooks;
  hooks.checkpoint = {folder_ / "job.safetensors", "key", 1};
  int steps = 0;
  hooks.progress = [&](const Progress& progress) { steps = progress.step; };
  hooks.stop = [&] { return steps >= 3; };
  EXPECT_THROW(made_on("cpu", asked, nullptr, hooks), Error);
  hooks.stop = {};
  asked.parallel.reset();
  const Made rest = made_on("cpu", asked, nullptr, hooks);
  EXPECT_LE((rest.frames.to(at::kInt) - whole.frames.to(at::kInt)).abs().max().item<int>(), 2);
}

TEST_F(DeviceRanks, TheBytesOfAForwardPassAreThoseOfTheFormula) {
  Request asked = request("ti2v");
  asked.device = "cpu";
  asked.res = "160x64";
  const Plan plan = make_plan(asked);
  const std::int64_t frames = 3, per_frame = 10, dim = plan.model.transformer_dim;
  const at::Tensor latents = at::ones({1, plan.picture.latent_channels, frames, 4, 10});
  auto ranks = nn::make_thread_ranks(3);
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      Model model;
      load_denoisers(model, plan);
      const auto text = model.denoiser->prepare(at::ones({1, 4, plan.model.text_dim}), {});
      const nn::SequenceScope scope({ranks[static_cast<std::size_t>(i)].get(), {0, 1, 2}, i});
      const at::Tensor result = model.denoiser->predict(latents, at::full({1}, 500.0F), *text);
      // One block, and the prediction of the own tokens to two others: 1 x 2 x 2 values of each channel.
      const std::int64_t own = frames * (i == 0 ? 4 : 3);
      const std::int64_t gathered = 2 * own * 4 * model.denoiser->out_channels() * 4;
      EXPECT_EQ(ranks[static_cast<std::size_t>(i)]->traffic().sent,
                nn::bytes_of_attention(1, dim, frames, per_frame, 3, i, 4) + gathered);
      EXPECT_EQ(result.sizes(), latents.sizes());
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// With two ranks, all that is exchanged goes through rank 0.
TEST_F(DeviceRanks, TheBytesOfDecodingAreThoseOfThePlan) {
  const c10::InferenceMode inference;
  Request asked = request("wan21");
  asked.device = "cpu";
  asked.parallel = "sequence:2";
  const Plan plan = make_plan(asked);
  const Picture& picture = plan.picture;
  Model model;
  load_autoencoder(model, plan);
  const at::Tensor latents =
      at::randn({1, picture.latent_channels, 3, picture.latent_height, picture.latent_width});
  const at::Tensor expected = model.vae->decode(latents);
  const auto team = Team::of_threads(plan);
  team->load(plan, /*denoises=*/false);
  team->loaded(at::kCPU, {});
  share_autoencoder(model, team);
  const auto moved = [&](std::int64_t frames) {
    const nn::Traffic before = team->communicator().traffic();
    const at::Tensor made = model.vae->decode(latents.narrow(2, 0, frames));
    EXPECT_LT(relative(made, expected.narrow(2, 0, made.size(2))), kTolerance);
    const nn::Traffic after = team->communicator().traffic();
    return after.sent + after.received - before.sent - before.received;
  };
  EXPECT_EQ(moved(3) - moved(2), static_cast<std::int64_t>(plan.machine.parallel.decode_bytes));
  team->decode_alone();
  EXPECT_EQ(moved(3), 0);
}

}  // namespace
}  // namespace sora
