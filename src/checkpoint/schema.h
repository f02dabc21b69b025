// A network's tensors as data: names and shapes, compared with what a checkpoint holds.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.h"

namespace sora {

struct TensorSpec {
  std::string name;
  std::vector<std::int64_t> shape;
};

/// Throws Error (data) that lists what is missing, left over or misshapen (the first few of each, and
/// how many). `ignored` says which left-over names are no error.
void check_schema(const std::vector<TensorSpec>& schema, const Checkpoint& checkpoint,
                  const std::function<bool(const std::string&)>& ignored = {});

}  // namespace sora
