// What a model needs of a machine's memory for a video of its own size and length, without its files.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/family.h"
#include "plan/machine/machine.h"
#include "sora/plan.h"

namespace sora {

/// A plan as far as the memory depends on it: `request` with this model on this machine, but no output and no
/// inputs. A model that makes no video without an image gets one. Throws Error (usage).
Plan plan_for_memory(const ModelFacts& model, const Request& request, MachineFacts& machine);

/// The facts of a published model by its short name, without its files; none where its family does not know
/// the shapes of its networks.
std::optional<ModelFacts> facts_without_files(const std::string& short_name);

struct ModelMemory {
  std::string device;   ///< cpu or cuda:N
  double limit_gb = 0;  ///< what may be used; 0: not known
  bool fits = false;
  std::string offload;  ///< the fastest that fits; where none does, the one that needs the least
  double peak_gb = 0;
  std::vector<OffloadMemory> each;
};

/// For the model's native size and length.
ModelMemory memory_of_model(const ModelFacts& model, MachineFacts& machine);

/// "fits: 4.2 GB with --offload text, 12 GB are free", for people.
std::string model_memory_text(const ModelMemory& memory);

}  // namespace sora
