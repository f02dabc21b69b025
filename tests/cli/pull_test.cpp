// sora-gen pull, from a hub on loopback that breaks connections, serves wrong bytes and lies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/loopback_server.h"
#include "cli/program.h"
#include "core/git_digest.h"
#include "core/sha256.h"
#include "places.h"

namespace fs = std::filesystem;

namespace sora::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kCommit = "0123456789abcdef0123456789abcdef01234567";

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::string git_hash(const std::string& text) {
  GitDigest digest(text.size());
  digest.update(text.data(), text.size());
  return digest.hex();
}

bool is_large(const std::string& name) { return name.ends_with(".safetensors"); }

class Pull : public testing::Test {
 protected:
  Pull() {
    const fs::path model = test_data() / "pipeline/wan21";
    for (const auto& entry : fs::recursive_directory_iterator(model)) {
      if (entry.is_regular_file())
        files[fs::relative(entry.path(), model).generic_string()] = text_of(entry.path());
    }
    wanted = files;
    files[".gitattributes"] = "*.safetensors filter=lfs\n";
    files["README.md"] = "# tiny\n";
    files["assets/logo.png"] = "png";
    files["old/pytorch_model.bin"] = "\x80\x02";
    for (const auto& [name, data] : wanted) {
      if (is_large(name) && (large.empty() || data.size() > files[large].size())) large = name;
    }
    program.environment["HF_ENDPOINT"] = server.url();
    program.environment["HOME"] = (program.folder() / "home").string();
    program.environment["SORA_GEN_MODELS"] = models.string();
  }

  json entry(const std::string& name) {
    const std::string& data = files[name];
    json entry{{"type", "file"}, {"path", name}, {"size", data.size()}, {"oid", git_hash(data)}};
    if (is_large(name))
      entry["lfs"] = {{"oid", sha256_hex(data)}, {"size", data.size()}, {"pointerSize", 134}};
    return entry;
  }

  Reply tree(const Asked& asked) {  // in two pages
    json page = json::array({{{"type", "directory"}, {"path", "vae"}}});
    const bool second = asked.path.find("cursor=2") != std::string::npos;
    std::size_t at = 0;
    for (const auto& [name, data] : files)
      if ((at++ >= files.size() / 2) == second)
        page.push_back(listed.count(name) > 0 ? listed[name] : entry(name));
    if (second && listed.count("") > 0) page.push_back(listed[""]);
    const std::string path = asked.path.substr(0, asked.path.find('?'));
    Reply reply{200, page.dump(), {}};
    if (!second)
      reply.headers = {"Link: <" + server.url() + path + "?recursive=true&cursor=2>; rel=\"next\""};
    return reply;
  }

  Reply blob(const Asked& asked, const std::string& name) {
    std::string data = files[name];
    if (wrong > 0 && name == large) data.assign(data.size(), '\0'), --wrong;
    Reply reply;
    const auto range = asked.headers.find("range");
    if (range != asked.headers.end() && ranges) {
      const std::size_t first = std::stoull(range->second.substr(6));
      reply.status = 206;
      reply.headers = {"Content-Range: bytes " + std::to_string(first) + "-" +
                       std::to_string(data.size() - 1) + "/" + std::to_string(data.size())};
      data.erase(0, first);
    }
    reply.body = data + more;
    if (name == large) reply.cut_after = cut_after;
    sent += std::min(reply.body.size(), reply.cut_after);
    return reply;
  }

  Reply answer(const Asked& asked) {
    const std::string base = std::string("/api/models/owner/tiny/"), resolve = "/owner/tiny/resolve/";
    if (status != 0) return {status, "", {}};
    if (asked.path == base + "revision/main") return {200, json{{"sha", kCommit}}.dump(), {}};
    if (asked.path.starts_with(base + "tree/" + kCommit + "?")) return tree(asked);
    if (asked.path.starts_with(resolve + kCommit + "/")) {
      const std::string name = asked.path.substr(resolve.size() + 41);
      if (!redirect.empty()) return {302, "", {"Location: " + redirect}};
      if (!is_large(name)) return blob(asked, name);
      // As the hub sends large files on to another host.
      return {302, "", {"Location: http://localhost:" + std::to_string(server.port()) + "/blob/" + name}};
    }
    if (asked.path.starts_with("/blob/")) return blob(asked, asked.path.substr(6));
    return {404, "", {}};
  }

