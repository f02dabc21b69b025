#include "plan/model/model_files.h"

#include <algorithm>
#include <vector>

#include "checkpoint/foreign_models.h"
#include "core/text.h"
#include "models/family.h"
#include "plan/model/experts.h"
#include "plan/model/model_choice.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr const char* kComponent = "checkpoint";
constexpr int kMostTried = 400;
constexpr int kMostFiles = 2000;  // in a folder of loose files
constexpr int kDepth = 4;         // of folders in it

// Folders of a tree, as ComfyUI names them now and named them before.
constexpr const char* kTransformers[] = {"diffusion_models", "unet", "checkpoints"};
constexpr const char* kVaes[] = {"vae"};
constexpr const char* kTextEncoders[] = {"text_encoders", "clip"};
constexpr const char* kImageEncoders[] = {"clip_vision"};

struct Files {
  std::vector<fs::path> transformers, vaes, text_encoders, image_encoders;
};

bool has_folder_of_transformers(const fs::path& root) {
  std::error_code code;
  return std::ranges::any_of(kTransformers,
                             [&](const char* name) { return fs::is_directory(root / name, code); });
}

/// A folder of loose files in folders for each kind of network.
bool is_tree(const fs::path& root) {
  std::error_code code;
  return !fs::exists(root / "model_index.json", code) && has_folder_of_transformers(root);
}

/// The weight files of a folder and of those in it, sorted.
std::vector<fs::path> all_weight_files(const fs::path& folder, int depth = kDepth) {
  std::vector<fs::path> files = weight_files(folder);
  std::vector<fs::path> folders;
  std::error_code code;
  if (depth == 0) return files;
  for (fs::directory_iterator it(folder, code), end; !code && it != end; it.increment(code)) {
    std::error_code unknown;
    if (it->is_directory(unknown)) folders.push_back(it->path());
  }
  std::ranges::sort(folders);
  for (const fs::path& each : folders) {
    if (files.size() > kMostFiles) break;
    const auto more = all_weight_files(each, depth - 1);
    files.insert(files.end(), more.begin(), more.end());
  }
  return files;
}

template <std::size_t N>
std::vector<fs::path> files_with(const fs::path& root, const char* const (&folders)[N],
                                 bool NetworksInFile::*wanted) {
  std::vector<fs::path> found;
  for (const char* folder : folders) {
    for (const fs::path& file : all_weight_files(root / folder)) {
      if (networks_in(file).*wanted) found.push_back(file);
    }
  }
  return found;
}

Files files_of_tree(const fs::path& root) {
  return {files_with(root, kTransformers, &NetworksInFile::transformer),
          files_with(root, kVaes, &NetworksInFile::vae),
          files_with(root, kTextEncoders, &NetworksInFile::text_encoder),
          files_with(root, kImageEncoders, &NetworksInFile::image_encoder)};
}

Files files_of_folder(const fs::path& folder) {
  Files files;
  for (const fs::path& file : weight_files(folder)) {
    const NetworksInFile found = networks_in(file);
    if (found.transformer) files.transformers.push_back(file);
    if (found.vae && !found.transformer) files.vaes.push_back(file);
    if (found.text_encoder && !found.transformer) files.text_encoders.push_back(file);
    if (found.image_encoder && !found.transformer) files.image_encoders.push_back(file);
  }
  return files;
}

/// The tree that a file lies in, or the file's own folder.
fs::path place_of(const fs::path& file) {
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  fs::path up = fs::absolute(file).lexically_normal().parent_path();
  for (int level = 0; level < kDepth && up.has_relative_path(); ++level, up = up.parent_path()) {
    const std::string name = up.filename().string();
    if (std::ranges::find(kTransformers, name) != std::end(kTransformers) && is_tree(up.parent_path()))
      return up.parent_path();
  }
  return folder;
}

std::string list_of(const std::vector<fs::path>& files) {
  constexpr std::size_t most = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(most, files.size()); ++i)
    text += (i == 0 ? "" : ", ") + files[i].string();
  return files.size() > most ? text + " and " + std::to_string(files.size() - most) + " more" : text;
}

[[noreturn]] void report_choice(const fs::path& place, const std::string& component,
                                const std::vector<fs::path>& files) {
  throw Error(ErrorKind::data, kComponent,
              place.string() + ": " + std::to_string(files.size()) + " files could be the " + component +
                  ", expected one: " + list_of(files) + "; choose with " + option_of(component) + " FILE");
}

[[noreturn]] void report_foreign(const fs::path& file) {
  const Checkpoint checkpoint(file);  // reports what cannot be read, and what is pickled
  const std::string model = foreign_model(checkpoint);
  const NetworksInFile found = networks_in(file);
  const std::string other = found.vae ? "a VAE alone; give it with --vae, and --model its transformer"
                            : found.text_encoder ? "a text encoder alone; give it with --text-encoder, and "
                                                   "--model its transformer"
                                                 : "no network that this program knows";
  throw Error(ErrorKind::data, kComponent,
              file.string() + ": has " + (model.empty() ? other : model) +
                  "; expected the transformer of a model that sora-gen models lists");
}

