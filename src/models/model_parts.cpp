#include "models/model_parts.h"

#include <algorithm>

#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr const char* kComponent = "checkpoint";

}  // namespace

std::string option_of(std::string component) {
  std::replace(component.begin(), component.end(), '_', '-');
  return "--" + component;
}

std::vector<fs::path> weight_files(const fs::path& dir) {
  std::vector<fs::path> files;
  std::error_code code;
  for (fs::directory_iterator it(dir, code), end; !code && it != end; it.increment(code)) {
    const fs::path extension = it->path().extension();
    std::error_code unknown;
    if ((extension == ".safetensors" || extension == ".gguf") && it->is_regular_file(unknown))
      files.push_back(it->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void choose_part(const fs::path& dir, const std::string& component, const std::vector<fs::path>& files,
                 ModelFolder& folder) {
  if (files.size() > 1) {
    throw Error(ErrorKind::data, kComponent,
                dir.string() + ": " + files[0].filename().string() + " and " + files[1].filename().string() +
                    " could each be the " + component + ", expected one; choose with " +
                    option_of(component) + " FILE");
  }
  if (files.size() == 1) folder.elsewhere[component] = files[0];
}

void replace_part(ModelFolder& folder, const std::string& component, const fs::path& file, bool described) {
  std::error_code code;
  if (!fs::exists(file, code)) {
    throw Error(ErrorKind::no_input, kComponent,
                option_of(component) + " " + file.string() + ": no such file");
  }
  ComponentSource source(file);
  if (described && folder.has(component)) source.reference = folder.component(component);
  folder.elsewhere[component] = source;
}

void report_missing_part(const ModelFolder& folder, const std::string& component, const std::string& hint) {
  const std::string where = folder.dir.empty() ? "" : folder.dir.string() + ": ";
  throw Error(ErrorKind::no_input, kComponent,
              where + "has no " + component + "; add its .safetensors or .gguf file, or give it with " +
                  option_of(component) + " FILE" + (hint.empty() ? "" : " (" + hint + ")"));
}

}  // namespace sora
