#include "nn/device.h"

#include "nn/cuda_loader.h"
#include "sora/error.h"

namespace sora {

Placement make_placement(const std::string& device, const std::string& dtype) {
  Placement placement;
  try {
    placement.device = at::Device(device);
  } catch (const c10::Error&) {
    throw Error(ErrorKind::usage, "device",
                "\"" + device + "\" is not a device, expected cpu, cuda or cuda:N");
  }
  if (placement.device.is_cuda() && !load_cuda_backend()) {
    throw Error(ErrorKind::unavailable, "device",
                device + ": no CUDA device can be used here; see sora-gen doctor, or use --device cpu");
  }
  if (dtype.empty()) {
    placement.dtype = placement.device.is_cuda() ? at::kBFloat16 : at::kFloat;
  } else if (dtype == "float32") {
    placement.dtype = at::kFloat;
  } else if (dtype == "bfloat16" && placement.device.is_cuda()) {
    placement.dtype = at::kBFloat16;
  } else {
    throw Error(ErrorKind::usage, "device",
                "--dtype " + dtype + " on " + device + ": expected float32, or bfloat16 on CUDA");
  }
  return placement;
}

}  // namespace sora