  Finished pull(std::vector<std::string> more = {}, const std::string& name = "owner/tiny") {
    std::vector<std::string> line{"pull", name};
    line.insert(line.end(), more.begin(), more.end());
    return program.run(line);
  }

  void expect_whole() const {
    for (const auto& [name, data] : wanted) EXPECT_EQ(text_of(models / "tiny" / name), data) << name;
    EXPECT_FALSE(fs::exists(models / "tiny/old")) << "a pickle";
    EXPECT_FALSE(fs::exists(models / "tiny/README.md"));
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(models))
      names.push_back(entry.path().filename().string());
    EXPECT_THAT(names, ElementsAre("tiny"));
  }

  void expect_nothing() const { EXPECT_FALSE(fs::exists(models / "tiny")); }

  std::map<std::string, std::string> files, wanted;
  std::map<std::string, json> listed;  // entries that replace the true ones; "" is one more
  std::string large, redirect, more;
  int status = 0, wrong = 0;
  bool ranges = true;
  std::size_t cut_after = SIZE_MAX, sent = 0;
  LoopbackServer server{[this](const Asked& asked) { return answer(asked); }};
  Program program;
  fs::path models = program.folder() / "models";
};

TEST_F(Pull, FetchesWhatARunNeedsIntoTheFolderThatModelsAreFoundIn) {
  const Finished fetched = pull();
  ASSERT_EQ(fetched.code, 0) << fetched.err;
  expect_whole();
  EXPECT_THAT(fetched.err,
              AllOf(HasSubstr("owner/tiny at 0123456789ab: "), HasSubstr("1 file is a pickle and left out"),
                    HasSubstr("sora-gen --model tiny")));
  EXPECT_EQ(program.run({"--prompt", "x", "--model", "tiny", "--res", "64x48", "--dry-run"}).code, 0);

  const std::size_t before = sent;
  const Finished again = pull({"--json"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(json::parse(again.out).at("was_there"), true);
  EXPECT_EQ(sent, before) << "a second run fetches nothing";
}

TEST_F(Pull, ADryRunShowsTheFilesAndFetchesNone) {
  const Finished shown = pull({"--dry-run"});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(shown.out,
              AllOf(HasSubstr(large), Not(HasSubstr("pytorch_model.bin")), HasSubstr("fetches nothing")));
  EXPECT_EQ(sent, 0U);
  EXPECT_THAT(program.files(), IsEmpty());
}

TEST_F(Pull, GoesOnWhereAConnectionBroke) {
  cut_after = files[large].size() / 4;
  const Finished fetched = pull();
  ASSERT_EQ(fetched.code, 0) << fetched.err;
  expect_whole();
  std::size_t all = 0;
  for (const auto& [name, data] : wanted) all += data.size();
  EXPECT_EQ(sent, all) << "what had come was sent again";
}

TEST_F(Pull, GoesOnWithWhatARunBeforeItLeft) {
  const fs::path part = models / ".tiny.part" / (large + ".part");
  fs::create_directories(part.parent_path());
  std::ofstream(part, std::ios::binary) << files[large].substr(0, 1000);
  std::ofstream(models / ".tiny.part/of-another-revision.json") << "{}";
  ASSERT_EQ(pull().code, 0);
  expect_whole();
  EXPECT_FALSE(fs::exists(models / "tiny/of-another-revision.json"));
  std::vector<std::string> asked_for;
  for (const Asked& asked : server.asked())
    if (asked.headers.count("range") > 0) asked_for.push_back(asked.headers.at("range"));
  EXPECT_THAT(asked_for, ElementsAre("bytes=1000-", "bytes=1000-"));  // of the hub, and where it sends on to
}

TEST_F(Pull, ASignalLeavesWhatCameAndTheNextRunTakesIt) {
  cut_after = 0;  // connections that bring nothing: it waits and tries again
  program.start({"pull", "owner/tiny"});
  ASSERT_TRUE(program.wait_for_stderr(".json: "));
  program.signal(SIGTERM);
  const Finished stopped = program.wait();
  EXPECT_EQ(stopped.code, 143) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("run it again to go on from there"));
  expect_nothing();
  cut_after = SIZE_MAX;
  EXPECT_EQ(pull().code, 0);
  expect_whole();
}

TEST_F(Pull, AServerWithoutRangesSendsAllAgain) {
  ranges = false;
  const fs::path part = models / ".tiny.part" / (large + ".part");
  fs::create_directories(part.parent_path());
  std::ofstream(part, std::ios::binary) << files[large].substr(0, 1000);
  const Finished fetched = pull();
  EXPECT_EQ(fetched.code, 0) << fetched.err;
  expect_whole();
}

TEST_F(Pull, WrongBytesAreFetchedAgainAndNeverKept) {
  wrong = 1;
  EXPECT_EQ(pull().code, 0);
  expect_whole();
  fs::remove_all(models);
  wrong = 99;
  const Finished refused = pull();
  EXPECT_EQ(refused.code, 65) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("not those of the hash"));
  expect_nothing();
}

