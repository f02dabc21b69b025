// Making a file again from the parameters in it. The file decides what is made; which files are opened and
// written is decided by the command line alone.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "plan/verbs/parameters.h"
#include "sora/plan.h"
#include "sora/request.h"

namespace sora {

/// The last part of a path or name: "/data/models/Wan2.1/" -> "Wan2.1".
std::string last_part(std::string path);

/// The name of the installed model that a file's parameters name: OWNER/NAME in the hub's cache, else a
/// folder on the search path with the name of the recorded path's last part. The recorded path itself is
/// never opened. Empty: the model is not installed.
std::string installed_model(const std::string& recorded);

/// An option that the command line has to give, such as --image FILE.
struct MissingOption {
  std::string field;
  std::string recorded;  ///< its value in the file's parameters: photo.jpg
};

/// The text as a word of a command line: quoted where a shell needs it.
std::string shell_word(const std::string& text);

std::string option_name(std::string field);                 ///< "last_image" -> "--last-image"
std::string option_and_value(const MissingOption& option);  ///< --image "photo.jpg", for a message

/// Options of `parameters` that open files and are not given; also the model, where it is not installed.
std::vector<MissingOption> missing_options(const RunParameters& parameters,
                                           const std::function<bool(const std::string& field)>& is_given);

/// Throws Error (no_input) that says what `file` was made with and how to give it to `command` ("sora-gen
/// rerun clip.mp4"); does nothing where nothing is missing.
void require_options(const std::vector<MissingOption>& missing, const std::string& file,
                     const std::string& command);

/// Gives a LoRA without a strength the strength that was recorded for a LoRA with the same file name.
void copy_strengths(std::vector<std::string>& loras, const RecordedSource* recorded);

/// Removes file options whose value is empty, such as --lora "": they stand for none.
void drop_empty_sources(Request& request);

/// The request of the verb `verb` that makes `file` again: the video's options from the file, all others from
/// the command line, whose options also override the file's. Throws Error: no_input (require_options), data
/// (there is no seed).
Request reproducing_request(const RunParameters& parameters, const Overrides& given, const std::string& file,
                            const std::string& verb);

/// The clips (--input, --input-2) whose kept latents were used for the file and are not for the plan, or the
/// other way round; empty: none. The frames then differ a little.
std::string other_latents(const RunParameters& parameters, const Inputs& inputs);

/// Whether the parameters have a digest of the model, and `model` has another one.
bool is_another_model(const RunParameters& parameters, const ModelChoice& model);

}  // namespace sora
