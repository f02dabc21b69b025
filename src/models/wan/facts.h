// The ModelFacts of a Wan model (models/family.h), from its configs and file headers alone.
#pragma once

#include <filesystem>

#include "models/family.h"

namespace sora::wan {

/// Reads all file headers of the model. Sets everything except the published defaults and the family. Throws
/// Error: no_input, data, refused.
ModelFacts read_facts(const std::filesystem::path& dir, const Replacements& replacements);

/// Sets the published defaults of the model, which is recognised by the width of its transformer, its image
/// conditioning and model_index.json.
void published_defaults(ModelFacts& facts);

/// For models without scheduler_config.json: sample_shift in wan/configs of the original repository.
double published_flow_shift(const ModelFacts& facts);

/// The scheduler of a model without scheduler_config.json: UniPC for flow matching, as for all published Wan
/// models.
SchedulerConfig published_scheduler(double flow_shift);

}  // namespace sora::wan
