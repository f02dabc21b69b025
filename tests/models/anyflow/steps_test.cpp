// The steps of AnyFlow's network against diffusers (scripts/goldens/anyflow.py), without the pipeline.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "anyflow_model.h"
#include "models/networks/family_networks.h"
#include "sampling/scheduler.h"
#include "temporary_folder.h"
#include "weights/tensor_file.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

double relative_l2(const at::Tensor& found, const at::Tensor& expected) {
  EXPECT_EQ(found.sizes(), expected.sizes());
  return ((found - expected).norm() / expected.norm()).item<double>();
}

// A picture is the first latent frame, which stays clean at timestep 0.
TEST(AnyFlowSteps, MatchDiffusers) {
  const c10::InferenceMode inference;
  const TemporaryFolder temporary;
  const fs::path model = test::write_anyflow_model(temporary / "model");
  const auto cases = nlohmann::json::parse(read_text(test::anyflow_data() / "cases.json", "test"))["cases"];
  for (const auto& item : cases) {
    SCOPED_TRACE(item.dump());
    Replacements replacements;
    if (item.contains("transformer"))
      replacements["transformer"] = test::anyflow_data() / item["transformer"].get<std::string>();
    const ModelFacts facts = read_model(model, replacements);
    const FamilyNetworks& networks = networks_of(*facts.family);
    const auto encoder = networks.load_prompt_encoder(facts.folder, {});
    const auto network = networks.load_denoiser(facts.folder, "transformer", {}, {});
    const auto prepared = [&](const std::string& prompt) {
      const std::string clean = facts.family->clean_prompt(prompt);
      return network->prepare(padded_rows(encoder->encode_rows(clean).rows, facts.text_rows), {});
    };
    const fs::path tensors = test::anyflow_data() / item["tensors"].get<std::string>();
    const at::Tensor expected = read_tensor(tensors, "latents");
    const auto prompt = prepared(item["prompt"]), negative = prepared(item.value("negative_prompt", ""));
    const double guidance = item["guidance"];
    const bool from_picture = item.contains("image");
    const auto scheduler = make_scheduler(facts.scheduler, facts.family->scheduler(facts.folder, 1, true),
                                          item["steps"], facts.flow_shift);
    at::Tensor latents = read_tensor(tensors, "noise");
    const std::int64_t frame_tokens = latents.size(3) / 2 * (latents.size(4) / 2);
    for (int i = 0; i < scheduler->steps(); ++i) {
      network->set_target_timestep(scheduler->next_timestep(i));
      at::Tensor input = latents.clone();
      at::Tensor timestep = at::full({1, latents.size(2) * frame_tokens}, scheduler->timestep(i), at::kFloat);
      if (from_picture) {
        input.narrow(2, 0, 1).copy_(expected.narrow(2, 0, 1));
        timestep.narrow(1, 0, frame_tokens).zero_();
      }
      at::Tensor flow = network->predict(input, timestep, *prompt);
      if (guidance > 1) {
        const at::Tensor without = network->predict(input, timestep, *negative);
        flow = without + guidance * (flow - without);
      }
      if (i == 0) {
        EXPECT_LT(relative_l2(flow, read_tensor(tensors, "noise_pred_0")), 1e-5);
      }
      latents = scheduler->step(flow, i, latents);
    }
    const std::int64_t given = from_picture ? 1 : 0, made = latents.size(2) - given;
    EXPECT_LT(relative_l2(latents.narrow(2, given, made), expected.narrow(2, given, made)), 5e-5);
  }
}

}  // namespace
}  // namespace sora