TEST_F(Pull, MoreBytesThanAreListedAreNotWritten) {
  more = std::string(100'000, 'x');
  const Finished refused = pull();
  EXPECT_NE(refused.code, 0);
  expect_nothing();
  for (const auto& entry : fs::recursive_directory_iterator(models)) {
    if (entry.is_regular_file()) {
      EXPECT_LE(entry.file_size(), files[large].size()) << entry.path();
    }
  }
}

TEST_F(Pull, RefusalsOfTheHubHaveTheirExitCodes) {
  for (const auto& [code, exit_code] : std::map<int, int>{{404, 66}, {401, 77}, {403, 77}, {500, 74}}) {
    status = code;
    const Finished refused = pull();
    EXPECT_EQ(refused.code, exit_code) << refused.err;
    EXPECT_THAT(refused.err, HasSubstr("owner/tiny"));
    EXPECT_THAT(program.files(), IsEmpty());
  }
  program.environment["HF_ENDPOINT"] = "http://127.0.0.1:" + std::to_string(closed_port());
  EXPECT_EQ(pull().code, 74);
  program.environment["HF_ENDPOINT"] = "file:///tmp";
  EXPECT_EQ(pull().code, 64);
  program.environment["HF_ENDPOINT"] = server.url();
  program.environment["HF_HUB_OFFLINE"] = "1";
  EXPECT_EQ(pull().code, 69);
}

TEST_F(Pull, NamesThatLeadOutOfTheFolderAreRefused) {
  for (const char* path : {"../evil.json", "/etc/evil.json", "vae/../../evil.json", "a//b.json", "a\\b.json",
                           "a\nb.json", "./x.json", "", "vae/..", "\u202egpj.json"}) {
    listed[""] = {{"type", "file"}, {"path", path}, {"size", 2}, {"oid", git_hash("{}")}};
    const Finished refused = pull();
    EXPECT_EQ(refused.code, 65) << path << ": " << refused.err;
    EXPECT_THAT(refused.err, HasSubstr("which no model has; nothing was fetched"));
    EXPECT_EQ(sent, 0U);
    EXPECT_THAT(program.files(), IsEmpty());
  }
}

TEST_F(Pull, ListingsThatCannotBeAreBadData) {
  for (const json& bad :
       {json{{"type", "file"}, {"path", "x.json"}},
        json{{"type", "file"}, {"path", "x.json"}, {"size", -1}, {"oid", git_hash("")}},
        json{{"type", "file"}, {"path", "x.json"}, {"size", 1}, {"oid", "zz"}},
        json{{"type", "file"}, {"path", "x.json"}, {"size", 1e300}, {"oid", git_hash("")}}}) {
    listed[""] = bad;
    EXPECT_EQ(pull().code, 65) << bad;
  }
  listed[""] = entry(large);
  EXPECT_THAT(pull().err, HasSubstr("twice"));
  EXPECT_THAT(program.files(), IsEmpty());
}

TEST_F(Pull, AModelThatTheDiskHasNoRoomForIsRefusedBeforeAByte) {
  listed[large] = entry(large);
  listed[large]["lfs"]["size"] = std::uint64_t{1} << 49;
  const Finished refused = pull();
  EXPECT_EQ(refused.code, 74) << refused.err;
  EXPECT_THAT(refused.err, AllOf(HasSubstr("are needed"), HasSubstr("are free")));
  EXPECT_EQ(sent, 0U);
}

TEST_F(Pull, AWriteThatFailsIsAnErrorAndTheRestIsKept) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  rlimit small = limit;
  small.rlim_cur = files[large].size() / 2;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  program.start({"pull", "owner/tiny"});
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  const Finished failed = program.wait();
  EXPECT_EQ(failed.code, 74) << failed.err;
  EXPECT_THAT(failed.err, HasSubstr("write failed"));
  expect_nothing();
  EXPECT_EQ(pull().code, 0);
  expect_whole();
}

