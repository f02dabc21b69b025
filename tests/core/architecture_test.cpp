// Checks that every #include of src/ and include/ is allowed by the CMakeLists.txt of its folder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "file_contents.h"
#include "places.h"

namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;
using testing::Not;

const fs::path kRoot = sora::source_folder();

struct Include {
  std::string file;  // relative to the root, with /
  int line = 0;
  std::string target;  // what stands between the quotes or brackets
  bool quoted = false;
};

std::vector<Include> includes_of(const fs::path& path) {
  static const std::regex pattern(R"(^\s*#\s*include\s*(["<])([^">]+)[">])");
  std::vector<Include> found;
  std::istringstream lines(sora::contents(path));
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::smatch match;
    if (std::regex_search(line, match, pattern)) {
      found.push_back({fs::relative(path, kRoot).generic_string(), number, match[2], match[1] == "\""});
    }
  }
  return found;
}

std::vector<Include> includes_below(const std::string& folder) {
  std::vector<Include> found;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder)) {
    const std::string extension = entry.path().extension().string();
    if (extension == ".cpp" || extension == ".h" || extension == ".cu" || extension == ".cuh") {
      const std::vector<Include> here = includes_of(entry.path());
      found.insert(found.end(), here.begin(), here.end());
    }
  }
  return found;
}

std::string text_of(const Include& include) {
  return include.file + ":" + std::to_string(include.line) + " includes " + include.target;
}

bool starts_with_any(const std::string& text, const std::vector<std::string>& prefixes) {
  for (const std::string& prefix : prefixes) {
    if (text.rfind(prefix, 0) == 0) return true;
  }
  return false;
}

bool is_header(const std::string& file) { return file.ends_with(".h") || file.ends_with(".cuh"); }

bool is_tensor_library(const std::string& target) {
  return starts_with_any(target, {"ATen/", "c10/", "torch/", "caffe2/"});
}

// "models/wan/vae_config.h" -> "models/wan"
std::string folder_of(const std::string& path_in_src) {
  const std::size_t slash = path_in_src.rfind('/');
  return slash == std::string::npos ? "" : path_in_src.substr(0, slash);
}

// What each folder may use, by its own CMakeLists.txt; linking sees calls, this sees headers too.
class Layers {
 public:
  Layers() {
    static const std::regex layer(R"(sora_layer\((\w+)([^)]*)\))");
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / "src")) {
      if (entry.path().filename() != "CMakeLists.txt") continue;
      const std::string folder = fs::relative(entry.path().parent_path(), kRoot / "src").generic_string();
      const std::string text = sora::contents(entry.path());
      std::smatch match;
      if (!std::regex_search(text, match, layer)) continue;
      target_of_[folder] = match[1];
      std::istringstream words(match[2]);
      for (std::string word; words >> word;) uses_[match[1]].push_back(word);
    }
    // The program may include pipeline/run/entry.h: it opens libsora by the type declared there.
    for (const char* folder : {"cli", "cli/verbs", "cli/batch", "cli/serve", "cli/live", "cli/terminal", "cli/help"})
      target_of_[folder] = "sora-gen";
    uses_["sora-gen"] = {"sora_jobs", "sora_net_enhance", "sora_net_hub", "sora_policy", "sora_pipeline_run"};
  }

  bool knows(const std::string& folder) const { return target_of_.count(folder) > 0; }

  bool may_use(const std::string& from, const std::string& to) const {
    return reaches(target_of_.at(from), target_of_.at(to));
  }

 private:
  bool reaches(const std::string& from, const std::string& to) const {
    if (from == to) return true;
    const auto uses = uses_.find(from);
    if (uses == uses_.end()) return false;
    return std::any_of(uses->second.begin(), uses->second.end(),
                       [&](const std::string& next) { return reaches(next, to); });
  }

  std::map<std::string, std::string> target_of_;
  std::map<std::string, std::vector<std::string>> uses_;
};

const Layers& layers() {
  static const Layers all;
  return all;
}

