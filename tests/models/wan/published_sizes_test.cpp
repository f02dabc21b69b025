// What plans know of published models without their files: counted against the networks' own schemas.
#include "models/wan/published_sizes.h"

#include <gtest/gtest.h>

#include "checkpoint/published_models.h"
#include "models/clip/networks/vision_encoder.h"
#include "models/counted_schema.h"
#include "models/t5/networks/encoder.h"
#include "models/wan/networks/transformer.h"
#include "models/wan/networks/vae_networks.h"

namespace sora::wan {
namespace {

using test::counted;

TEST(PublishedSizes, AreTheSumsOfTheNetworksSchemas) {
  for (const PublishedSizes& sizes : published_sizes()) {
    SCOPED_TRACE(sizes.short_name);
    const auto transformer = counted([&](const Weights& w) { (void)WanTransformer(w, sizes.transformer); });
    EXPECT_EQ(transformer.all, sizes.transformer_parameters);
    EXPECT_EQ(transformer.largest, published_facts(sizes.short_name).transformer.largest);
    const auto vae = counted([&](const Weights& w) {
      (void)VaeDecoder(w, sizes.vae);
      (void)VaeEncoder(w, sizes.vae);
    });
    EXPECT_EQ(vae.all, sizes.vae_parameters);
    EXPECT_EQ(vae.encoder, sizes.vae_encoder_parameters);
    const auto text = counted([&](const Weights& w) { (void)T5Encoder(w, sizes.text_encoder, at::kFloat); });
    EXPECT_EQ(text.all, sizes.text_parameters);
  }
}

// The networks leave out the last layer, which the files have.
TEST(PublishedSizes, TheImageEncodersLastLayerIsInTheFilesToo) {
  for (const PublishedSizes& sizes : published_sizes()) {
    EXPECT_EQ(sizes.image_encoder.has_value(), sizes.transformer.image_dim.has_value());
    if (!sizes.image_encoder) continue;
    const clip::VisionConfig& config = *sizes.image_encoder;
    const auto used = counted([&](const Weights& w) { (void)clip::VisionEncoder(w, config); }).all;
    const auto c = static_cast<std::uint64_t>(config.hidden_size),
               f = static_cast<std::uint64_t>(config.intermediate_size);
    const std::uint64_t layer = 4 * (c * c + c) + 2 * c * f + f + c + 4 * c, last_norm = 2 * c;
    EXPECT_EQ(used + layer + last_norm, sizes.image_parameters);
  }
}

TEST(PublishedSizes, EveryWanModelThatCanBeFetchedIsKnown) {
  for (const PublishedModel& model : published_models()) {
    if (!model.short_name.starts_with("wan")) continue;
    SCOPED_TRACE(model.short_name);
    const ModelFacts facts = published_facts(model.short_name);
    EXPECT_TRUE(facts.is_published);
    EXPECT_EQ(facts.family->name(), "Wan");
    EXPECT_GT(facts.weight_bytes, 20'000'000'000U);
    EXPECT_GT(facts.decoder_bytes(480, 832, false), 1'000'000'000U);
  }
  EXPECT_EQ(published_facts("wan2.1-i2v-14b-480p").title, "Wan 2.1 I2V 14B 480P");
  EXPECT_EQ(published_facts("wan2.1-i2v-14b-480p").width, 832);
  EXPECT_EQ(published_facts("wan2.2-ti2v-5b").title, "Wan 2.2 TI2V-5B");
  EXPECT_EQ(published_facts("wan2.2-t2v-a14b").transformer_2.parameters, 14'288'491'584U);
  EXPECT_EQ(published_facts("wan2.1-flf2v-14b").flow_shift, 16);
}

}  // namespace
}  // namespace sora::wan
