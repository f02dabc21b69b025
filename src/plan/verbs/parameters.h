// The parameters that a run wrote into its file (metadata.h), read back. Anyone may have written them: of all
// options those are taken that choose what is made (OptionKind), and nothing that touches this machine.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json/request_fields.h"

namespace sora {

/// An option that opens files, and what a file says that it was made with.
struct NamedSource {
  std::string field;  ///< "image", "lora": as in visit_request_kinds()
  std::vector<std::string> values;
};

/// What metadata_json() of the run wrote.
struct MadeWith {
  Overrides options;                 ///< what is made, to be applied to a Request
  std::string generator;             ///< "sora-gen 0.1.0"
  std::string model_digest;          ///< the first 16 digits
  std::optional<std::string> model;  ///< what to look for (made_again.h); none: single files were the model
  std::vector<NamedSource> sources;  ///< to be told, never to be opened
  std::vector<std::string> refused;  ///< options of this machine, which no file chooses

  const NamedSource* source(const std::string& field) const;  ///< null: it names none
};

/// Reads the JSON that a run wrote; keys that are no options are left out. Values are checked as those of the
/// command line are. Throws Error (data) that names `file`.
MadeWith read_parameters(const std::string& json, const std::string& file);

}  // namespace sora
