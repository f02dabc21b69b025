#include "provenance/c2pa_library.h"

#include <dlfcn.h>

#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/shared_library.h"
#include "core/text.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr const char* kFileName = "libc2pa_c.so";
constexpr const char* kVersion = "c2pa-c-ffi/0.91.";  // of the declarations

[[noreturn]] void fail(const std::string& message) {
  throw Error(ErrorKind::unavailable, "credentials", message);
}

// Folder of the file that this code is in: libsora, or the program. Of a program, dladdr() says what it was
// called as, which whoever starts it can choose.
fs::path own_folder() {
  Dl_info info{};
  std::error_code code;
  fs::path file;
  if (::dladdr(reinterpret_cast<const void*>(&c2pa_library_file), &info) != 0 && info.dli_fname != nullptr)
    file = info.dli_fname;
  if (!file.is_absolute() || file.extension() != ".so") file = fs::read_symlink("/proc/self/exe", code);
  return fs::weakly_canonical(file, code).parent_path();
}

SharedLibrary open_library() {
  const fs::path file = c2pa_library_file();
  if (file.empty()) fail(std::string(kFileName) + " is not installed; scripts/setup fetches it");
  return {{file.string()}, [file](const std::string& reason) {
            fail(file.string() + ": cannot be used: " + one_line(reason));
          }};
}

std::string version_text(const C2paFunctions& f) {
  char* text = f.version();
  std::string version = text != nullptr ? text : "";
  f.free(text);
  return version;
}

void check_version(const C2paFunctions& f) {
  const std::string version = version_text(f);
  if (version.rfind(kVersion, 0) == 0) return;
  fail(std::string(kFileName) + " is of version " + excerpt(version) + ", expected " + kVersion + "x");
}

C2paFunctions find_functions(const SharedLibrary& library) {
  C2paFunctions f{};
  library.find("c2pa_version", f.version);
  library.find("c2pa_free", f.free);
  check_version(f);  // before anything else of it is used
  library.find("c2pa_error", f.error);
  library.find("c2pa_create_stream", f.create_stream);
  library.find("c2pa_release_stream", f.release_stream);
  library.find("c2pa_settings_new", f.settings_new);
  library.find("c2pa_settings_update_from_string", f.settings_update_from_string);
  library.find("c2pa_context_builder_new", f.context_builder_new);
  library.find("c2pa_context_builder_set_settings", f.context_builder_set_settings);
  library.find("c2pa_context_builder_build", f.context_builder_build);
  library.find("c2pa_reader_from_context", f.reader_from_context);
  library.find("c2pa_reader_with_stream", f.reader_with_stream);
  library.find("c2pa_reader_with_manifest_data_and_stream", f.reader_with_manifest_data_and_stream);
  library.find("c2pa_reader_json", f.reader_json);
  library.find("c2pa_builder_from_context", f.builder_from_context);
  library.find("c2pa_builder_with_definition", f.builder_with_definition);
  library.find("c2pa_builder_set_no_embed", f.builder_set_no_embed);
  library.find("c2pa_builder_add_ingredient_from_stream", f.builder_add_ingredient_from_stream);
  library.find("c2pa_builder_sign", f.builder_sign);
  library.find("c2pa_signer_from_info", f.signer_from_info);
  return f;
}

}  // namespace

fs::path c2pa_library_file() {
  std::error_code code;
  const auto is_file = [&](const fs::path& file) { return fs::is_regular_file(file, code); };
  if (const char* chosen = std::getenv("SORA_GEN_C2PA"); chosen != nullptr && *chosen != '\0') {
    const fs::path file(chosen);
    return std::strcmp(chosen, "none") != 0 && is_file(file) ? fs::absolute(file, code) : fs::path();
  }
  const fs::path folder = own_folder();
  if (folder.empty()) return {};
  for (const fs::path& file :
       {folder / "sora-gen" / kFileName, folder.parent_path() / "lib/sora-gen" / kFileName}) {
    if (is_file(file)) return file;
  }
  for (fs::path up = folder; up.has_relative_path(); up = up.parent_path()) {
    const fs::path file = up / "third_party/c2pa" / kFileName;
    if (is_file(up / "include/sora/request.h") && is_file(file)) return file;
  }
  return {};
}

const C2paFunctions& c2pa() {
  static const C2paFunctions functions = find_functions(open_library());
  return functions;
}

std::string c2pa_version() {
  const std::string text = version_text(c2pa());
  const std::string after = text.substr(text.find('/') + 1);
  return after.substr(0, after.find(' '));
}

std::string c2pa_last_error() {
  char* text = c2pa().error();
  if (text == nullptr) return "an error without a message";
  std::string message = one_line(text, 300);
  c2pa().free(text);
  return message;
}

C2paPointer<C2paContext> c2pa_context(const std::string& trust_anchors) {
  constexpr int kMemoryMb = 16;  // larger files are copied through TMPDIR
  nlohmann::json json{
      {"verify", {{"remote_manifest_fetch", false}, {"ocsp_fetch", false}, {"verify_after_sign", false}}},
      {"core",
       {{"backing_store_memory_threshold_in_mb", kMemoryMb},
        {"max_decompressed_manifest_size_in_mb", kMemoryMb},
        {"allowed_network_hosts", nlohmann::json::array()}}},
      {"builder", {{"thumbnail", {{"enabled", false}}}}}};
  if (!trust_anchors.empty()) json["trust"] = {{"user_anchors", trust_anchors}};
  const C2paFunctions& f = c2pa();
  const C2paPointer<C2paSettings> settings(f.settings_new());
  C2paPointer<C2paContextBuilder> builder(f.context_builder_new());
  if (!settings || !builder ||
      f.settings_update_from_string(settings.get(), json.dump().c_str(), "json") < 0 ||
      f.context_builder_set_settings(builder.get(), settings.get()) < 0)
    fail("the C2PA library takes no settings: " + c2pa_last_error());
  C2paPointer<C2paContext> context(f.context_builder_build(builder.release()));
  if (!context) fail("the C2PA library does not start: " + c2pa_last_error());
  return context;
}

}  // namespace sora
