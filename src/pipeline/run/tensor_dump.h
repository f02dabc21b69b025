// --dump-tensors: writes tensors for comparing this program with others.
#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <vector>

#include "core/output/output_file.h"
#include "pipeline/denoise/denoise.h"
#include "sora/plan.h"

namespace sora {

/// Without that option it does nothing.
class TensorDump {
 public:
  /// Opens the file at once, so that a name that cannot be written fails early. Throws Error: cannot_create.
  explicit TensorDump(const Request& request);

  void first_prediction(
      const at::Tensor& noise_pred);        ///< after guidance; only the first of a run is written
  void latents(const at::Tensor& latents);  ///< of the shown frames, window by window
  void frames(const at::Tensor& pixels);    ///< [n, H, W, 3] in [0, 1]
  void write(const Plan& plan, const Conditioning& text);

 private:
  std::optional<OutputFile> file_;
  at::Tensor noise_pred_;
  std::vector<at::Tensor> latents_, video_;
};

}  // namespace sora
