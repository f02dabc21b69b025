// The events of serve that have several fields, each as a line of JSON. docs/serve.md describes them.
#pragma once

#include <string>

#include "cli/serve/queued_request.h"
#include "sora/generator.h"
#include "sora/plan.h"

namespace sora {

std::string plan_event(const std::string& id, const Plan& plan);
std::string enhanced_event(const QueuedRequest& queued);
std::string progress_event(const std::string& id, const Progress& progress);
std::string done_event(const QueuedRequest& queued, const Result& result);

}  // namespace sora
