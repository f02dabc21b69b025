// Models that are not diffusers folders, from the request to the latents.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "checkpoint/safetensors.h"
#include "places.h"
#include "sora/error.h"
#include "sora/generator.h"
#include "temporary_folder.h"
#include "weights/tensor_file.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const fs::path kData = test_data();
const fs::path kLayouts = kData / "layouts";

class SingleFiles : public testing::Test {
 protected:
  Request request() const {
    Request request;
    request.prompt = "a lighthouse";
    request.res = "32x32";
    request.frames = 5;
    request.steps = 2;
    request.seed = 3;
    request.device = "cpu";
    request.threads = 1;
    request.output = (work_ / "video.mkv").string();
    request.codec = "ffv1";
    request.overwrite = true;
    request.dump_tensors = (work_ / "dump.safetensors").string();
    return request;
  }

  at::Tensor video(const Request& request) const {
    Generator generator;
    generator.run(make_plan(request));
    return read_tensor(*request.dump_tensors, "video");
  }

  static Error failure(const Request& request) {
    try {
      make_plan(request);
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "planned";
    return {ErrorKind::internal, "test", "planned"};
  }

  const TemporaryFolder work_;
};

TEST_F(SingleFiles, StandInForTheFoldersOfAModel) {
  Request folders = request();
  folders.model = (kData / "pipeline/wan21").string();
  Request files = folders;
  files.transformer = (kLayouts / "parts/transformer.safetensors").string();
  files.vae = (kLayouts / "parts/vae.safetensors").string();
  files.text_encoder = (kLayouts / "parts/text_encoder.safetensors").string();
  EXPECT_TRUE(at::equal(video(files), video(folders)));
}

TEST_F(SingleFiles, AnotherFileIsAnotherModelToAResidentGenerator) {
  Request one = request();
  one.model = (kData / "pipeline/wan21").string();
  Request other = one;
  other.transformer = (work_ / "other.safetensors").string();
  fs::copy_file(kLayouts / "parts/transformer.safetensors", *other.transformer);
  const SafetensorsFile file(*other.transformer);
  const TensorInfo& weight = file.tensors().at("head.head.bias");
  std::fstream out(*other.transformer, std::ios::in | std::ios::out | std::ios::binary);
  out.seekp(static_cast<std::streamoff>(weight.begin));
  const float value = 5;
  out.write(reinterpret_cast<const char*>(&value), sizeof value);
  out.close();

  Generator generator;
  generator.run(make_plan(one));
  const at::Tensor first = read_tensor(*one.dump_tensors, "latents");
  generator.run(make_plan(other));
  EXPECT_FALSE(at::equal(read_tensor(*one.dump_tensors, "latents"), first));
}

TEST_F(SingleFiles, TheOriginalRepositorysFolderIsAModel) {
  Request original = request();
  original.model = (kLayouts / "original").string();
  const Plan plan = make_plan(original);
  EXPECT_EQ(plan.sampling.scheduler, "unipc");
  EXPECT_EQ(plan.sampling.flow_shift, 5);
  EXPECT_EQ(plan.picture.latent_channels, 16);
  EXPECT_TRUE(at::isfinite(video(original)).all().item<bool>());
}

TEST_F(SingleFiles, AFolderOfFilesAndFilesWithoutAFolderAreTheSameModel) {
  Request folder = request();
  folder.model = (kLayouts / "comfy").string();
  Request files = request();
  files.transformer = (kLayouts / "comfy/wan_t2v_fp8_scaled.safetensors").string();
  files.vae = (kLayouts / "comfy/wan_vae.safetensors").string();
  files.text_encoder = (kLayouts / "comfy/umt5.safetensors").string();  // with its tokenizer
  EXPECT_EQ(make_plan(files).model.name, "wan_t2v_fp8_scaled");
  EXPECT_TRUE(at::equal(video(folder), video(files)));
}

TEST_F(SingleFiles, APairOfExpertsIsToldByTheirNames) {
  for (const char* name : {"wan_vae.safetensors", "umt5.safetensors"}) {
    fs::copy_file(kLayouts / "comfy" / name, work_ / name);
  }
  for (const char* name : {"wan_high_noise.safetensors", "wan_low_noise.safetensors"}) {
    fs::copy_file(kLayouts / "comfy/wan_t2v_fp8_scaled.safetensors", work_ / name);
  }
  Request experts = request();
  experts.model = work_.path().string();
  const Plan plan = make_plan(experts);
  EXPECT_EQ(plan.sampling.boundary_ratio, 0.875);
  EXPECT_EQ(plan.sampling.flow_shift, 12);
  EXPECT_TRUE(at::isfinite(video(experts)).all().item<bool>());

  fs::rename(work_ / "wan_low_noise.safetensors", work_ / "other.safetensors");
  const Error error = failure(experts);
  EXPECT_EQ(error.kind(), ErrorKind::data);
  EXPECT_THAT(error.what(), HasSubstr("choose with --transformer"));
}

TEST_F(SingleFiles, PicklesOfTheOriginalRepositoryAreRefusedWithTheCommandThatConvertsThem) {
  fs::copy(kLayouts / "original", work_.path(), fs::copy_options::recursive);
  fs::remove(work_ / "Wan2.1_VAE.safetensors");
  Request original = request();
  original.model = work_.path().string();
  EXPECT_EQ(failure(original).kind(), ErrorKind::no_input);
  std::ofstream(work_ / "Wan2.1_VAE.pth", std::ios::binary) << "PK\x03\x04 and so on";
  const Error error = failure(original);
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_THAT(error.what(), HasSubstr("scripts/convert " + (work_ / "Wan2.1_VAE.pth").string()));

  original.vae = (work_ / "Wan2.1_VAE.pth").string();
  EXPECT_EQ(failure(original).kind(), ErrorKind::refused);
}

TEST_F(SingleFiles, WithoutATokenizerTheMessageSaysWhereToGetOne) {
  fs::copy(kLayouts / "original", work_.path(), fs::copy_options::recursive);
  fs::remove_all(work_ / "google");
  Request original = request();
  original.model = work_.path().string();
  const Error error = failure(original);
  EXPECT_EQ(error.kind(), ErrorKind::no_input);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("no tokenizer"), HasSubstr("google/umt5-xxl")));
}