/// Of two experts, the file with "low" where `file` has "high" in its name, if it is there.
std::optional<fs::path> second_expert(const fs::path& file) {
  const std::string name = file.filename().string();
  const std::size_t place = ascii_lower(name).find("high");
  if (expert_of_name(name) != Expert::high) return {};
  for (const char* low : {"low", "LOW", "Low"}) {
    const fs::path other = file.parent_path() / std::string(name).replace(place, 4, low);
    std::error_code code;
    if (fs::is_regular_file(other, code)) return other;
  }
  return {};
}

/// Chooses the only transformer, or the pair of experts.
void choose_transformer(Request& request, const fs::path& root, const std::vector<fs::path>& files) {
  if (files.empty()) {
    throw Error(ErrorKind::no_input, kComponent,
                root.string() +
                    ": has no transformer of a known model in diffusion_models/, unet/ or checkpoints/; "
                    "expected a folder in the diffusers layout, or one of loose files as ComfyUI's models/");
  }
  std::vector<fs::path> first = files;
  std::erase_if(first, [&](const fs::path& file) {
    return std::ranges::any_of(files, [&](const fs::path& other) { return second_expert(other) == file; });
  });
  if (first.size() != 1) report_choice(root, "transformer", first);
  request.transformer = first.front().string();
}

/// Files of a part that are to be tried; {""} stands for none.
std::vector<fs::path> to_try(const std::optional<std::string>& given, bool in_transformer,
                             const fs::path& transformer, const std::vector<fs::path>& found, bool may_lack) {
  if (given) return {*given};
  if (in_transformer) return {transformer};
  std::vector<fs::path> files = found;
  if (may_lack || files.empty()) files.insert(files.begin(), fs::path());
  return files;
}

struct Choice {
  fs::path vae, text_encoder, image_encoder;
};

void set_files(Request& request, const Choice& choice) {
  const auto set = [](std::optional<std::string>& option, const fs::path& file) {
    if (!file.empty()) option = file.string();
  };
  set(request.vae, choice.vae);
  set(request.text_encoder, choice.text_encoder);
  set(request.image_encoder, choice.image_encoder);
}

/// The choices that the family accepts. Without one, the error of the last.
std::vector<Choice> fitting(const Request& request, const Files& files, std::optional<Error>& why) {
  const fs::path transformer = *request.transformer;
  const NetworksInFile in = networks_in(transformer);
  const auto vaes = to_try(request.vae, in.vae, transformer, files.vaes, false);
  const auto encoders =
      to_try(request.text_encoder, in.text_encoder, transformer, files.text_encoders, false);
  const auto image_encoders =
      to_try(request.image_encoder, in.image_encoder, transformer, files.image_encoders, true);
  std::vector<Choice> found;
  int tried = 0;
  for (const fs::path& vae : vaes) {
    for (const fs::path& text_encoder : encoders) {
      for (const fs::path& image_encoder : image_encoders) {
        if (++tried > kMostTried) return found;
        Request trial = request;
        const Choice choice{vae, text_encoder, image_encoder};
        set_files(trial, choice);
        try {
          (void)read_model({}, chosen_files(trial));
          found.push_back(choice);
          break;  // an image encoder that is not needed is not taken
        } catch (const Error& error) {
          why = error;
        }
      }
    }
  }
  return found;
}

template <class Part>
void check_only(const fs::path& place, const std::vector<Choice>& choices, Part part,
                const std::string& component) {
  std::vector<fs::path> files;
  for (const Choice& choice : choices) {
    if (std::ranges::find(files, choice.*part) == files.end()) files.push_back(choice.*part);
  }
  if (files.size() > 1) report_choice(place, component, files);
}

void choose_parts(Request& request, const fs::path& place, const Files& files) {
  std::optional<Error> why;
  const std::vector<Choice> choices = fitting(request, files, why);
  if (choices.empty()) throw *why;
  check_only(place, choices, &Choice::vae, "vae");
  check_only(place, choices, &Choice::text_encoder, "text_encoder");
  check_only(place, choices, &Choice::image_encoder, "image_encoder");
  set_files(request, choices.front());
}

/// Whether the default model takes this transformer in the place of its own.
bool fits_default_model(const Request& request) {
  try {
    (void)read_model(find_model(request.model), chosen_files(request));
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

Request with_model_files(const Request& request) {
  std::error_code code;
  Request found = request;
  fs::path place;
  if (fs::is_regular_file(request.model, code)) {
    if (request.transformer) {
      throw Error(ErrorKind::usage, "options",
                  "--model " + request.model +
                      " is a file, which is the transformer, and there is --transformer too; leave out one");
    }
    if (!networks_in(request.model).transformer) report_foreign(request.model);
    found.transformer = request.model;
    place = place_of(request.model);
  } else if (fs::is_directory(request.model, code) && is_tree(request.model)) {
    place = request.model;
  } else if (request.model == Request().model && request.transformer &&
             !is_whole_model(chosen_files(request)) && networks_in(*request.transformer).transformer &&
             !fits_default_model(request)) {
    place = place_of(*request.transformer);
  } else {
    return request;
  }
  found.model = Request().model;
  const Files files = is_tree(place) ? files_of_tree(place) : files_of_folder(place);
  if (!found.transformer) choose_transformer(found, place, files.transformers);
  if (!found.transformer_2) {
    if (const auto second = second_expert(*found.transformer)) found.transformer_2 = second->string();
  }
  choose_parts(found, place, files);
  return found;
}

}  // namespace sora
