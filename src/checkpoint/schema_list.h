// Builds the list of a network's tensors, for networks whose files are compared before they are built.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/schema.h"

namespace sora {

class SchemaList {
 public:
  void add(const std::string& name, std::vector<std::int64_t> shape) {
    specs_.push_back({name, std::move(shape)});
  }
  void linear(const std::string& name, std::int64_t in, std::int64_t out) {
    add(name + ".weight", {out, in});
    add(name + ".bias", {out});
  }
  /// A convolution whose kernel has these sides; {3, 3} is one of two dimensions.
  void convolution(const std::string& name, std::int64_t in, std::int64_t out,
                   const std::vector<std::int64_t>& kernel) {
    std::vector<std::int64_t> shape{out, in};
    shape.insert(shape.end(), kernel.begin(), kernel.end());
    add(name + ".weight", std::move(shape));
    add(name + ".bias", {out});
  }
  void layer_norm(const std::string& name, std::int64_t width) {
    add(name + ".weight", {width});
    add(name + ".bias", {width});
  }
  void rms_norm(const std::string& name, std::int64_t width) { add(name + ".weight", {width}); }

  std::vector<TensorSpec> take() { return std::move(specs_); }

 private:
  std::vector<TensorSpec> specs_;
};

}  // namespace sora
