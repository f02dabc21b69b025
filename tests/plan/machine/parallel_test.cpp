// How ranks divide a video, and what is refused.
#include "plan/machine/parallel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "places.h"
#include "plan/machine/devices.h"
#include "plan/machine/launch.h"
#include "sora/error.h"

namespace sora {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ParallelTest : public testing::Test {
 protected:
  ~ParallelTest() override {
    join_launched_processes(false);
    for (const auto& [name, value] : set_) ::unsetenv(name.c_str());
  }
  void set(const std::string& name, const std::string& value) {
    set_[name] = value;
    ::setenv(name.c_str(), value.c_str(), 1);
  }

  static Request request() {
    Request request;
    request.model = (test_data() / "pipeline/wan21").string();  // two heads
    request.prompt = "a lighthouse";
    request.device = "cpu";
    request.res = "64x32";
    request.frames = 9;
    request.guidance = 3;
    return request;
  }

  static std::string fault(const Request& request) {
    try {
      (void)make_plan(request);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return error.what();
    }
    return "";
  }

  // On a machine with four GPUs, for a model with these heads.
  Parallel on_gpus(Request asked, std::int64_t heads) {
    Plan plan = make_plan(request());
    plan.request.gpus = asked.gpus;
    plan.request.parallel = asked.parallel;
    plan.request.device = "auto";
    plan.machine.device = "cuda:0";
    if (asked.guidance) plan.sampling.guidance = *asked.guidance;
    plan.picture.latent_height = 60;
    plan.picture.latent_width = 104;
    ModelFacts model;
    model.heads = heads;
    MachineFacts facts;
    facts.cuda_driver = true;
    facts.devices.emplace();
    for (int i = 0; i < 4; ++i)
      facts.devices->push_back(
          {"cuda:" + std::to_string(i), "NVIDIA GPU", std::uint64_t(80 - i) << 30, 80ULL << 30});
    plan.machine.free_gb = 85;
    plan_parallel(plan, model, facts);
    free_gb_ = plan.machine.free_gb;
    return plan.machine.parallel;
  }

  std::map<std::string, std::string> set_;
  double free_gb_ = 0;
};

TEST_F(ParallelTest, OneRankIsTheUsual) {
  const Plan plan = make_plan(request());
  EXPECT_EQ(plan.machine.parallel.ranks(), 1);
  EXPECT_EQ(plan_text(plan).find("parallel"), std::string::npos);
  EXPECT_TRUE(nlohmann::json::parse(plan_json(plan))["parallel"].is_null());
}

TEST_F(ParallelTest, ThePlanSaysHowAndWhy) {
  Request asked = request();
  asked.parallel = "guidance:2,sequence:2";
  const Plan plan = make_plan(asked);
  EXPECT_THAT(
      plan_text(plan),
      HasSubstr("parallel  4 ranks, threads on the CPU: guidance:2,sequence:2,decode:4; the predictions "
                "with and without the prompt are made at the same time, the tokens of each divided by 2; each "
                "decodes a part of the rows of the frames"));
  const auto json = nlohmann::json::parse(plan_json(plan))["parallel"];
  EXPECT_EQ(json["ranks"], 4);
  EXPECT_EQ(json["guidance"], 2);
  EXPECT_EQ(json["sequence"], 2);
  EXPECT_EQ(json["processes"], false);
}

TEST_F(ParallelTest, GuidanceComesFirst) {
  Request asked;
  asked.gpus = "2";
  EXPECT_EQ(division_text(on_gpus(asked, 40)), "guidance:2");
  asked.gpus = "4";
  EXPECT_EQ(division_text(on_gpus(asked, 40)), "guidance:2,sequence:2");
  asked.guidance = 1;
  EXPECT_EQ(division_text(on_gpus(asked, 40)), "sequence:4");
  asked.gpus = "0,2,3";
  const Parallel three = on_gpus(asked, 12);
  EXPECT_EQ(division_text(three), "sequence:3");
  EXPECT_THAT(three.devices, ElementsAre("cuda:0", "cuda:2", "cuda:3"));
  EXPECT_NEAR(free_gb_, 77 * 1.073741824, 0.01) << "of the one with the least";
}

TEST_F(ParallelTest, NumbersThatDoNotDivideAreRefusedWithThoseThatDo) {
  Request asked;
  asked.gpus = "3";
  try {
    (void)on_gpus(asked, 40);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("3 ranks cannot divide this video: wan21 has 40 attention heads and 1560 "
                          "tokens in a frame; numbers that can: 2, 4, 5, 8, 10, 16"));
  }
  Request own = request();
  own.parallel = "sequence:3";
  EXPECT_THAT(fault(own),
              HasSubstr("wan21 has 2 attention heads and 8 tokens in a frame, expected a number of ranks "
                        "that divides them: 2"));
  own.parallel = "guidance:2";
  own.guidance = 1;
  EXPECT_THAT(fault(own), HasSubstr("guidance is off, so there is only one prediction in a step"));
}