TEST_F(SingleFiles, LorasAreCheckedBeforeAnyWorkAndChangeTheVideo) {
  Request plain = request();
  plain.model = (kLayouts / "original").string();
  Request changed = plain;
  const std::string base = "diffusion_model.blocks.0.ffn.0.";
  write_tensors(work_ / "lora.safetensors", {{base + "lora_down.weight", at::ones({1, 128})},
                                             {base + "lora_up.weight", at::ones({32, 1})}});
  changed.lora = {(work_ / "lora.safetensors").string() + ":0.5"};
  EXPECT_FALSE(at::equal(video(changed), video(plain)));

  changed.lora_2 = changed.lora;
  EXPECT_EQ(failure(changed).kind(), ErrorKind::usage) << "one expert";
  changed.lora_2.clear();
  write_tensors(work_ / "lora.safetensors", {{"lora_unet_other.lora_down.weight", at::ones({1, 128})}});
  EXPECT_EQ(failure(changed).kind(), ErrorKind::data);
  changed.lora = {"no-such-file.safetensors"};
  EXPECT_EQ(failure(changed).kind(), ErrorKind::no_input);
}

TEST_F(SingleFiles, MissingPartsAreNamed) {
  Request files = request();
  files.model = (kData / "pipeline/wan21").string();
  files.transformer = "no-such-file.safetensors";
  EXPECT_THAT(failure(files).what(), HasSubstr("--transformer no-such-file.safetensors: no such file"));
  Request empty = request();
  empty.model = work_.path().string();
  EXPECT_EQ(failure(empty).kind(), ErrorKind::no_input);
  fs::copy_file(kLayouts / "comfy/wan_vae.safetensors", work_ / "a.safetensors");
  EXPECT_THAT(failure(empty).what(), HasSubstr("has no transformer"));
}

}  // namespace
}  // namespace sora