TEST_F(Pull, RedirectsToFilesAreNotFollowed) {
  redirect = "file:///etc/passwd";
  const Finished refused = pull();
  EXPECT_EQ(refused.code, 74) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("not followed"));
  expect_nothing();
}

TEST_F(Pull, TheTokenGoesToTheHubAlone) {
  program.environment["HF_TOKEN"] = "hf_secret";
  const Finished fetched = pull({"-vv"});
  EXPECT_EQ(fetched.code, 0) << fetched.err;
  EXPECT_THAT(fetched.err, Not(HasSubstr("hf_secret")));
  for (const Asked& asked : server.asked()) {
    const bool elsewhere = asked.path.starts_with("/blob/");
    EXPECT_EQ(asked.headers.count("authorization"), elsewhere ? 0U : 1U) << asked.path;
    if (!elsewhere) {
      EXPECT_EQ(asked.headers.at("authorization"), "Bearer hf_secret");
    }
  }
}

TEST_F(Pull, OneRunAtATimeFetchesAModel) {
  fs::create_directories(models);
  const int lock = ::open((models / ".tiny.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_EQ(::flock(lock, LOCK_EX), 0);
  EXPECT_EQ(pull().code, 75);
  ::close(lock);
  EXPECT_EQ(pull().code, 0);
}

TEST_F(Pull, AFolderThatWasNotFetchedIsLeftAlone) {
  fs::create_directories(models / "tiny");
  std::ofstream(models / "tiny/mine") << "mine";
  EXPECT_EQ(pull().code, 73);
  EXPECT_EQ(text_of(models / "tiny/mine"), "mine");
}

TEST_F(Pull, ModelsThatAreMissingAreOfferedByTheName) {
  for (const char* name : {"wan2.1-t2v-1.3b", "Wan2.2-TI2V-5B-Diffusers"}) {
    const Finished missing = program.run({"--prompt", "x", "--model", name, "--dry-run"});
    EXPECT_EQ(missing.code, 66);
    EXPECT_THAT(missing.err, HasSubstr(std::string("get it with: sora-gen pull ") + name));
  }
  EXPECT_THAT(program.run({"--prompt", "x", "--model", "nonsense", "--dry-run"}).err,
              HasSubstr("sora-gen pull lists"));
  EXPECT_THAT(program.run({"pull"}).out,
              HasSubstr("wan2.1-t2v-1.3b         Wan-AI/Wan2.1-T2V-1.3B-Diffusers\n"));
  const Finished misspelt = program.run({"pull", "wan2.1-t2v-1.3"});
  EXPECT_EQ(misspelt.code, 64);
  EXPECT_THAT(misspelt.err, HasSubstr("did you mean wan2.1-t2v-1.3b?"));
  EXPECT_EQ(program.run({"pull", "owner/tiny", "more"}).code, 64);
  EXPECT_EQ(program.run({"pull", "../x"}).code, 64);
  // The short name finds the folder that was fetched.
  fs::create_directories(models);
  fs::copy(test_data() / "pipeline/wan21", models / "Wan2.1-T2V-1.3B-Diffusers", fs::copy_options::recursive);
  const Finished found =
      program.run({"--prompt", "x", "--model", "wan2.1-t2v-1.3b", "--res", "64x48", "--dry-run"});
  EXPECT_EQ(found.code, 0) << found.err;
}

TEST_F(Pull, WithoutSafetensorsThereIsNothingToFetch) {
  files = {{"model.pth", "x"}, {"config.json", "{}"}};
  const Finished refused = pull();
  EXPECT_EQ(refused.code, 66) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("pickles are never fetched"));
}

}  // namespace
}  // namespace sora::test
