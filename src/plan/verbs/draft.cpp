// The draft of sora-gen finish: what it says of itself, and what it is made again from.
#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <iterator>
#include <string>
#include <type_traits>
#include <vector>

#include "core/text.h"
#include "plan/verbs/made_again.h"
#include "plan/verbs/upscale.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"

namespace sora {
namespace {

// Options that tell finish what the draft was made from, and mean nothing else to it.
constexpr const char* kOfDraft[] = {"image", "last_image", "shot_image"};

// Those that mean something else to finish, so that a draft's cannot be given.
constexpr const char* kNotOfDraft[] = {"input", "init_noise"};

template <std::size_t N>
bool is_one(const std::string& field, const char* const (&fields)[N]) {
  return std::find(std::begin(fields), std::end(fields), field) != std::end(fields);
}

// Calls v(field) for the option of that name.
template <class R, class V>
void with_source(R& request, const std::string& name, V&& v) {
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

std::vector<std::string> source_of(const Request& request, const std::string& name) {
  std::vector<std::string> list;
  with_source(request, name, [&](const auto& field) { list = list_of(field); });
  return list;
}

void set_source(Request& request, const std::string& name, const std::vector<std::string>& list) {
  with_source(request, name, [&](auto& field) { set_list(field, list); });
}

// Why a draft with these parameters is not made again; empty: it is.
std::string obstacle(const Request& draft, const MadeWith& made) {
  const bool of_clip = joins_clips(draft) || (draft.verb == "loop" && made.source("input") != nullptr);
  if (!draft.seed) return "its parameters name no seed";
  if (made.generator != "sora-gen " SORA_GEN_VERSION) return "it was made by " + made.generator;
  if (draft.verb == "finish" || draft.refine) return "it was finished already";
  if (of_clip) return draft.verb + " puts frames of a clip into it";
  return {};
}

// What a file says of how it was made; nothing where it cannot be read. Returns why it is not made again.
std::string read_draft(const InputFacts& facts, const std::string& path, MadeWith& made, Request& draft) {
  if (facts.parameters.empty()) return "it does not say how it was made";
  try {
    made = read_parameters(facts.parameters, path);
    made.options.apply(draft);
    return obstacle(draft, made);
  } catch (const Error& error) {
    made = {};
    return "what it says of how it was made cannot be read";
  }
}

template <class T>
void take(std::optional<T>& field, const std::optional<T>& from) {
  if (!field) field = from;
}

// What finish leaves open is the draft's.
void take_over(Request& request, const Request& draft) {
  if (request.prompt.empty()) {
    request.prompt = draft.prompt;
    take(request.original_prompt, draft.original_prompt);
  }
  take(request.negative_prompt, draft.negative_prompt);
  take(request.seed, draft.seed);
  take(request.guidance, draft.guidance);
  take(request.guidance_2, draft.guidance_2);
  take(request.flow_shift, draft.flow_shift);
  take(request.scheduler, draft.scheduler);
}

bool names_own_model(const Request& request) {
  return request.model != Request().model || request.transformer || request.vae || request.text_encoder;
}

// The draft's model, and the one that finishes it unless the request has its own. A folder that is given may
// be the draft's that is not installed; its digest tells (Draft::model_digest).
void take_model(Request& draft, Request& request, const MadeWith& made, bool own_model) {
  if (!made.model) return;
  const std::string here = installed_model(*made.model);
  const bool is_given = here.empty() || std::filesystem::path(request.model).filename() == here;
  if (!own_model) request.model = here;
  draft.model = own_model && is_given ? request.model : here;
}

// The model and the files of the draft, as far as `request` gives them. Asks for what shapes all that is
// made, unless the request has a model of its own. Returns why the frames are taken; empty: nothing is
// missing.
std::string take_sources(Request& draft, Request& request, const MadeWith& made) {
  const bool own_model = names_own_model(request);
  const auto missing = not_given(made, [&](const std::string& field) {
    if (field == "model") return own_model;
    return !is_one(field, kNotOfDraft) && !source_of(request, field).empty();
  });
  std::vector<Wanted> needed;
  std::copy_if(missing.begin(), missing.end(), std::back_inserter(needed), [&](const Wanted& each) {
    return !own_model && !is_one(each.field, kOfDraft) && !is_one(each.field, kNotOfDraft);
  });
  ask_for(needed, *request.input, "sora-gen finish DRAFT --res SIZE");

  take_model(draft, request, made, own_model);
  take_strengths(request.lora, made.source("lora"));
  take_strengths(request.lora_2, made.source("lora_2"));
  for (const NamedSource& source : made.sources) {
    if (!is_one(source.field, kNotOfDraft)) set_source(draft, source.field, source_of(request, source.field));
  }
  drop_empty_sources(draft);
  drop_empty_sources(request);
  if (missing.empty()) return {};
  const Wanted& first = missing.front();
  return "it was made with " + option_and_value(first) + ", which finish is not given";
}

// An image for a draft that was not made with it would be passed over.
void check_images(const Request& request, const MadeWith& made) {
  for (const char* field : kOfDraft) {
    if (source_of(request, field).empty() || made.source(field) != nullptr) continue;
    throw Error(ErrorKind::usage, "options",
                option_name(field) + " goes with a draft that was made with it, and " + *request.input +
                    (made.generator.empty() ? " does not say how it was made" : " was not"));
  }
}

// How the request's own machine is used for what it begins from.
void share_machine(Request& draft, const Request& request) {
  draft.device = request.device;
  draft.dtype = request.dtype;
  draft.threads = request.threads;
  draft.max_memory = request.max_memory;
  draft.offload = request.offload;
  draft.text_cache = request.text_cache;
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
  MadeWith made;
  Request again;
  draft.why_frames = read_draft(draft.facts, *request.input, made, again);
  check_images(request, made);
  if (made.generator.empty()) return draft;
  take_over(request, again);
  const std::string missing = take_sources(again, request, made);
  if (draft.why_frames.empty()) draft.why_frames = missing;
  if (!draft.why_frames.empty()) {
    for (const char* field : kOfDraft) set_source(request, field, {});  // its frames show them
    return draft;
  }
  share_machine(again, request);
  draft.request = again;
  draft.model_digest = made.model_digest;
  return draft;
}

std::optional<std::uint64_t> seed_of_file(const std::string& path) {
  MadeWith made;
  Request request;
  (void)read_draft(probed("--input", path), path, made, request);
  return made.generator.empty() ? std::nullopt : request.seed;
}

}  // namespace sora
