#include "sampling/config/scheduler_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/log.h"
#include "sampling/golden.h"
#include "sora/error.h"
#include "temporary_folder.h"

namespace sora {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class SchedulerConfigTest : public testing::Test {
 protected:
  // `members` come after the class name.
  SchedulerConfig read(const std::string& class_name, const std::string& members) {
    std::ofstream(path_) << "{\"_class_name\": \"" << class_name << "\"" << (members.empty() ? "" : ", ")
                         << members << "}";
    return read_scheduler_config(path_);
  }
  std::string error(const std::string& class_name, const std::string& members) {
    try {
      read(class_name, members);
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::data) << e.what();
      EXPECT_EQ(e.component(), "scheduler");
      EXPECT_THAT(e.what(), HasSubstr(path_.filename().string()));
      return e.what();
    }
    return "";
  }

  const TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_ / "scheduler_config_test.json";
};

constexpr const char* kUniPC = "UniPCMultistepScheduler";
constexpr const char* kEuler = "FlowMatchEulerDiscreteScheduler";
constexpr const char* kDPM = "DPMSolverMultistepScheduler";

TEST_F(SchedulerConfigTest, AbsentAndNullKeysTakeTheDefaultsOfDiffusers) {
  const SchedulerConfig unipc = read(kUniPC, "\"flow_shift\": null");
  EXPECT_EQ(unipc.scheduler, "unipc");
  EXPECT_EQ(unipc.num_train_timesteps, 1000);
  EXPECT_EQ(unipc.prediction_type, PredictionType::epsilon);
  EXPECT_FALSE(unipc.use_flow_sigmas);
  EXPECT_EQ(unipc.flow_shift, 1);
  EXPECT_EQ(unipc.solver_order, 2);
  EXPECT_EQ(unipc.solver_type, SolverType::bh2);
  EXPECT_EQ(unipc.final_sigmas_type, FinalSigmas::zero);
  EXPECT_TRUE(unipc.lower_order_final);
  EXPECT_TRUE(unipc.predict_x0);
  EXPECT_EQ(read(kDPM, "").solver_type, SolverType::midpoint);
  const SchedulerConfig euler = read(kEuler, "");
  EXPECT_TRUE(euler.use_flow_sigmas);
  EXPECT_EQ(euler.prediction_type, PredictionType::flow_prediction);
}

