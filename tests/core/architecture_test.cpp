// Reads every #include of src/ and include/ and holds it to the order of the layers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;
using testing::Not;

const fs::path kRoot = SORA_SOURCE_DIR;

// cli -> jobs -> pipeline -> models -> {sampling, nn} -> {checkpoint, media} -> core. A layer includes
// itself and what has a lower rank.
const std::map<std::string, int> kRank = {{"core", 0},     {"checkpoint", 1}, {"media", 1},
                                          {"nn", 2},       {"sampling", 2},   {"models", 3},
                                          {"pipeline", 4}, {"jobs", 5},       {"cli", 6}};

struct Include {
  std::string file;  // relative to the root, with /
  int line = 0;
  std::string target;  // what stands between the quotes or brackets
  bool quoted = false;
};

std::string read_text(const fs::path& path) {
  std::ifstream stream(path);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::vector<Include> includes_of(const fs::path& path) {
  static const std::regex pattern(R"(^\s*#\s*include\s*(["<])([^">]+)[">])");
  std::vector<Include> found;
  std::istringstream lines(read_text(path));
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

// "src/models/wan/vae.cpp" -> "models"; empty when the path does not lie in a folder of src/.
std::string layer_of(const std::string& path_in_src) {
  const std::size_t slash = path_in_src.find('/');
  return slash == std::string::npos ? "" : path_in_src.substr(0, slash);
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
    {"sentencepiece", {"sentencepiece"}, {"src/models/t5/"}},
    {"libav", {"libav", "libsw"}, {"src/media/"}},
    {"tensors",
     {"ATen/", "c10/", "torch/"},
     {"src/checkpoint/", "src/nn/", "src/sampling/", "src/models/", "src/pipeline/"}},
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
    const std::string from = layer_of(include.file.substr(std::string("src/").size()));
    const std::string to = layer_of(include.target);
    if (!include.quoted || to == "sora" || from == to) continue;
    if (kRank.count(from) == 0 || kRank.count(to) == 0) {
      wrong.push_back(text_of(include) + " (one of the two is no layer)");
    } else if (kRank.at(from) <= kRank.at(to)) {
      wrong.push_back(text_of(include));
    }
  }
  return wrong;
}

// The files that are linked into the program itself and must need no tensors: those that
// src/CMakeLists.txt lists, and all of core/ and jobs/.
std::vector<fs::path> base_files() {
  const std::string cmake = read_text(kRoot / "src/CMakeLists.txt");
  std::smatch list;
  std::vector<fs::path> files;
  if (std::regex_search(cmake, list, std::regex(R"(set\(base_files([^)]*)\))"))) {
    std::istringstream names(list[1]);
    for (std::string name; names >> name;) {
      if (fs::exists(kRoot / "src" / name)) files.push_back(kRoot / "src" / name);
    }
  }
  for (const char* folder : {"src/core", "src/jobs", "src/cli"}) {
    if (!fs::exists(kRoot / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder)) {
      if (entry.path().extension() == ".cpp") files.push_back(entry.path());
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
                                         {"src/media/writer.cpp", 4, "checkpoint/weights.h", true},
                                         {"src/nn/linear.h", 5, "checkpoint/weights.h", true},
                                         {"src/nn/linear.h", 6, "vector", false}};
  EXPECT_THAT(backward_arrows(includes),
              testing::ElementsAre("src/core/log.cpp:3 includes cli/options.h",
                                   "src/media/writer.cpp:4 includes checkpoint/weights.h"));
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
  const std::vector<Include> includes = {{"src/pipeline/plan.cpp", 2, "libavutil/opt.h", false},
                                         {"src/media/writer.cpp", 2, "libavutil/opt.h", false}};
  EXPECT_THAT(third_party_trespasses(includes),
              testing::ElementsAre("src/pipeline/plan.cpp:2 includes libavutil/opt.h (libav)"));
}

TEST(Architecture, NoHeaderIncludesTheJsonLibrary) {
  std::vector<std::string> wrong;
  for (const Include& include : source_includes()) {
    // The forward declarations cost a tenth and are allowed.
    if (is_header(include.file) && include.target.rfind("nlohmann/", 0) == 0 &&
        include.target != "nlohmann/json_fwd.hpp") {
      wrong.push_back(text_of(include));
    }
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
  ASSERT_GT(files.size(), 3U) << "the list base_files in src/CMakeLists.txt was not found";
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
