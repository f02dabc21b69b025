// The names and shapes of a network's tensors, to be compared with those of a checkpoint.
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

/// Throws Error (data) that lists missing tensors, those of another shape and those that are not expected:
/// the first few of each, and their number. Tensors whose names are `ignored` are never unexpected.
void check_schema(const std::vector<TensorSpec>& schema, const Checkpoint& checkpoint,
                  const std::function<bool(const std::string&)>& ignored = {});

/// Throws Error (data) where a tensor has a type that cannot be widened to numbers: integers without scales.
void check_types(const Checkpoint& checkpoint);

}  // namespace sora
