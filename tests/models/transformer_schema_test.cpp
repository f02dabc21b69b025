// The names and shapes by which files are refused early are those of the network.
#include "models/wan/transformer_schema.h"

#include <gtest/gtest.h>

#include <map>

#include "models/wan/components.h"
#include "models/wan/networks/transformer.h"
#include "places.h"
#include "weights/weights.h"

namespace sora::wan {
namespace {

std::map<std::string, std::vector<std::int64_t>> as_map(const std::vector<TensorSpec>& schema) {
  std::map<std::string, std::vector<std::int64_t>> out;
  for (const TensorSpec& spec : schema) EXPECT_TRUE(out.emplace(spec.name, spec.shape).second) << spec.name;
  return out;
}

TEST(TransformerSchema, IsThatOfTheNetwork) {
  for (const char* folder :
       {"transformer/plain", "transformer/image", "transformer/two_images", "transformer/patches",
        "vace/transformer", "skyreels/df/transformer", "skyreels/i2v/transformer"}) {
    SCOPED_TRACE(folder);
    const auto [config, checkpoint] = open_transformer(test_data() / folder);
    const auto recorder = std::make_shared<SchemaRecorder>(&checkpoint);
    (void)WanTransformer(Weights(recorder), config);
    EXPECT_EQ(as_map(transformer_schema(config)), as_map(recorder->schema()));
  }
}

}  // namespace
}  // namespace sora::wan
