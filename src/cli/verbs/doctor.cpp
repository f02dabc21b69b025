// Checks this machine, one line for each check, with advice where something is missing.
#include <unistd.h>

#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "cli/library.h"
#include "cli/terminal/terminal.h"
#include "cli/verbs.h"
#include "cli/verbs/models.h"
#include "core/cuda_driver.h"
#include "core/json/json_text.h"
#include "core/output/unnamed_file.h"
#include "core/text.h"
#include "plan/machine/memory.h"
#include "provenance/c2pa_library.h"
#include "provenance/isolated.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using Json = nlohmann::ordered_json;

struct Check {
  std::string subject;
  bool ok = true;
  bool needed = true;  ///< without it no video can be made
  std::string found;
  std::string remedy;  ///< what to do when it is not ok
};

constexpr double kLeastMemory = 1;          // GB; the default model needs less
constexpr std::uint64_t kLeastSpace = 1e8;  // bytes

// "61 G" of 61e9 a second.
std::string rate_text(double rate) {
  constexpr std::array<const char*, 5> kSteps{"", "k", "M", "G", "T"};
  std::size_t step = 0;
  for (; rate >= 999.5 && step + 1 < kSteps.size(); ++step) rate /= 1000;
  return fixed_text(rate, rate < 9.95 ? 1 : 0) + " " + kSteps[step];
}

Check check_memory() {
  const double gb = available_memory_gb();
  return {"memory", gb >= kLeastMemory, false, bytes_text(static_cast<std::uint64_t>(gb * 1e9)) + " free",
          "close other programs; the default model needs about 1 GB"};
}

Check check_folder(const std::string& subject, const fs::path& path) {
  std::error_code code;
  const fs::space_info space = fs::space(path, code);
  Check check{subject, true, false, path.string(), ""};
  if (code || ::access(path.c_str(), W_OK) != 0) {
    check.ok = false;
    check.found += ", not writable";
    check.remedy = "choose another folder, as in -o ~/video.mp4";
  } else {
    check.ok = space.available >= kLeastSpace;
    check.found += ", " + bytes_text(space.available) + " free";
    check.remedy = "free some space";
  }
  return check;
}

std::vector<Check> check_models() {
  std::vector<Check> checks;
  for (const FoundModel& model : find_models()) {
    const bool is_default = model.name == "default";
    if (model.problem.empty()) {
      checks.push_back(
          {"model " + model.name, true, false, model.family + ", " + bytes_text(model.weight_bytes), ""});
    } else {
      checks.push_back(
          {"model " + model.name, false, is_default, model.problem, "copy or download the model again"});
    }
  }
  if (checks.empty()) {
    checks.push_back({"models", false, true, "none found",
                      "set SORA_GEN_MODELS to the folder that holds them, or give --model a model's folder"});
  }
  return checks;
}

// The report of libsora; {} when it cannot be loaded, with the reason in `checks`.
Json library_report(Session& session, std::vector<Check>& checks) {
  try {
    const Entry& library = load_library(session.log_sink);
    Json report;
    if (const JsonFault fault = parse_json(library.report(), report)) {
      throw Error(ErrorKind::internal, "doctor", "the report of libsora " + fault.message);
    }
    checks.push_back({"libtorch", true, true, report.value("libtorch", ""), ""});
    return report;
  } catch (const Error& error) {
    checks.push_back({"libsora", false, true, error.what(), "install sora-gen again"});
    return Json::object();
  }
}

// "product 61 GFLOP/s, copy to it 24 GB/s", or what failed.
Check check_tests(const std::string& device, const Json& tests) {
  Check check{"test of " + device, true, device == "cpu", "",
              device == "cpu" ? "this libtorch and this CPU do not fit; install sora-gen again"
                              : "use --device cpu, and look for another driver or libtorch"};
  std::string done, failed;
  for (const Json& test : tests) {
    const std::string name = test.value("name", "");
    if (test.value("ok", false)) {
      done += (done.empty() ? "" : ", ") + name + " " + rate_text(test.value("rate", 0.0)) +
              test.value("unit", "");
    } else {
      failed += (failed.empty() ? "" : "; ") + name + ": " + test.value("problem", "");
    }
  }
  check.ok = failed.empty();
  check.found = check.ok ? done : failed;
  return check;
}

