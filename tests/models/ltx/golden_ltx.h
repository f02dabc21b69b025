// The tiny models of scripts/goldens/ltx.py.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <string>

#include "places.h"
#include "weights/tensor_file.h"

namespace sora::ltx {

inline std::filesystem::path model_folder(const std::string& name) { return test_data() / "ltx" / name; }

inline at::Tensor golden(const std::string& name, const std::string& tensor) {
  return read_tensor(model_folder(name) / "networks.safetensors", tensor);
}

/// The pixels of decoded frames that the file has.
inline at::Tensor seen_pixels(const at::Tensor& video) { return video.slice(3, 0, {}, 7).slice(4, 0, {}, 5); }

inline double relative_l2(const at::Tensor& x, const at::Tensor& expected) {
  return ((x - expected).norm() / expected.norm()).item<double>();
}

}  // namespace sora::ltx
