// Keys that are made for a user, and keys that are given.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "core/host_name.h"
#include "core/sha256.h"
#include "error_of.h"
#include "file_contents.h"
#include "provenance/new_key.h"
#include "provenance/signing_key.h"
#include "temporary_folder.h"

namespace sora::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

unsigned mode_of(const fs::path& path) {
  struct stat info {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 07777;
}

// Writes what a shell prints into a file; returns whether it ended with 0.
bool shell(const std::string& command) { return std::system(command.c_str()) == 0; }

class UsersKey : public testing::Test {
 protected:
  void SetUp() override { ::setenv("XDG_CONFIG_HOME", folder.path().c_str(), 1); }
  void TearDown() override { ::unsetenv("XDG_CONFIG_HOME"); }
  TemporaryFolder folder;
};

TEST_F(UsersKey, IsMadeOnceForTheUserAlone) {
  const mode_t before = ::umask(0);
  const SigningKey first = users_signing_key();
  ::umask(before);
  EXPECT_EQ(first.algorithm, "es256");
  EXPECT_TRUE(first.self_made);
  EXPECT_EQ(mode_of(users_key_file()), 0600U);
  EXPECT_EQ(mode_of(users_key_file().parent_path()), 0700U);
  const SigningKey second = users_signing_key();
  EXPECT_EQ(first.key, second.key);
  EXPECT_EQ(first.certificates, second.certificates);
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(users_key_file().parent_path())) ++files;
  EXPECT_EQ(files, 1U);  // nothing is left of making it
}

TEST_F(UsersKey, IsOneWhereManyProcessesMakeItAtOnce) {
  constexpr int kProcesses = 8;
  int start[2], answers[2];
  ASSERT_EQ(::pipe(start), 0);
  ASSERT_EQ(::pipe(answers), 0);
  for (int i = 0; i < kProcesses; ++i) {
    if (::fork() != 0) continue;
    ::close(start[1]);
    char end = 0;
    (void)!::read(start[0], &end, 1);  // all go on together when the other end is closed
    const std::string answer = sha256_hex(users_signing_key().key);
    ::_exit(::write(answers[1], answer.data(), answer.size()) == 64 ? 0 : 1);
  }
  ::close(start[0]);
  ::close(start[1]);
  ::close(answers[1]);
  std::set<std::string> keys;
  for (int i = 0; i < kProcesses; ++i) {
    int status = 0;
    ASSERT_GT(::wait(&status), 0);
    EXPECT_EQ(status, 0);
  }
  std::string answer(64, '\0');
  while (::read(answers[0], answer.data(), answer.size()) == 64) keys.insert(answer);
  ::close(answers[0]);
  EXPECT_EQ(keys.size(), 1U);
  EXPECT_EQ(*keys.begin(), sha256_hex(users_signing_key().key));
}

TEST_F(UsersKey, IsNotUsedWhereOthersCanReadIt) {
  (void)users_signing_key();
  fs::permissions(users_key_file(), fs::perms::group_read, fs::perm_options::add);
  expect_error([] { users_signing_key(); }, ErrorKind::unavailable, "others can read this key");
}

TEST_F(UsersKey, ThatIsDamagedIsSaidAndNotShown) {
  const std::string key = users_signing_key().key;
  std::string text = contents(users_key_file());
  text.resize(text.size() / 2);
  std::ofstream(users_key_file(), std::ios::trunc) << text;
  const std::string message = error_of([] { users_signing_key(); }, ErrorKind::unavailable);
  EXPECT_THAT(message, HasSubstr("remove the file"));
  EXPECT_THAT(message, Not(HasSubstr(key.substr(30, 20))));
}

TEST_F(UsersKey, NeedsAHomeFolder) {
  ::unsetenv("XDG_CONFIG_HOME");
  const std::string home = std::getenv("HOME") != nullptr ? std::getenv("HOME") : "";
  ::unsetenv("HOME");
  expect_error([] { users_signing_key(); }, ErrorKind::unavailable, "there is no home folder");
  if (!home.empty()) ::setenv("HOME", home.c_str(), 1);
}