TEST_F(ParallelTest, WrongOptions) {
  Request asked = request();
  for (const char* value : {"", "guidance", "guidance:3", "sequence:0", "tokens:2", "guidance:2,", "2",
                            "sequence:2,sequence:2", "sequence:-1"}) {
    asked.parallel = value;
    EXPECT_THAT(fault(asked), HasSubstr("expected auto, off, guidance:2, sequence:N, or")) << value;
  }
  asked.parallel.reset();
  asked.gpus = "2";
  EXPECT_THAT(fault(asked), HasSubstr("--gpus 2: the CPU computes here, as --device cpu asks"));
  asked.parallel = "off";
  EXPECT_THAT(fault(asked), HasSubstr("leave one out"));
  asked = request();
  asked.parallel = "sequence:2";
  asked.cache = "first-block";
  EXPECT_THAT(fault(asked), HasSubstr("works on one device only"));
  Request gpus;
  for (const char* value : {"0", "x", "5", "0,9", "1,1", "-2", ""}) {
    gpus.gpus = value;
    EXPECT_THROW((void)on_gpus(gpus, 40), Error) << value;
  }
  gpus.gpus = "2";
  gpus.parallel = "sequence:4";
  EXPECT_THROW((void)on_gpus(gpus, 40), Error);
}

TEST_F(ParallelTest, ProcessesJoinOnlyWhereTheyAreToldTo) {
  set("RANK", "1");
  set("WORLD_SIZE", "2");
  set("LOCAL_WORLD_SIZE", "2");
  set("MASTER_ADDR", "localhost");
  set("MASTER_PORT", "29500");
  EXPECT_EQ(make_plan(request()).machine.parallel.ranks(), 1);
  join_launched_processes();
  const Parallel joined = make_plan(request()).machine.parallel;
  EXPECT_EQ(joined.ranks(), 2);
  EXPECT_EQ(joined.rank, 1);
  EXPECT_EQ(joined.port, 29500);
  EXPECT_TRUE(joined.of_processes());
  set("TORCHELASTIC_USE_AGENT_STORE", "True");
  EXPECT_EQ(make_plan(request()).machine.parallel.port, 29501) << "torchrun listens on its own";
  Request asked = request();
  asked.parallel = "sequence:2";
  EXPECT_EQ(division_text(make_plan(asked).machine.parallel), "sequence:2,decode:2");
  asked.parallel = "guidance:2,sequence:2";
  EXPECT_THAT(fault(asked), HasSubstr("is for 4 ranks, and there are 2, started by torchrun"));
  asked.parallel = "off";
  EXPECT_EQ(make_plan(asked).machine.parallel.ranks(), 1);
}

TEST_F(ParallelTest, TheInnermostLauncherCounts) {
  EXPECT_FALSE(launched());
  set("SLURM_PROCID", "0");
  set("SLURM_NTASKS", "8");
  EXPECT_FALSE(launched()) << "in a script of sbatch there is one process";
  set("SLURM_STEP_NUM_TASKS", "8");
  set("SLURM_STEP_NUM_NODES", "2");
  ASSERT_TRUE(launched());
  EXPECT_EQ(launched()->by, "srun");
  EXPECT_EQ(launched()->size, 8);
  EXPECT_FALSE(launched()->on_one_machine);
  EXPECT_EQ(launched()->address, "");
  set("SLURM_STEP_NUM_NODES", "1");
  EXPECT_EQ(launched()->address, "127.0.0.1");
  EXPECT_GE(launched()->port, 20000);
  set("OMPI_COMM_WORLD_RANK", "3");
  set("OMPI_COMM_WORLD_SIZE", "4");
  EXPECT_EQ(launched()->by, "mpirun") << "it starts its daemons by srun, and its processes inherit that";
  EXPECT_EQ(launched()->rank, 3);
  set("RANK", "15");
  set("WORLD_SIZE", "16");
  EXPECT_EQ(launched()->by, "torchrun");
  EXPECT_EQ(launched()->rank, 15);
  set("RANK", "16");
  EXPECT_THROW((void)launched(), Error);
}

TEST_F(ParallelTest, MpichsMpirunCountsWithinSlurmAndSrunsOwnVariablesOfPmiDoNot) {
  set("SLURM_PROCID", "0");
  set("SLURM_STEP_NUM_TASKS", "2");
  set("PMI_RANK", "5");
  set("PMI_SIZE", "6");
  EXPECT_EQ(launched()->by, "srun");
  set("MPI_LOCALNRANKS", "3");
  EXPECT_EQ(launched()->by, "mpirun");
  EXPECT_EQ(launched()->rank, 5);
}

TEST_F(ParallelTest, TheRankOnAMachineIsTheInnermostLaunchers) {
  set("SLURM_LOCALID", "0");  // of the script, or of the task that started mpirun's or torchrun's processes
  EXPECT_EQ(local_rank(), 0U);
  set("OMPI_COMM_WORLD_LOCAL_RANK", "2");
  EXPECT_EQ(local_rank(), 2U);
  set("LOCAL_RANK", "3");
  EXPECT_EQ(local_rank(), 3U);
}

TEST_F(ParallelTest, ProcessesOfSeveralMachinesNeedAnAddress) {
  set("OMPI_COMM_WORLD_RANK", "0");
  set("OMPI_COMM_WORLD_SIZE", "2");
  set("OMPI_COMM_WORLD_LOCAL_SIZE", "1");
  join_launched_processes();
  EXPECT_THAT(fault(request()), HasSubstr("set MASTER_ADDR to the machine of rank 0"));
  set("MASTER_ADDR", "node1");
  EXPECT_EQ(make_plan(request()).machine.parallel.address, "node1");
}

}  // namespace
}  // namespace sora
