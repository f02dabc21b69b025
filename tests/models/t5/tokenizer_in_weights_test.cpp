// The spiece.model that ComfyUI's files contain as a tensor.
#include <gtest/gtest.h>

#include "file_contents.h"
#include "models/t5/files.h"
#include "models/t5/tokenizer/tokenizer_files.h"
#include "places.h"
#include "small_weights.h"
#include "temporary_folder.h"

namespace sora {
namespace {

TEST(TokenizerInWeights, IsFoundAloneAndInAllInOneFiles) {
  const std::string model = contents(test_data() / "layouts/original/google/umt5-xxl/spiece.model");
  for (const char* name :
       {"spiece_model", "text_encoders.spiece_model", "text_encoders.umt5xxl.spiece_model"}) {
    SCOPED_TRACE(name);
    const TemporaryFolder folder;
    const auto file = folder / "all.safetensors";
    test::write_bytes(file, {{name, model}, {"text_encoders.umt5xxl.transformer.shared.weight", "xx"}});
    EXPECT_EQ(tokenizer_beside(file), file);
    EXPECT_FALSE(read_tokenizer_files(file).pieces.empty());
  }
}

}  // namespace
}  // namespace sora
