// Against transformers 5.24.0 and Pillow (scripts/goldens/image_pipeline.py).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <map>

#include "checkpoint/checkpoint.h"
#include "error_of.h"
#include "media/pillow_resize.h"
#include "media/read/video_reader.h"
#include "models/clip/files.h"
#include "models/clip/networks/image_processor.h"
#include "models/clip/networks/vision_encoder.h"
#include "places.h"
#include "sora/error.h"
#include "temporary_folder.h"
#include "weights/tensor_file.h"

namespace sora::clip {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path kData = test_data() / "image";

RgbPicture picture_of(const at::Tensor& rgb) {  // [H, W, 3], 0..255
  const at::Tensor bytes = rgb.to(at::kByte).contiguous();
  RgbPicture picture{static_cast<int>(bytes.size(1)), static_cast<int>(bytes.size(0)), {}};
  picture.rgb.assign(bytes.data_ptr<std::uint8_t>(), bytes.data_ptr<std::uint8_t>() + bytes.numel());
  return picture;
}

at::Tensor tensor_of(const RgbPicture& picture) {
  return at::tensor(picture.rgb, at::kByte).view({picture.height, picture.width, 3}).to(at::kFloat);
}

constexpr int kPictures = 8;

TEST(PillowResize, IsPillowsToTheBit) {
  const std::map<std::string, PillowFilter> filters{{"lanczos", PillowFilter::lanczos},
                                                    {"bicubic", PillowFilter::bicubic},
                                                    {"bilinear", PillowFilter::bilinear},
                                                    {"box", PillowFilter::box},
                                                    {"hamming", PillowFilter::hamming}};
  for (int i = 0; i < kPictures; ++i) {
    const RgbPicture picture =
        picture_of(read_tensor(kData / "processor.safetensors", "image_" + std::to_string(i)));
    for (const auto& [name, filter] : filters) {
      const at::Tensor expected =
          read_tensor(kData / "processor.safetensors", name + "_" + std::to_string(i));
      EXPECT_TRUE(at::equal(tensor_of(pillow_resized(picture, 29, 17, filter)), expected))
          << name << " of " << picture.width << "x" << picture.height;
    }
  }
}

TEST(ClipImageProcessor, MakesWhatTransformersDoes) {
  const auto config = read_image_processor_config(kData / "i2v/image_processor/preprocessor_config.json");
  for (int i = 0; i < kPictures; ++i) {
    const std::string number = std::to_string(i);
    const at::Tensor expected = read_tensor(kData / "processor.safetensors", "pixels_" + number);
    const at::Tensor got =
        process_image(picture_of(read_tensor(kData / "processor.safetensors", "image_" + number)), config);
    ASSERT_EQ(got[0].sizes(), expected.sizes());
    // The same operations in the same order and precision.
    EXPECT_EQ((got[0] - expected).abs().max().item<double>(), 0) << "picture " << i;
  }
}

TEST(ClipImageProcessor, PutsASmallPictureIntoABlackFrame) {
  ImageProcessorConfig config;
  config.do_resize = config.do_normalize = false;
  config.crop_width = 4;
  config.crop_height = 3;
  RgbPicture picture{1, 2, {255, 255, 255, 51, 51, 51}};
  const at::Tensor x = process_image(picture, config)[0][0];
  const at::Tensor expected = at::zeros({3, 4});
  expected[1][2] = 1;  // (3 - 2 + 1) / 2 rows and (4 - 1 + 1) / 2 columns before it
  expected[2][2] = 0.2;
  EXPECT_TRUE(at::allclose(x, expected)) << x;
}

TEST(ClipImageProcessor, RefusesAThreadOfAPicture) {
  RgbPicture picture{1, 20000, std::vector<std::uint8_t>(60000)};
  EXPECT_THROW(process_image(picture, {}), Error);
}

double relative_l2(const at::Tensor& got, const at::Tensor& expected) {
  EXPECT_EQ(got.sizes(), expected.sizes());
  return ((got - expected).norm() / expected.norm()).item<double>();
}

// Rounding in another order; a wrong layer shows at 1e-2.
constexpr double kTolerance = 1e-5;

RgbPicture read_picture(const fs::path& path) {
  VideoFrame frame = read_image(path);
  return {frame.width, frame.height, std::move(frame.rgb)};
}

class ImageEncoderGolden : public testing::TestWithParam<const char*> {};

TEST_P(ImageEncoderGolden, GivesTheTokensThatThePipelineAttendsTo) {
  const fs::path folder = kData / GetParam();
  const ImageEncoder encoder(folder / "image_encoder", folder / "image_processor", at::kCPU);
  const at::Tensor expected = read_tensor(folder / "case0.safetensors", "image_embeds");  // [images, N, C]
  EXPECT_LT(relative_l2(encoder.encode(read_picture(folder / "image0.png"))[0], expected[0]), kTolerance);
  if (expected.size(0) == 2) {
    EXPECT_LT(relative_l2(encoder.encode(read_picture(folder / "last_image0.png"))[0], expected[1]),
              kTolerance);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, ImageEncoderGolden, testing::Values("i2v", "flf2v"),
                         [](const auto& info) { return std::string(info.param); });

// The encoder of the tiny I2V model, written with other names.
class ImageEncoderLayouts : public testing::Test {
 protected:
  void SetUp() override {
    const Checkpoint checkpoint(kEncoder, "model");
    for (const std::string& name : checkpoint.names()) {
      tensors_[name] = read_tensor(kEncoder / "model.safetensors", name);
    }
  }

  using Tensors = std::map<std::string, at::Tensor>;

  // Queries, keys and values as one tensor, and the rest by `name_of` ("" leaves it).
  template <class NameOf>
  Tensors joined(const std::string& qkv, NameOf name_of) const {
    Tensors result;
    for (const auto& [name, tensor] : tensors_) {
      if (name.find("self_attn.q_proj.") == std::string::npos) {
        if (const std::string other = name_of(name); !other.empty()) result[other] = tensor;
        continue;
      }
      std::string key = name, value = name;
      key.replace(key.find("q_proj"), 6, "k_proj");
      value.replace(value.find("q_proj"), 6, "v_proj");
      const std::string layer = name.substr(std::string("encoder.layers.").size(), 1);
      const bool weight = name.ends_with("weight");
      std::string joined_name = qkv;
      joined_name.replace(joined_name.find('#'), 1, layer);
      joined_name.replace(joined_name.find('?'), 1, weight ? "weight" : "bias");
      result[joined_name] = at::cat({tensor, tensors_.at(key), tensors_.at(value)});
    }
    return result;
  }

  void expect_same_tokens(const Tensors& tensors) const {
    const fs::path file = dir_ / "clip.safetensors";
    write_tensors(file, tensors);
    const ImageEncoder encoder(ComponentSource(file, kEncoder), kData / "i2v/image_processor", at::kCPU);
    EXPECT_LT(relative_l2(encoder.encode(read_picture(kData / "i2v/image0.png"))[0],
                          read_tensor(kData / "i2v/case0.safetensors", "image_embeds")[0]),
              kTolerance);
  }

  static std::string replaced(std::string text, const std::vector<std::pair<std::string, std::string>>& by) {
    for (const auto& [from, to] : by) {
      if (const auto place = text.find(from); place != std::string::npos)
        text.replace(place, from.size(), to);
    }
    return text;
  }

  const fs::path kEncoder = kData / "i2v/image_encoder";
  const TemporaryFolder dir_;
  Tensors tensors_;
};

TEST_F(ImageEncoderLayouts, ComfyUisSingleFile) {
  Tensors tensors;
  for (const auto& [name, tensor] : tensors_) tensors["vision_model." + name] = tensor;
  tensors["visual_projection.weight"] = at::zeros({16, 24});
  expect_same_tokens(tensors);
}

TEST_F(ImageEncoderLayouts, TheWanRepositorysCopy) {
  Tensors tensors = joined("visual.transformer.#.attn.to_qkv.?", [](const std::string& name) -> std::string {
    if (name.find("k_proj") != std::string::npos || name.find("v_proj") != std::string::npos) return "";
    if (name.starts_with("embeddings.class") || name.starts_with("embeddings.position")) return "";
    return "visual." + replaced(name, {{"embeddings.patch", "patch"},
                                       {"pre_layrnorm", "pre_norm"},
                                       {"post_layernorm", "post_norm"},
                                       {"encoder.layers", "transformer"},
                                       {"layer_norm", "norm"},
                                       {"self_attn.out_proj", "attn.proj"},
                                       {"mlp.fc1", "mlp.0"},
                                       {"mlp.fc2", "mlp.2"}});
  });
  tensors["visual.cls_embedding"] = tensors_.at("embeddings.class_embedding").view({1, 1, -1});
  tensors["visual.pos_embedding"] = tensors_.at("embeddings.position_embedding.weight").unsqueeze(0);
  tensors["visual.head"] = at::zeros({24, 16});
  tensors["textual.token_embedding.weight"] = at::zeros({5, 8});
  tensors["log_scale"] = at::zeros({1});
  expect_same_tokens(tensors);
}

TEST_F(ImageEncoderLayouts, OpenClips) {
  Tensors tensors =
      joined("visual.transformer.resblocks.#.attn.in_proj_?", [](const std::string& name) -> std::string {
        if (name.find("k_proj") != std::string::npos || name.find("v_proj") != std::string::npos) return "";
        return "visual." + replaced(name, {{"embeddings.patch_embedding", "conv1"},
                                           {"embeddings.class", "class"},
                                           {"embeddings.position_embedding.weight", "positional_embedding"},
                                           {"pre_layrnorm", "ln_pre"},
                                           {"post_layernorm", "ln_post"},
                                           {"encoder.layers", "transformer.resblocks"},
                                           {"layer_norm", "ln_"},
                                           {"self_attn.out_proj", "attn.out_proj"},
                                           {"mlp.fc1", "mlp.c_fc"},
                                           {"mlp.fc2", "mlp.c_proj"}});
      });
  tensors["visual.proj"] = at::zeros({24, 16});
  tensors["token_embedding.weight"] = at::zeros({5, 8});
  expect_same_tokens(tensors);
}

TEST_F(ImageEncoderLayouts, DamageIsNamed) {
  const fs::path file = dir_ / "clip.safetensors";
  const auto load = [&] { ImageEncoder(ComponentSource(file, kEncoder), {}, at::kCPU); };
  Tensors tensors = tensors_;
  // Of the last layer, which is checked though it is not used.
  tensors.erase("encoder.layers.2.mlp.fc2.bias");
  tensors["encoder.layers.1.layer_norm1.weight"] = at::zeros({7});
  tensors["encoder.layers.0.extra"] = at::zeros({1});
  write_tensors(file, tensors);
  const std::string error = test::error_of(load, ErrorKind::data);
  EXPECT_THAT(error, HasSubstr("missing: encoder.layers.2.mlp.fc2.bias"));
  EXPECT_THAT(error, HasSubstr("encoder.layers.1.layer_norm1.weight is [7]"));
  EXPECT_THAT(error, HasSubstr("not expected: encoder.layers.0.extra"));

  write_tensors(file, {{"something.else", at::zeros({1})}});
  EXPECT_THAT(test::error_of(load, ErrorKind::data), HasSubstr("has no image encoder"));
}

TEST_F(ImageEncoderLayouts, ConfigsThatFitNothingAreNamed) {
  const auto config = [&](const std::string& json) {
    std::ofstream(dir_ / "config.json") << json;
    return test::error_of([&] { read_vision_config(dir_ / "config.json"); }, ErrorKind::data);
  };
  EXPECT_THAT(config(R"({"model_type": "siglip_vision_model"})"), HasSubstr("clip_vision_model"));
  EXPECT_THAT(config(R"({"hidden_size": 24, "num_attention_heads": 5})"), HasSubstr("num_attention_heads"));
  EXPECT_THAT(config(R"({"hidden_act": "swish"})"), HasSubstr("hidden_act"));
  EXPECT_THAT(config(R"({"patch_size": 300})"), HasSubstr("patch_size"));
  const auto processor = [&](const std::string& json) {
    std::ofstream(dir_ / "preprocessor_config.json") << json;
    return test::error_of([&] { open_image_encoder(kEncoder, dir_.path()); }, ErrorKind::data);
  };
  EXPECT_THAT(processor(R"({"crop_size": {"height": 30, "width": 0}})"), HasSubstr("crop_size.width is 0"));
  EXPECT_THAT(processor(R"({"crop_size": 224})"), HasSubstr("expected 30 x 30"));
  EXPECT_THAT(processor(R"({"image_std": [1, 1, 0]})"), HasSubstr("image_std"));
  EXPECT_THAT(processor(R"({"resample": 0})"), HasSubstr("resample"));
}

}  // namespace
}  // namespace sora::clip