TEST_F(SchedulerConfigTest, ReadsWhatWanCheckpointsHold) {
  const SchedulerConfig config =
      read(kUniPC,
           R"("flow_shift": 3.0, "use_flow_sigmas": true, "prediction_type": "flow_prediction",
              "solver_order": 3, "solver_type": "bh1", "disable_corrector": [0, 1], "shift_terminal": 0.02)");
  EXPECT_EQ(config.flow_shift, 3);
  EXPECT_TRUE(config.use_flow_sigmas);
  EXPECT_EQ(config.prediction_type, PredictionType::flow_prediction);
  EXPECT_EQ(config.solver_order, 3);
  EXPECT_EQ(config.solver_type, SolverType::bh1);
  EXPECT_EQ(config.disable_corrector, (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(config.shift_terminal, 0.02);
  EXPECT_EQ(read(kEuler, "\"shift\": 5").flow_shift, 5);
}

TEST_F(SchedulerConfigTest, SolverTypesOfOtherSolversMeanTheOwnDefault) {
  EXPECT_EQ(read(kUniPC, "\"solver_type\": \"midpoint\"").solver_type, SolverType::bh2);
  EXPECT_EQ(read(kDPM, "\"solver_type\": \"bh1\"").solver_type, SolverType::midpoint);
  EXPECT_EQ(read(kDPM, "\"solver_type\": \"heun\"").solver_type, SolverType::heun);
}

TEST_F(SchedulerConfigTest, ReadsAFileThatDiffusersWroteWithABareInfinity) {
  std::ifstream file(golden_path("configs/dpmpp.json"));
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  ASSERT_THAT(text, HasSubstr("\"lambda_min_clipped\": -Infinity"));
  EXPECT_EQ(golden_config("dpmpp").scheduler, "dpm++");
}

TEST_F(SchedulerConfigTest, ErrorsNameTheKeyWhatWasFoundAndWhatWasExpected) {
  EXPECT_THAT(error("DDIMScheduler", ""),
              HasSubstr("_class_name is \"DDIMScheduler\", expected one of UniPCMultistepScheduler, "
                        "FlowMatchEulerDiscreteScheduler, FlowMapEulerDiscreteScheduler, "
                        "FlowMapDiscreteScheduler, DPMSolverMultistepScheduler"));
  EXPECT_THAT(error(kUniPC, "\"solver_order\": \"two\""),
              HasSubstr("solver_order is \"two\", expected an integer"));
  EXPECT_THAT(error(kUniPC, "\"solver_order\": 4"),
              HasSubstr("solver_order is 4, expected an integer from 1 to 3"));
  EXPECT_THAT(error(kDPM, "\"solver_order\": 3"), HasSubstr("expected an integer from 1 to 2"));
  EXPECT_THAT(error(kUniPC, "\"solver_type\": \"bh3\""),
              HasSubstr("solver_type is \"bh3\", expected one of bh1, bh2"));
  EXPECT_THAT(error(kUniPC, "\"flow_shift\": true"), HasSubstr("flow_shift is true, expected a number"));
  EXPECT_THAT(error(kUniPC, "\"flow_shift\": 0"), HasSubstr("flow_shift is 0, expected a number above 0"));
  EXPECT_THAT(error(kUniPC, "\"use_flow_sigmas\": 1"),
              HasSubstr("use_flow_sigmas is 1, expected true or false"));
  EXPECT_THAT(error(kUniPC, "\"prediction_type\": \"flow\""), HasSubstr("prediction_type is \"flow\""));
  EXPECT_THAT(error(kUniPC, "\"final_sigmas_type\": 0"),
              HasSubstr("final_sigmas_type is 0, expected a string"));
  EXPECT_THAT(error(kUniPC, "\"disable_corrector\": [0.5]"), HasSubstr("disable_corrector is [0.5]"));
  EXPECT_THAT(error(kUniPC, "\"num_train_timesteps\": 0"), HasSubstr("num_train_timesteps is 0"));
  EXPECT_THAT(error(kUniPC, "\"trained_betas\": [0.1]"), HasSubstr("trained_betas is [0.1]"));
  EXPECT_THAT(error(kEuler, "\"shift_terminal\": 1"), HasSubstr("shift_terminal is 1"));
}

TEST_F(SchedulerConfigTest, FeaturesThatAreNotBuiltInAreErrors) {
  for (const std::string key :
       {"thresholding", "rescale_betas_zero_snr", "use_exponential_sigmas", "use_beta_sigmas",
        "use_lu_lambdas", "use_dynamic_shifting", "invert_sigmas", "stochastic_sampling"}) {
    EXPECT_THAT(error(kDPM, "\"" + key + "\": true"), HasSubstr(key + " is true, expected false"));
    EXPECT_NO_THROW(read(kDPM, "\"" + key + "\": false"));
  }
  EXPECT_THAT(error(kDPM, "\"algorithm_type\": \"sde-dpmsolver++\""), HasSubstr("algorithm_type"));
  EXPECT_THAT(error(kDPM, "\"lambda_min_clipped\": -5.1"), HasSubstr("lambda_min_clipped"));
  EXPECT_THAT(error(kDPM, "\"variance_type\": \"learned\""), HasSubstr("variance_type"));
  EXPECT_THAT(error(kDPM, "\"use_karras_sigmas\": true"), HasSubstr("use_karras_sigmas"));
}

TEST_F(SchedulerConfigTest, CombinationsThatEndInNaNAreErrors) {
  EXPECT_THAT(error(kUniPC, "\"predict_x0\": false"), HasSubstr("predict_x0 is false"));
  EXPECT_THAT(error(kUniPC,
                    "\"predict_x0\": false, \"prediction_type\": \"flow_prediction\", "
                    "\"final_sigmas_type\": \"sigma_min\""),
              HasSubstr("predict_x0 is false"));
  EXPECT_THAT(error(kUniPC, "\"lower_order_final\": false"), HasSubstr("lower_order_final is false"));
  EXPECT_NO_THROW(read(kUniPC, "\"lower_order_final\": false, \"solver_order\": 1"));
}

TEST_F(SchedulerConfigTest, AKeyThatNoSchedulerKnowsGivesAWarningAndNoOther) {
  std::vector<std::string> warnings;
  set_log_sink([&](LogLevel level, const std::string& message) {
    if (level == LogLevel::warning) warnings.push_back(message);
  });
  read(kUniPC, "\"max_shift\": 1.15, \"_diffusers_version\": \"0.42.1\"");
  EXPECT_THAT(warnings, IsEmpty());
  read(kUniPC, "\"use_new_sigmas\": true");
  set_log_sink({});
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_THAT(warnings[0], HasSubstr("use_new_sigmas"));
}

}  // namespace
}  // namespace sora
