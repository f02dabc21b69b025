// The elements of a network's weights, without any weights.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "weights/weights.h"

namespace sora::test {

struct Counted {
  std::uint64_t all = 0, encoder = 0, largest = 0;
};

/// Of what `build` takes of the Weights that it is called with.
template <class Build>
Counted counted(const Build& build) {
  auto recorder = std::make_shared<SchemaRecorder>(nullptr);
  build(Weights(recorder));
  Counted counted;
  for (const TensorSpec& spec : recorder->schema()) {
    std::uint64_t elements = 1;
    for (const std::int64_t side : spec.shape) elements *= static_cast<std::uint64_t>(side);
    counted.all += elements;
    counted.largest = std::max(counted.largest, elements);
    if (spec.name.starts_with("encoder.") || spec.name.starts_with("quant_conv."))
      counted.encoder += elements;
  }
  return counted;
}

}  // namespace sora::test
