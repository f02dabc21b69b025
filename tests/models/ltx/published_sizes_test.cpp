// What plans know of published LTX-Video models without their files: counted against the networks' own
// schemas.
#include "models/ltx/published_sizes.h"

#include <gtest/gtest.h>

#include "checkpoint/published_models.h"
#include "models/counted_schema.h"
#include "models/ltx/networks/transformer.h"
#include "models/ltx/networks/vae_networks.h"
#include "models/t5/networks/encoder.h"
#include "models/t5/published.h"

namespace sora::ltx {
namespace {

TEST(PublishedLtxSizes, AreTheSumsOfTheNetworksSchemas) {
  for (const PublishedSizes& sizes : published_sizes()) {
    SCOPED_TRACE(sizes.short_name);
    const auto transformer =
        test::counted([&](const Weights& w) { (void)LtxTransformer(w, sizes.transformer, CellScale()); });
    EXPECT_EQ(transformer.all, sizes.transformer_parameters);
    EXPECT_EQ(transformer.largest, published_facts(sizes.short_name).transformer.largest);
  }
  const auto vae = test::counted([&](const Weights& w) {
    (void)VaeDecoder(w / "decoder", vae_095());
    (void)VaeEncoder(w / "encoder", vae_095());
  });
  EXPECT_EQ(vae.all, vae_parameters);
  EXPECT_EQ(vae.encoder, vae_encoder_parameters);
  const auto text = test::counted([&](const Weights& w) { (void)T5Encoder(w, t5_xxl(), at::kFloat); });
  EXPECT_EQ(text.all, text_parameters);
}

TEST(PublishedLtxSizes, EveryModelThatCanBeFetchedIsKnown) {
  for (const PublishedModel& model : published_models()) {
    if (!model.short_name.starts_with("ltx")) continue;
    SCOPED_TRACE(model.short_name);
    const ModelFacts facts = published_facts(model.short_name);
    EXPECT_TRUE(facts.is_published);
    EXPECT_EQ(facts.family->name(), "LTX-Video");
    EXPECT_EQ(facts.few_step.has_value(), model.short_name.ends_with("distilled"));
    EXPECT_GT(facts.decoder_bytes(480, 704, false), 100'000'000U);
  }
  EXPECT_EQ(published_facts("ltx-video-2b-0.9.5").title, "LTX-Video 2B 0.9.5");
  EXPECT_EQ(published_facts("ltx-video-13b-0.9.7").transformer_dim, 4096);
}

}  // namespace
}  // namespace sora::ltx