const std::vector<Include>& source_includes() {
  static const std::vector<Include> all = includes_below("src");
  return all;
}

// A third-party library's include prefixes, and the folders of src/ that may use it.
struct ThirdParty {
  std::string name;
  std::vector<std::string> prefixes;
  std::vector<std::string> folders;
};

const std::vector<ThirdParty> kThirdParties = {
    {"CLI11", {"CLI/", "CLI11"}, {"src/cli/"}},
    {"spdlog", {"spdlog/", "fmt/"}, {"src/cli/"}},
    {"libcurl", {"curl/"}, {"src/net/"}},
    {"sentencepiece", {"sentencepiece"}, {"src/models/t5/tokenizer/"}},
    {"libav", {"libav", "libsw"}, {"src/media/"}},
    {"tensors",
     {"ATen/", "c10/", "torch/"},
     {"src/weights/", "src/nn/", "src/sampling/", "src/models/", "src/pipeline/"}},
};

std::vector<std::string> third_party_trespasses(const std::vector<Include>& includes) {
  std::vector<std::string> wrong;
  for (const Include& include : includes) {
    for (const ThirdParty& library : kThirdParties) {
      if (starts_with_any(include.target, library.prefixes) &&
          !starts_with_any(include.file, library.folders)) {
        wrong.push_back(text_of(include) + " (" + library.name + ")");
      }
    }
  }
  return wrong;
}

std::vector<std::string> backward_arrows(const std::vector<Include>& includes) {
  std::vector<std::string> wrong;
  for (const Include& include : includes) {
    const std::string from = folder_of(include.file.substr(std::string("src/").size()));
    const std::string to = folder_of(include.target);
    if (!include.quoted || to == "sora" || from == to) continue;
    if (!layers().knows(from) || !layers().knows(to)) {
      wrong.push_back(text_of(include) + " (one of the two is no layer)");
    } else if (!layers().may_use(from, to)) {
      wrong.push_back(text_of(include));
    }
  }
  return wrong;
}

// The files that are linked into the program itself and must need no tensors.
std::vector<fs::path> base_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "src")) {
    const std::string folder = folder_of(fs::relative(entry.path(), kRoot / "src").generic_string());
    if (entry.path().extension() == ".cpp" && layers().knows(folder) &&
        (folder.starts_with("cli") || folder.starts_with("net") || layers().may_use("jobs", folder))) {
      files.push_back(entry.path());
    }
  }
  return files;
}

// Every include that `path` reaches through headers of the project.
void collect_reachable(const fs::path& path, std::set<std::string>& seen, std::vector<Include>& reached) {
  if (!seen.insert(path.generic_string()).second) return;
  for (const Include& include : includes_of(path)) {
    reached.push_back(include);
    for (const char* folder : {"src", "include"}) {
      const fs::path header = kRoot / folder / include.target;
      if (include.quoted && fs::exists(header)) collect_reachable(header, seen, reached);
    }
  }
}

TEST(Architecture, LayersIncludeOnlyWhatLiesBelowThem) {
  ASSERT_THAT(source_includes(), Not(IsEmpty()));
  EXPECT_THAT(backward_arrows(source_includes()), IsEmpty());
}

TEST(Architecture, AnArrowThatRunsBackIsFound) {
  const std::vector<Include> includes = {{"src/core/log.cpp", 3, "cli/options.h", true},
                                         {"src/media/writer.cpp", 4, "weights/weights.h", true},
                                         {"src/nn/linear.h", 5, "weights/weights.h", true},
                                         {"src/nn/linear.h", 6, "vector", false}};
  EXPECT_THAT(backward_arrows(includes),
              testing::ElementsAre("src/core/log.cpp:3 includes cli/options.h",
                                   "src/media/writer.cpp:4 includes weights/weights.h"));
}

TEST(Architecture, QuotedIncludesNameProjectFilesFromTheRootOfSrc) {
  std::vector<std::string> wrong;
  for (const Include& include : source_includes()) {
    if (include.quoted && !fs::exists(kRoot / "src" / include.target) &&
        !fs::exists(kRoot / "include" / include.target)) {
      wrong.push_back(text_of(include));
    }
  }
  EXPECT_THAT(wrong, IsEmpty());
}

