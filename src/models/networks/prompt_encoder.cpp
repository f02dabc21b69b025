#include "models/networks/prompt_encoder.h"

namespace sora {

at::Tensor padded_rows(const at::Tensor& rows, std::int64_t count) {
  at::Tensor padded = at::zeros({1, count, rows.size(1)}, rows.options());
  padded[0].narrow(0, 0, rows.size(0)).copy_(rows);
  return padded;
}

}  // namespace sora
