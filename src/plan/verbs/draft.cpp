// The draft of sora-gen finish: whether it can be made again from its parameters, and with which files.
#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <iterator>
#include <string>
#include <type_traits>
#include <vector>

#include "core/text.h"
#include "plan/verbs/reproduce.h"
#include "plan/verbs/upscale.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"

namespace sora {
namespace {

// Options of finish that name files of the draft.
constexpr const char* kDraftImages[] = {"image", "last_image", "shot_image", "control", "reference"};

// Options whose values belong to finish itself, so that those of the draft cannot be given.
constexpr const char* kFinishOnly[] = {"input", "init_noise", "tiny_vae"};

template <std::size_t N>
bool contains(const char* const (&fields)[N], const std::string& field) {
  return std::find(std::begin(fields), std::end(fields), field) != std::end(fields);
}

// Calls v(field) for the option `name`, where that opens files.
template <class R, class V>
void with_file_option(R& request, const std::string& name, V&& v) {
  visit_request_kinds(request, [&](const std::string& other, auto& field, OptionKind kind, const char*) {
    if (kind != OptionKind::source || other != name) return;
    using Field = std::decay_t<decltype(field)>;
    if constexpr (std::is_same_v<Field, std::vector<std::string>> ||
                  std::is_same_v<Field, std::optional<std::string>>) {
      v(field);
    }
  });
}

std::vector<std::string> list_of(const std::vector<std::string>& field) { return field; }
std::vector<std::string> list_of(const std::optional<std::string>& field) {
  return field ? std::vector{*field} : std::vector<std::string>();
}
void set_list(std::vector<std::string>& field, const std::vector<std::string>& list) { field = list; }
void set_list(std::optional<std::string>& field, const std::vector<std::string>& list) {
  field = list.empty() ? std::nullopt : std::optional(list.front());
}

std::vector<std::string> files_of(const Request& request, const std::string& name) {
  std::vector<std::string> list;
  with_file_option(request, name, [&](const auto& field) { list = list_of(field); });
  return list;
}

void set_files(Request& request, const std::string& name, const std::vector<std::string>& list) {
  with_file_option(request, name, [&](auto& field) { set_list(field, list); });
}

// Why a draft with these parameters cannot be made again; empty: it can.
std::string obstacle(const Request& draft, const RunParameters& parameters) {
  const bool has_clip = adds_to_clip(draft) || verb_kind(draft.verb) == VerbKind::edit ||
                        (draft.verb == "loop" && parameters.source("input") != nullptr);
  if (!draft.seed) return "its parameters have no seed";
  if (parameters.generator != "sora-gen " SORA_GEN_VERSION) return "it was made by " + parameters.generator;
  if (draft.verb == "finish" || draft.refine) return "it was finished already";
  if (parameters.words_left_out) return "its prompt was left out of it (--no-prompt-in-file)";
  if (has_clip) return "it has frames of a clip in it, as " + draft.verb + " does";
  return {};
}

// Reads the parameters in the draft's file; they stay empty where they cannot be read. Returns why the draft
// cannot be made again; empty: it can.
std::string read_draft(const InputFacts& facts, const std::string& path, RunParameters& parameters,
                       Request& draft) {
  if (facts.parameters.empty()) return "it does not say how it was made";
  try {
    parameters = read_parameters(facts.parameters, path);
    parameters.options.apply(draft);
    return obstacle(draft, parameters);
  } catch (const Error& error) {
    parameters = {};
    return "the parameters in its file cannot be read";
  }
}

bool names_own_model(const Request& request) {
  return request.model != Request().model || request.transformer || request.vae || request.text_encoder;
}

// Whether the model that finishes has another name than the draft's.
bool finishes_with_other_model(const Request& request, const RunParameters& parameters) {
  if (request.transformer) return true;
  return names_own_model(request) && parameters.model &&
         last_part(request.model) != last_part(*parameters.model);
}

// Options that finish does not set are those of the draft; how a model samples, only of the same model.
void fill_from_draft(Request& request, const Request& draft, bool same_model) {
  const auto fill = [](auto& field, const auto& from) {
    if (!field) field = from;
  };
  if (request.prompt.empty()) {
    request.prompt = draft.prompt;
    fill(request.original_prompt, draft.original_prompt);
  }
  fill(request.negative_prompt, draft.negative_prompt);
  fill(request.seed, draft.seed);
  if (!same_model) return;
  fill(request.guidance, draft.guidance);
  fill(request.guidance_2, draft.guidance_2);
  fill(request.flow_shift, draft.flow_shift);
  fill(request.scheduler, draft.scheduler);
}

// Sets the model of the draft, and that of finish unless it has its own. The model of --model may be the
// draft's, where that is not installed; Planner compares its digest.
void set_models(Request& draft, Request& request, const RunParameters& parameters, bool own_model) {
  if (!parameters.model) return;
  const std::string installed = installed_model(*parameters.model);
  const bool is_given = installed.empty() || std::filesystem::path(request.model).filename() == installed;
  if (!own_model) request.model = installed;
  draft.model = own_model && is_given ? request.model : installed;
}

// Gives the draft its model and its files, as far as `request` names them. Without the model and the files
// that replace its parts finish cannot work, unless the request has a model of its own: throws Error
// (no_input). Returns why the draft cannot be made again; empty: nothing is missing.
std::string set_sources(Request& draft, Request& request, const RunParameters& parameters) {
  const bool own_model = names_own_model(request);
  const auto missing = missing_options(parameters, [&](const std::string& field) {
    if (field == "model") return own_model;
    if (field == "tiny_vae") return true;  // what is made larger is decoded in full
    return !contains(kFinishOnly, field) && !files_of(request, field).empty();
  });
  std::vector<MissingOption> needed;
  std::copy_if(missing.begin(), missing.end(), std::back_inserter(needed), [&](const MissingOption& option) {
    return !own_model && !contains(kDraftImages, option.field) && !contains(kFinishOnly, option.field);
  });
  require_options(needed, *request.input, "sora-gen finish DRAFT --res SIZE");

  set_models(draft, request, parameters, own_model);
  copy_strengths(request.lora, parameters.source("lora"));
  copy_strengths(request.lora_2, parameters.source("lora_2"));
  for (const RecordedSource& source : parameters.sources) {
    if (!contains(kFinishOnly, source.field)) set_files(draft, source.field, files_of(request, source.field));
  }
  drop_empty_sources(draft);
  drop_empty_sources(request);
  if (missing.empty()) return {};
  return "it was made with " + option_and_value(missing.front()) + ", which is not given to finish";
}

// An image for a draft that was made without one is an error, since it would have no effect.
void check_images(const Request& request, const RunParameters& parameters) {
  for (const char* field : kDraftImages) {
    if (files_of(request, field).empty() || parameters.source(field) != nullptr) continue;
    throw Error(ErrorKind::usage, "options",
                option_name(field) + " is for a draft that was made with an image, and " + *request.input +
                    (parameters.generator.empty() ? " does not say how it was made" : " was not"));
  }
}

// The draft is made with the device and the memory of the request, and its frames go to the first stage.
void set_machine_and_output(Request& draft, const Request& request) {
  draft.device = request.device;
  draft.dtype = request.dtype;
  draft.threads = request.threads;
  draft.max_memory = request.max_memory;
  draft.offload = request.offload;
  draft.text_cache = request.text_cache;
  draft.gpus = request.gpus;
  draft.parallel = request.parallel;
  draft.tiny_result = false;
  draft.output = "-";
  draft.format = "matroska";
  draft.codec = "ffv1";
  draft.crf.reset();
  draft.pix_fmt.reset();
}

}  // namespace

Draft read_draft(Request& request) {
  Draft draft;
  draft.facts = probed("--input", *request.input);
  RunParameters parameters;
  Request draft_request;
  draft.why_frames = read_draft(draft.facts, *request.input, parameters, draft_request);
  check_images(request, parameters);
  if (parameters.generator.empty()) return draft;
  fill_from_draft(request, draft_request, !finishes_with_other_model(request, parameters));
  const std::string missing = set_sources(draft_request, request, parameters);
  if (draft.why_frames.empty()) draft.why_frames = missing;
  if (!draft.why_frames.empty()) {
    // The frames of the draft show its images already.
    for (const char* field : kDraftImages) set_files(request, field, {});
    return draft;
  }
  set_machine_and_output(draft_request, request);
  draft.request = draft_request;
  draft.model_digest = parameters.model_digest;
  return draft;
}

std::optional<std::uint64_t> seed_of_file(const std::string& path) {
  RunParameters parameters;
  Request request;
  (void)read_draft(probed("--input", path), path, parameters, request);
  return parameters.generator.empty() ? std::nullopt : request.seed;
}

}  // namespace sora