TEST(Architecture, ThirdPartyLibrariesStayInTheirFolders) {
  EXPECT_THAT(third_party_trespasses(source_includes()), IsEmpty());
}

TEST(Architecture, ALibraryOutsideItsFolderIsFound) {
  const std::vector<Include> includes = {{"src/plan/plan.cpp", 2, "libavutil/opt.h", false},
                                         {"src/media/writer.cpp", 2, "libavutil/opt.h", false}};
  EXPECT_THAT(third_party_trespasses(includes),
              testing::ElementsAre("src/plan/plan.cpp:2 includes libavutil/opt.h (libav)"));
}

TEST(Architecture, NoHeaderIncludesTheJsonLibrary) {
  std::vector<std::string> wrong;
  for (const Include& include : source_includes()) {
    // Forward declarations take a tenth of the time to compile, and are allowed.
    if (is_header(include.file) && include.target.rfind("nlohmann/", 0) == 0 &&
        include.target != "nlohmann/json_fwd.hpp") {
      wrong.push_back(text_of(include));
    }
  }
  EXPECT_THAT(wrong, IsEmpty());
}

// JSON that others wrote has limits (core/json/json_text.h), which nlohmann's own functions do not have. The
// header of a safetensors file is read as a stream by a handler that admits no nesting.
TEST(Architecture, OnePlaceParsesJson) {
  const std::regex parses(R"(\b[Jj]son::(parse|accept|sax_parse)\b|\bparser_callback_t\b)");
  std::vector<std::string> wrong;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "src")) {
    const std::string file = fs::relative(entry.path(), kRoot).generic_string();
    if (entry.path().extension() != ".cpp" && entry.path().extension() != ".h") continue;
    if (file == "src/core/json/json_text.cpp" || file == "src/checkpoint/safetensors.cpp") continue;
    if (file.ends_with("_tables.cpp")) continue;  // long, and slow to search
    const std::string text = sora::contents(entry.path());
    if (text.find("nlohmann") != std::string::npos && std::regex_search(text, parses)) wrong.push_back(file);
  }
  EXPECT_THAT(wrong, IsEmpty());
}

TEST(Architecture, NothingIncludesAllOfTorch) {
  std::vector<std::string> wrong;
  for (const Include& include : source_includes()) {
    if (include.target == "torch/torch.h" || include.target == "torch/all.h")
      wrong.push_back(text_of(include));
  }
  EXPECT_THAT(wrong, IsEmpty());
}

TEST(Architecture, ThePartLinkedIntoTheProgramNeedsNoTensors) {
  const std::vector<fs::path> files = base_files();
  ASSERT_GT(files.size(), 50U) << "no sora_layer() was found in the folders of src/";
  for (const fs::path& file : files) {
    std::set<std::string> seen;
    std::vector<Include> reached;
    collect_reachable(file, seen, reached);
    std::vector<std::string> wrong;
    for (const Include& include : reached) {
      if (is_tensor_library(include.target)) wrong.push_back(text_of(include));
    }
    EXPECT_THAT(wrong, IsEmpty()) << "reached from " << fs::relative(file, kRoot).generic_string();
  }
}

TEST(Architecture, PublicHeadersNeedOnlyTheStandardLibraryAndEachOther) {
  const std::vector<Include> includes = includes_below("include");
  ASSERT_THAT(includes, Not(IsEmpty()));
  const std::regex standard("[a-z_0-9]+");
  std::vector<std::string> wrong;
  for (const Include& include : includes) {
    const bool own = include.quoted && include.target.rfind("sora/", 0) == 0;
    const bool of_std = !include.quoted && std::regex_match(include.target, standard);
    if (!own && !of_std) wrong.push_back(text_of(include));
  }
  EXPECT_THAT(wrong, IsEmpty());
}

}  // namespace
