// The parameters that a run wrote into its file (metadata.h), read back. They may be forged: only options
// that decide what is made are applied (OptionKind), none that opens or writes files or chooses a device.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json/request_fields.h"

namespace sora {

/// An option that opens files, with the values that were recorded for it.
struct RecordedSource {
  std::string field;  ///< "image", "lora": as in visit_request_kinds()
  std::vector<std::string> values;
};

/// What metadata_json() of a run wrote.
struct RunParameters {
  Overrides options;          ///< of the kind OptionKind::video, to be applied to a Request
  std::string generator;      ///< "sora-gen 0.1.0"
  std::string model_digest;   ///< the first 16 digits
  std::string input_latents;  ///< the first digits of the kept latents that it went on from, if any
  std::string input_2_latents;
  std::optional<std::string> model;  ///< as recorded (installed_model()); empty: the model was single files
  std::vector<std::string> shots;    ///< "TIME PROMPT", for people and for file_words.h; no option
  std::vector<RecordedSource> sources;  ///< for messages; these files are never opened
  bool watermark = false;      ///< its frames have an invisible mark, as it says
  bool words_left_out = false;          ///< made with --no-prompt-in-file: its prompts are not recorded
  std::vector<std::string> refused;     ///< options of the kind OptionKind::machine, which are ignored

  const RecordedSource* source(const std::string& field) const;  ///< null: not recorded
};

/// Reads the JSON that a run wrote; keys that are no options are ignored. Values are checked like those of
/// the command line. Throws Error (data) that names `file`.
RunParameters read_parameters(const std::string& json, const std::string& file);

}  // namespace sora
