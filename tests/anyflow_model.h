// The tiny model of scripts/goldens/anyflow.py.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/file.h"
#include "places.h"

namespace sora::test {

inline std::filesystem::path anyflow_data() { return test_data() / "anyflow"; }

/// Writes the model to `folder`; its other parts are those of a tiny Wan model. Returns `folder`.
inline std::filesystem::path write_anyflow_model(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  const auto copy = [&](const fs::path& from, const char* part) {
    fs::copy(from / part, folder / part, fs::copy_options::recursive);
  };
  fs::create_directories(folder);
  for (const char* part : {"vae", "text_encoder", "tokenizer"}) copy(test_data() / "pipeline/wan21", part);
  for (const char* part : {"model_index.json", "scheduler", "transformer"}) copy(anyflow_data(), part);
  return folder;
}

/// Replaces the only place of `from` in a file.
inline void replace_text(const std::filesystem::path& file, const std::string& from, const std::string& to) {
  std::string text = read_text(file, "test");
  const std::size_t place = text.find(from);
  ASSERT_NE(place, std::string::npos) << from << " in " << text;
  ASSERT_EQ(text.find(from, place + 1), std::string::npos) << from << " in " << text;
  std::ofstream(file) << text.replace(place, from.size(), to);
}

/// The names that the publishers' own program gives to the classes of a model.
inline void name_as_its_publishers(const std::filesystem::path& model) {
  replace_text(model / "model_index.json", "\"AnyFlowPipeline\"", "\"WanAnyFlowPipeline\"");
  replace_text(model / "transformer/config.json", "\"AnyFlowTransformer3DModel\"",
               "\"FAR_Wan_Transformer3DModel\", \"init_far_model\": false, \"init_flowmap_model\": true");
  replace_text(model / "scheduler/scheduler_config.json", "\"FlowMapEulerDiscreteScheduler\"",
               "\"FlowMapDiscreteScheduler\"");
}

}  // namespace sora::test
