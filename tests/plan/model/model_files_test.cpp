// --model with a file, and with a folder of loose files as ComfyUI's models/ is one.
#include "plan/model/model_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_of.h"
#include "places.h"
#include "small_weights.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using test::error_of;

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const fs::path kLayouts = test_data() / "layouts";

class ModelFiles : public testing::Test {
 protected:
  ModelFiles() {
    for (const char* name : {"diffusion_models", "vae", "text_encoders"})
      fs::create_directories(tree_ / name);
    put("comfy/wan_t2v_fp8_scaled.safetensors", "diffusion_models/wan.safetensors");
    put("comfy/wan_vae.safetensors", "vae/wan_vae.safetensors");
    put("comfy/umt5.safetensors", "text_encoders/umt5.safetensors");
  }

  void put(const std::string& from, const std::string& to) {
    fs::create_symlink(kLayouts / from, tree_ / to);
  }

  Request found(const std::string& model) const {
    Request request;
    request.model = model;
    return with_model_files(request);
  }

  TemporaryFolder folder_;
  fs::path tree_ = folder_ / "models";
};

TEST_F(ModelFiles, OfATreeAreTakenFromItsFolders) {
  const Request request = found(tree_.string());
  EXPECT_EQ(request.model, Request().model);
  EXPECT_EQ(request.transformer, (tree_ / "diffusion_models/wan.safetensors").string());
  EXPECT_EQ(request.vae, (tree_ / "vae/wan_vae.safetensors").string());
  EXPECT_EQ(request.text_encoder, (tree_ / "text_encoders/umt5.safetensors").string());
  EXPECT_FALSE(request.image_encoder);
}

TEST_F(ModelFiles, OfAFileInATreeAreTakenFromThatTree) {
  fs::create_directories(tree_ / "diffusion_models/wan/small");
  put("comfy/wan_t2v_fp8_scaled.safetensors", "diffusion_models/wan/small/other.safetensors");
  const std::string file = (tree_ / "diffusion_models/wan/small/other.safetensors").string();
  const Request request = found(file);
  EXPECT_EQ(request.transformer, file);
  EXPECT_EQ(request.vae, (tree_ / "vae/wan_vae.safetensors").string());
}

TEST_F(ModelFiles, OfALooseFileLieBesideIt) {
  for (const char* name : {"wan_t2v_fp8_scaled", "wan_vae", "umt5"}) {
    const std::string file = std::string(name) + ".safetensors";
    fs::create_symlink(kLayouts / "comfy" / file, folder_ / file);
  }
  const Request request = found((folder_ / "wan_t2v_fp8_scaled.safetensors").string());
  EXPECT_EQ(request.vae, (folder_ / "wan_vae.safetensors").string());
  EXPECT_EQ(request.text_encoder, (folder_ / "umt5.safetensors").string());
}

TEST_F(ModelFiles, ThatDoNotFitAreNotTaken) {
  put("vae/residual.safetensors", "vae/another.safetensors");  // 48 channels
  EXPECT_EQ(found(tree_.string()).vae, (tree_ / "vae/wan_vae.safetensors").string());
  fs::remove(tree_ / "vae/wan_vae.safetensors");
  EXPECT_THAT(error_of([&] { (void)found(tree_.string()); }, ErrorKind::data),
              HasSubstr("another.safetensors"));
}

TEST_F(ModelFiles, OfWhichSeveralFitAreListed) {
  put("comfy/umt5.safetensors", "text_encoders/umt5_fp16.safetensors");
  EXPECT_THAT(error_of([&] { (void)found(tree_.string()); }, ErrorKind::data),
              AllOf(HasSubstr("text_encoders/umt5.safetensors"), HasSubstr("umt5_fp16.safetensors"),
                    HasSubstr("choose with --text-encoder FILE")));
  Request request;
  request.model = tree_.string();
  request.text_encoder = (tree_ / "text_encoders/umt5_fp16.safetensors").string();
  EXPECT_EQ(with_model_files(request).text_encoder, request.text_encoder);

  put("comfy/wan_t2v_fp8_scaled.safetensors", "diffusion_models/second.safetensors");
  EXPECT_THAT(error_of([&] { (void)with_model_files(request); }, ErrorKind::data),
              AllOf(HasSubstr("second.safetensors"), HasSubstr("choose with --transformer FILE")));
  request.transformer = (tree_ / "diffusion_models/second.safetensors").string();
  EXPECT_EQ(with_model_files(request).vae, (tree_ / "vae/wan_vae.safetensors").string());
}

TEST_F(ModelFiles, HaveBothExperts) {
  fs::remove(tree_ / "diffusion_models/wan.safetensors");
  put("comfy/wan_t2v_fp8_scaled.safetensors", "diffusion_models/wan_high_noise.safetensors");
  put("comfy/wan_t2v_fp8_scaled.safetensors", "diffusion_models/wan_low_noise.safetensors");
  const Request request = found(tree_.string());
  EXPECT_EQ(request.transformer, (tree_ / "diffusion_models/wan_high_noise.safetensors").string());
  EXPECT_EQ(request.transformer_2, (tree_ / "diffusion_models/wan_low_noise.safetensors").string());
}

TEST_F(ModelFiles, ThatAreNowhereAreAskedForByTheirOptions) {
  const fs::path alone = folder_ / "alone.safetensors";
  fs::create_symlink(kLayouts / "transformer/plain.safetensors", alone);
  EXPECT_THAT(error_of([&] { (void)found(alone.string()); }, ErrorKind::no_input),
              AllOf(HasSubstr("has no vae"), HasSubstr("--vae FILE"), Not(HasSubstr("default"))));
  Request request;  // also without --model, and not from the default model
  request.transformer = alone.string();
  EXPECT_THAT(error_of([&] { (void)with_model_files(request); }, ErrorKind::no_input),
              AllOf(HasSubstr("has no vae"), HasSubstr("--vae FILE"), Not(HasSubstr("default"))));
}

TEST_F(ModelFiles, OfOtherModelsAreNamed) {
  const fs::path sdxl = folder_ / "sd_xl_base.safetensors";
  test::write_bytes(sdxl, {{"conditioner.embedders.1.model.ln_final.weight", "x"}});
  EXPECT_THAT(error_of([&] { (void)found(sdxl.string()); }, ErrorKind::data),
              HasSubstr("has SDXL, a picture model"));
  Request request;
  request.transformer = sdxl.string();
  request.vae = (tree_ / "vae/wan_vae.safetensors").string();
  const fs::path lora = folder_ / "style.safetensors";
  test::write_bytes(lora, {{"diffusion_model.blocks.0.self_attn.q.lora_A.weight", "x"}});
  EXPECT_THAT(error_of([&] { (void)found(lora.string()); }, ErrorKind::data),
              HasSubstr("has a LoRA, which --lora adds"));
  EXPECT_THAT(error_of([&] { (void)found((kLayouts / "parts/vae.safetensors").string()); }, ErrorKind::data),
              HasSubstr("has a VAE alone; give it with --vae"));
}

TEST_F(ModelFiles, AreOneTransformerAlone) {
  Request request;
  request.model = (tree_ / "diffusion_models/wan.safetensors").string();
  request.transformer = request.model;
  EXPECT_THAT(error_of([&] { (void)with_model_files(request); }, ErrorKind::usage),
              HasSubstr("leave out one"));
}

TEST_F(ModelFiles, OfModelFoldersAreNotTouched) {
  EXPECT_EQ(found((test_data() / "pipeline/wan21").string()).transformer, std::nullopt);
  EXPECT_EQ(found("default").transformer, std::nullopt);
}

}  // namespace
}  // namespace sora
