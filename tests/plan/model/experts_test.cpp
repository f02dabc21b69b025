// What the names of weights say of two experts.
#include "plan/model/experts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "temporary_folder.h"

namespace sora {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Experts, AreKnownByWordsInTheirNames) {
  EXPECT_EQ(expert_of_name("wan2.2_t2v_high_noise_14B_fp16.safetensors"), Expert::high);
  EXPECT_EQ(expert_of_name("Wan2.2-T2V-A14B-LowNoise-Q4_K_M.gguf"), Expert::low);
  EXPECT_EQ(expert_of_name("t2v-low-14b.gguf"), Expert::low);
  EXPECT_EQ(expert_of_name("low.safetensors"), Expert::low);
  EXPECT_EQ(expert_of_name("flow_shift_slow_highland.safetensors"), Expert::none);
  EXPECT_EQ(expert_of_name("high_and_low.safetensors"), Expert::none);
}

class ExpertFaults : public testing::Test {
 protected:
  ModelFacts model(const std::string& first, const std::string& second = "") const {
    ModelFacts facts;
    const auto add = [&](const char* component, const std::string& name) {
      std::ofstream(folder_ / name) << "x";
      facts.folder.components[component] = "file";
      facts.folder.elsewhere[component] = ComponentSource(folder_ / name);
    };
    add("transformer", first);
    if (!second.empty()) add("transformer_2", second);
    return facts;
  }

  const TemporaryFolder folder_;
};

TEST_F(ExpertFaults, TheRightOrderAndOtherNamesHaveNone) {
  EXPECT_THAT(expert_faults(model("a_high_noise.gguf", "a_low_noise.gguf")), IsEmpty());
  EXPECT_THAT(expert_faults(model("a.gguf", "b.gguf")), IsEmpty());
  EXPECT_THAT(expert_faults(model("flow.gguf")), IsEmpty());
}

TEST_F(ExpertFaults, ExchangedExpertsAreNamed) {
  EXPECT_THAT(expert_faults(model("a_low_noise.gguf", "a_high_noise.gguf")),
              ElementsAre(HasSubstr("a_low_noise.gguf: by its name it is the low-noise expert"),
                          HasSubstr("the second --transformer-2 LOW")));
  EXPECT_THAT(expert_faults(model("a.gguf", "a_high_noise.gguf")), ElementsAre(HasSubstr("last steps")));
}

TEST_F(ExpertFaults, OneExpertAloneIsNamed) {
  EXPECT_THAT(expert_faults(model("a_high_noise.gguf")), ElementsAre(HasSubstr("high-noise expert of two")));
}

}  // namespace
}  // namespace sora
