// Which files of a folder are weights.
#include "checkpoint/weight_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "error_of.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class WeightSetTest : public testing::Test {
 protected:
  void touch(std::initializer_list<const char*> names) const {
    for (const char* name : names) std::ofstream(folder_ / name) << "x";
  }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    const WeightSet set = find_weights(folder_.path(), "model");
    for (const fs::path& file : set.files) out.push_back(file.filename());
    if (!set.index.empty()) out.push_back("by " + set.index.filename().string());
    return out;
  }

  const TemporaryFolder folder_;
};

TEST_F(WeightSetTest, AnEmptyFolderAndNoFolderHaveNone) {
  touch({"model.bin", "other.safetensors", "modelx.safetensors", "model.a.b.safetensors",
         "model-1-of-2.safetensors"});
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_TRUE(find_weights(folder_ / "none", "model").empty());
}

TEST_F(WeightSetTest, OneFileBeatsAnIndex) {
  touch({"model.safetensors.index.json", "model-00001-of-00002.safetensors",
         "model-00002-of-00002.safetensors"});
  EXPECT_THAT(names(), ElementsAre("by model.safetensors.index.json"));
  touch({"model.safetensors"});
  EXPECT_THAT(names(), ElementsAre("model.safetensors"));
}

TEST_F(WeightSetTest, ShardsWithoutAnIndexComeInOrder) {
  touch({"model-00002-of-00003.safetensors", "model-00001-of-00003.safetensors"});
  EXPECT_THAT(test::error_of([&] { (void)names(); }, ErrorKind::data),
              HasSubstr("has 2 of 3 shards; number 3 is missing"));
  touch({"model-00003-of-00003.safetensors"});
  EXPECT_THAT(names(), ElementsAre("model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors",
                                   "model-00003-of-00003.safetensors"));
}

TEST_F(WeightSetTest, VariantsAreTakenWhereThereIsNoPlainFile) {
  touch({"model.zz.safetensors"});
  EXPECT_THAT(names(), ElementsAre("model.zz.safetensors"));
  touch({"model.bf16-00001-of-00001.safetensors"});
  EXPECT_THAT(names(), ElementsAre("model.bf16-00001-of-00001.safetensors"));
  touch({"model-00001-of-00002.fp16.safetensors", "model-00002-of-00002.fp16.safetensors"});
  EXPECT_THAT(names(),
              ElementsAre("model-00001-of-00002.fp16.safetensors", "model-00002-of-00002.fp16.safetensors"));
  touch({"model.safetensors.index.fp16.json"});
  EXPECT_THAT(names(), ElementsAre("by model.safetensors.index.fp16.json"));
  touch({"model.safetensors"});
  EXPECT_THAT(names(), ElementsAre("model.safetensors"));
}

}  // namespace
}  // namespace sora
