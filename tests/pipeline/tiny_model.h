// Tiny models of random weights (tests/data/pipeline), and requests for runs of them.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "places.h"
#include "sora/request.h"
#include "temporary_folder.h"

namespace sora {

/// Copies a tiny model to `folder`/`name`, with `facts` as its sora-gen.json; returns the path of the copy.
/// By default its native length is five latent frames, so that longer videos have windows.
inline std::string copy_tiny_model(const TemporaryFolder& folder, const std::string& name,
                                   const std::string& facts = R"({"native_frames": 17, "fps": 8})") {
  const std::filesystem::path copy = folder / name;
  std::filesystem::copy(test_data() / "pipeline" / name, copy, std::filesystem::copy_options::recursive);
  std::ofstream(copy / "sora-gen.json") << facts;
  return copy.string();
}

/// A run on the CPU with a fixed seed; the rest follows from the model and the name of the output.
inline Request seeded_request(const std::filesystem::path& output) {
  Request request;
  request.seed = 7;
  request.device = "cpu";
  request.output = output.string();
  request.overwrite = true;
  return request;
}

/// The same with two steps and no guidance, and a lossless output.
inline Request lossless_request(const std::filesystem::path& output) {
  Request request = seeded_request(output);
  request.steps = 2;
  request.guidance = 1;
  request.codec = "ffv1";
  request.pix_fmt = "bgr0";
  return request;
}

}  // namespace sora
