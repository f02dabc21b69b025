// Making again what a file says of itself: what is made comes from the file, what is opened from whoever
// asks.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "plan/verbs/parameters.h"
#include "sora/plan.h"
#include "sora/request.h"

namespace sora {

/// The name under which this machine has the model that a file names: OWNER/NAME in the hub's cache, else a
/// folder on the search path that is called like the last part of it. It is never opened as a path. Empty:
/// the model is not here.
std::string installed_model(const std::string& said);

/// An option that has to be given, for `--image FILE` and the like.
struct Wanted {
  std::string field;
  std::string said;  ///< what the file says: photo.jpg
};

std::string option_name(std::string field);          ///< "last_image" -> "--last-image"
std::string option_and_value(const Wanted& wanted);  ///< --image "photo.jpg", fit for a message

/// What `made` names and is not given: sources, and a model that is not here.
std::vector<Wanted> not_given(const MadeWith& made,
                              const std::function<bool(const std::string& field)>& is_given);

/// Throws Error (no_input) that says what `file` was made with and how to give it to `command` ("sora-gen
/// rerun clip.mp4"); does nothing where `wanted` is empty.
void ask_for(const std::vector<Wanted>& wanted, const std::string& file, const std::string& command);

/// A LoRA that is given without a strength takes the one that the file has for a LoRA of that file name.
void take_strengths(std::vector<std::string>& loras, const NamedSource* said);

/// An option that opens files and is given as an empty text stands for none: --lora "".
void drop_empty_sources(Request& request);

/// The request that makes `file` again with the verb `verb`: what is made from the file, all else from the
/// command line, which also wins. Throws Error: no_input (ask_for), data (there is no seed).
Request request_again(const MadeWith& made, const Overrides& given, const std::string& file,
                      const std::string& verb);

/// Whether the file says a digest of its model, and the plan's model has another one.
bool is_another_model(const MadeWith& made, const Plan& plan);

}  // namespace sora