TEST(NewKey, HasTheExtensionsThatC2paWantsAndNamesNobody) {
  const TemporaryFolder folder;
  std::ofstream(folder / "key.pem") << new_key_with_certificates();
  const std::string pem = (folder / "key.pem").string(), out = (folder / "text").string();
  if (!shell("openssl version >/dev/null 2>&1")) GTEST_SKIP() << "no openssl program here";
  ASSERT_TRUE(shell("openssl x509 -in " + pem + " -noout -text >" + out));
  const std::string text = contents(out);
  EXPECT_THAT(text, HasSubstr("CA:FALSE"));
  EXPECT_THAT(text, HasSubstr("X509v3 Key Usage: critical\n                Digital Signature\n"));
  EXPECT_THAT(text, HasSubstr("1.3.6.1.4.1.62558.2.1"));
  EXPECT_THAT(text, HasSubstr("X509v3 Authority Key Identifier"));
  EXPECT_THAT(text, HasSubstr("Subject: O = sora-gen self-made, CN = sora-gen self-made credential"));
  EXPECT_THAT(text, HasSubstr("Not Before"));
  EXPECT_THAT(text, HasSubstr(" 00:00:00 "));  // no hour of a first use
  EXPECT_THAT(text, Not(HasSubstr(host_name())));
  // The second certificate signed the first, and only the one key is in the file.
  ASSERT_TRUE(shell("awk '/BEGIN CERT/{n++} n==2' " + pem + " >" + (folder / "authority.pem").string()));
  EXPECT_TRUE(shell("openssl verify -CAfile " + (folder / "authority.pem").string() + " " + pem +
                    " >/dev/null 2>&1"));
  const std::string all = contents(folder / "key.pem");
  EXPECT_EQ(all.find("PRIVATE KEY"), all.find("-----BEGIN PRIVATE KEY") + 11);
  EXPECT_EQ(all.find("BEGIN PRIVATE KEY", all.find("END PRIVATE KEY")), std::string::npos);
}

TEST(GivenKey, OfEveryKindIsRecognised) {
  if (!shell("openssl version >/dev/null 2>&1")) GTEST_SKIP() << "no openssl program here";
  const TemporaryFolder folder;
  const std::vector<std::pair<std::string, std::string>> kinds{
      {"ec -pkeyopt ec_paramgen_curve:P-256", "es256"},
      {"ec -pkeyopt ec_paramgen_curve:P-384", "es384"},
      {"ec -pkeyopt ec_paramgen_curve:P-521", "es512"},
      {"ed25519", "ed25519"},
      {"rsa -pkeyopt rsa_keygen_bits:2048", "ps256"}};
  const std::string key = (folder / "k.pem").string(), certificate = (folder / "c.pem").string();
  for (const auto& [kind, name] : kinds) {
    ASSERT_TRUE(shell("openssl genpkey -algorithm " + kind + " -out " + key + " 2>/dev/null")) << kind;
    ASSERT_TRUE(shell("openssl req -x509 -key " + key + " -subj /CN=x -out " + certificate + " 2>/dev/null"));
    EXPECT_EQ(read_signing_key(key, certificate).algorithm, name);
  }
  // The certificate of another key, a passphrase, and what is no key at all.
  ASSERT_TRUE(shell("openssl genpkey -algorithm ed25519 -out " + key + " 2>/dev/null"));
  expect_error([&] { read_signing_key(key, certificate); }, ErrorKind::data, "is not that of the key");
  ASSERT_TRUE(shell("openssl genpkey -algorithm ed25519 -aes256 -pass pass:x -out " + key + " 2>/dev/null"));
  expect_error([&] { read_signing_key(key, certificate); }, ErrorKind::data, "has a passphrase");
  expect_error([&] { read_signing_key(certificate, certificate); }, ErrorKind::data, "has no private key");
  ASSERT_TRUE(
      shell("openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:1024 -out " + key + " 2>/dev/null"));
  expect_error([&] { read_signing_key(key, certificate); }, ErrorKind::data, "2048 bits");
  expect_error([&] { read_signing_key(folder / "none", certificate); }, ErrorKind::no_input, "none");
}

}  // namespace
}  // namespace sora::test
