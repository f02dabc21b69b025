// A request to serve that was read and checked.
#pragma once

#include <string>

#include "sora/request.h"

namespace sora {

struct QueuedRequest {
  std::string id;
  Request request;
};

}  // namespace sora
