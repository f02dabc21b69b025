#include "pipeline/run/credentials.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/log.h"
#include "core/output/output_file.h"
#include "core/output/output_format.h"
#include "plan/verbs/verb.h"
#include "provenance/media_type.h"
#include "provenance/sign.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

Ingredient::Role role_of(const Plan& plan, const std::string& option) {
  const Request& request = plan.request;
  const bool is_edit = adds_to_clip(request) || verb_kind(request.verb) == VerbKind::remix ||
                       verb_kind(request.verb) == VerbKind::edit ||
                       verb_kind(request.verb) == VerbKind::finish;
  if (!is_edit || request.only_new) return Ingredient::Role::input;
  if (option == "--input" || option == "input") return Ingredient::Role::opened;
  return option == "--input-2" || option == "input_2" ? Ingredient::Role::placed : Ingredient::Role::input;
}

// A name for people: of a pipe there is none, and one may be made of a prompt.
std::string title_of_input(const Request& request, const fs::path& path, std::size_t number) {
  const bool hidden = request.no_prompt_in_file || path.string().rfind("/dev/", 0) == 0;
  return hidden ? "input " + std::to_string(number) : path.filename().string();
}

Statement statement_of(const Plan& plan) {
  const Request& request = plan.request;
  Statement statement;
  statement.verb = request.verb;
  statement.model = plan.model.name;
  statement.model_digest = plan.model.digest.substr(0, 16);
  if (request.sign_prompt) statement.prompt = request.prompt;
  constexpr std::size_t kMost = 100;  // a storyboard may show thousands of pictures
  for (const auto& [option, path] : input_files(request)) {
    if (statement.ingredients.size() == kMost) break;
    const std::size_t number = statement.ingredients.size() + 1;
    statement.ingredients.push_back({path, title_of_input(request, path, number), role_of(plan, option)});
  }
  const bool keeps_frames =
      std::any_of(statement.ingredients.begin(), statement.ingredients.end(),
                  [](const Ingredient& ingredient) { return ingredient.role != Ingredient::Role::input; });
  statement.composite = keeps_frames && verb_kind(request.verb) != VerbKind::finish;
  return statement;
}

class Sealing {
 public:
  Sealing(const Plan& plan, const SigningFiles& files, bool& is_signed)
      : is_signed_(is_signed),
        required_(plan.request.credentials),
        overwrite_(plan.request.overwrite),
        container_(plan.output.container),
        beside_(plan.output.credentials_sidecar),
        files_(files),
        statement_(statement_of(plan)) {
    for (const auto& picture : {plan.request.contact_sheet, plan.request.thumbnail})
      if (picture) pictures_.push_back(*picture);
  }

  bool seal(const fs::path& made, const fs::path& sealed, const fs::path& name) {
    if (failed_) return false;
    try {
      const bool is_video = !is_beside(name);
      const bool is_sealed = sign(made, sealed, name);
      is_signed_ = is_signed_ || is_video;
      return is_sealed;
    } catch (const Error& error) {
      if (required_) throw;
      failed_ = true;
      is_signed_ = false;
      log(LogLevel::warning, name.string() + ": has no content credentials: " + error.message() +
                                 "; --no-credentials asks for none");
      return false;
    }
  }

 private:
  bool is_beside(const fs::path& name) const {
    return std::find(pictures_.begin(), pictures_.end(), name.string()) != pictures_.end();
  }

  bool sign(const fs::path& made, const fs::path& sealed, const fs::path& name) {
    const MediaType type = media_type(is_beside(name) ? resolve_output(name.string()).container : container_);
    if (!key_)
      key_ = files_.key.empty() ? users_signing_key() : read_signing_key(files_.key, files_.certificates);
    statement_.title = name.filename().string();
    if (type.carries) {
      sign_file(made, sealed, type.name, statement_, *key_);
      return true;
    }
    const std::string credentials = credentials_for(made, type.name, statement_, *key_);
    OutputFile file(beside_, overwrite_);
    file.write(credentials.data(), credentials.size());
    file.commit();
    return false;
  }

  bool& is_signed_;  // the output, and not only a picture beside it
  bool required_, overwrite_;
  std::string container_, beside_;
  std::vector<std::string> pictures_;  // beside the output
  SigningFiles files_;
  Statement statement_;
  std::optional<SigningKey> key_;
  bool failed_ = false;
};

}  // namespace

Seal sealing(const Plan& plan, const SigningFiles& files, bool& is_signed) {
  if (!plan.output.credentials) return {};
  const auto shared = std::make_shared<Sealing>(plan, files, is_signed);
  return [shared](const fs::path& made, const fs::path& sealed, const fs::path& name) {
    return shared->seal(made, sealed, name);
  };
}

}  // namespace sora