void check_devices(const Json& report, std::vector<Check>& checks) {
  bool cuda = false;
  for (const Json& device : report.value("devices", Json::array())) {
    const std::string name = device.value("name", "");
    cuda = cuda || name != "cpu";
    std::string found = device.value("kind", "");
    if (name == "cpu") found += ", " + std::to_string(std::thread::hardware_concurrency()) + " threads";
    const auto memory = device.value("memory", std::uint64_t{0}),
               free = device.value("free", std::uint64_t{0});
    if (memory > 0) found += ", " + bytes_text(free) + " of " + bytes_text(memory) + " free";
    checks.push_back({"device " + name, true, false, found, ""});
    const Json tests = device.value("tests", Json::array());
    if (!tests.empty()) checks.push_back(check_tests(name, tests));
  }
  if (!cuda) {
    checks.push_back({"device cuda", false, false,
                      cuda_driver_present() ? "a GPU, but this build has no CUDA" : "no NVIDIA GPU",
                      "not needed; the CPU works, a GPU is faster"});
  }
}

void check_codecs(const Json& report, std::vector<Check>& checks) {
  std::string versions;
  for (const Json& version : report.value("libav", Json::array())) {
    versions += (versions.empty() ? "" : ", ") + version.get<std::string>();
  }
  checks.push_back({"libav", true, true, versions, ""});
  const Json codecs = report.value("codecs", Json::object());
  for (const auto& item : codecs.items()) {
    const auto encoder = item.value().get<std::string>();
    const bool needed = item.key() == "h264";  // the default
    checks.push_back({"codec " + item.key(), !encoder.empty(), needed,
                      encoder.empty() ? "no encoder" : encoder,
                      "install an FFmpeg (libavcodec) that has it"});
  }
}

Check check_credentials() {
  Check check{"content credentials", false, false, "",
              "scripts/setup fetches it; without it nothing is signed"};
  const fs::path file = c2pa_library_file();
  if (file.empty()) {
    check.found = "no libc2pa_c";
    return check;
  }
  try {
    constexpr int kSeconds = 60;
    check.found = "libc2pa_c " + run_isolated("opening it", kSeconds, [] { return c2pa_version(); });
    check.ok = true;
  } catch (const Error& error) {
    check.found = error.message();
  }
  return check;
}

std::string text_of(const std::vector<Check>& checks) {
  std::size_t width = 0;
  for (const Check& check : checks) width = std::max(width, one_line(check.subject).size());
  std::string text;
  for (const Check& check : checks) {
    text += check.ok ? "ok       " : check.needed ? "MISSING  " : "-        ";
    const std::string subject = one_line(check.subject);
    text += subject + std::string(width + 2 - subject.size(), ' ') + one_line(check.found);
    text += (check.ok || check.remedy.empty() ? "" : "; " + check.remedy) + "\n";
  }
  return text;
}

std::string json_of(const std::vector<Check>& checks, const Json& report, bool works) {
  Json list = Json::array();
  for (const Check& check : checks) {
    Json entry{
        {"subject", check.subject}, {"ok", check.ok}, {"needed", check.needed}, {"found", check.found}};
    if (!check.ok) entry["remedy"] = check.remedy;
    list.push_back(entry);
  }
  const Json json{{"version", SORA_GEN_VERSION}, {"works", works}, {"checks", list}, {"library", report}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

int run_doctor(Session& session) {
  std::vector<Check> checks{{"sora-gen", true, true, SORA_GEN_VERSION, ""}};
  const Json report = library_report(session, checks);
  if (!report.empty()) {
    check_devices(report, checks);
    check_codecs(report, checks);
  }
  checks.push_back(check_credentials());
  const std::vector<Check> models = check_models();
  checks.insert(checks.end(), models.begin(), models.end());
  checks.push_back(check_memory());
  std::error_code gone;  // set if the current folder was removed
  const fs::path here = fs::current_path(gone);
  checks.push_back(check_folder("this folder", gone ? fs::path(".") : here));
  checks.push_back(check_folder("temp folder", temporary_folder()));

  bool works = true;
  for (const Check& check : checks) works = works && (check.ok || !check.needed);
  write_stdout(session.options.json ? json_of(checks, report, works) : text_of(checks));
  return works ? 0 : static_cast<int>(ErrorKind::unavailable);
}

}  // namespace sora
