// What a model needs of this machine's memory, known without its files.
#include "plan/model_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "checkpoint/published_models.h"
#include "places.h"
#include "plan/machine/memory.h"

namespace sora {
namespace {

using testing::HasSubstr;

ModelMemory on_cpu(const std::string& model, double free_gb) {
  MachineFacts machine{false, 4, free_gb, {}};
  return memory_of_model(published_facts(model), machine);
}

ModelMemory on_gpu(const std::string& model, double free_gb) {
  const auto bytes = static_cast<std::uint64_t>(free_gb * 1e9);
  MachineFacts machine{true, 4, 64, std::vector<DeviceFacts>{{"cuda:0", "NVIDIA GPU", bytes, bytes}}};
  return memory_of_model(published_facts(model), machine);
}

TEST(ModelMemory, SaysWhichWayFits) {
  EXPECT_FALSE(on_cpu("wan2.1-t2v-14b", 16).fits);
  EXPECT_EQ(on_cpu("wan2.1-t2v-14b", 16).offload, "stream") << "the one that needs the least";
  EXPECT_TRUE(on_cpu("wan2.1-t2v-14b", 32).fits);
  EXPECT_TRUE(on_cpu("wan2.1-t2v-1.3b", 16).fits);

  const ModelMemory small = on_gpu("wan2.1-t2v-14b", 24), large = on_gpu("wan2.1-t2v-14b", 80);
  EXPECT_EQ(small.device, "cuda:0");
  EXPECT_FALSE(small.fits);
  EXPECT_TRUE(large.fits);
  EXPECT_EQ(large.offload, "text");
  EXPECT_EQ(on_gpu("wan2.1-t2v-14b", 32).offload, "stream");
  EXPECT_TRUE(on_gpu("wan2.1-t2v-1.3b", 0).fits) << "where the memory is not known, it is no limit";
}

TEST(ModelMemory, EachWayNeedsNoMoreThanTheOneBefore) {
  for (const PublishedModel& model : published_models()) {
    if (!facts_without_files(model.short_name)) continue;
    for (const ModelMemory& memory : {on_cpu(model.short_name, 20), on_gpu(model.short_name, 20)}) {
      SCOPED_TRACE(model.short_name + " " + memory.device);
      ASSERT_EQ(memory.each.size(), 4U);
      for (std::size_t i = 1; i < 4; ++i) EXPECT_LE(memory.each[i].peak_gb, memory.each[i - 1].peak_gb);
      EXPECT_LT(memory.each[3].peak_gb, 0.7 * memory.each[0].peak_gb);
    }
  }
}

TEST(ModelMemory, IsForPeople) {
  EXPECT_THAT(model_memory_text(on_gpu("wan2.1-t2v-14b", 24)),
              testing::MatchesRegex("does not fit: 25 GB with --offload stream, 24 GB are free on cuda:0"));
  EXPECT_THAT(model_memory_text(on_cpu("wan2.1-t2v-14b", 32)), HasSubstr("fits: "));
  EXPECT_EQ(model_memory_text(on_gpu("wan2.1-t2v-1.3b", 0)).find("free"), std::string::npos);
}

TEST(ModelMemory, ADryRunShowsWhatThereIsAndWhatEachWayNeeds) {
  Request request;
  request.model = (test_data() / "pipeline/wan21").string();
  request.prompt = "a red ball";
  request.max_memory = 5;
  const Plan plan = make_plan(request);
  EXPECT_EQ(plan.machine.memory_limit_gb, 5);
  ASSERT_EQ(plan.machine.offload_memory.size(), 4U);
  EXPECT_EQ(plan.machine.offload_memory[0].peak_gb, plan.machine.peak_memory_gb) << "a small model: none";
  EXPECT_THAT(plan_text(plan), testing::ContainsRegex("5.0 GB may be used; by --offload: none .* MB, text .* "
                                                      "MB, stored .* MB, stream .* MB\n"));
  const auto json = nlohmann::json::parse(plan_json(plan));
  EXPECT_EQ(json["memory_limit_gb"], 5);
  EXPECT_GT(json["offload_memory_gb"]["none"], json["offload_memory_gb"]["stream"]);
}

}  // namespace
}  // namespace sora
