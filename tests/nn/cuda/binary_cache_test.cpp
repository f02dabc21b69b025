#include "nn/cuda/binary_cache.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "file_contents.h"
#include "temporary_folder.h"

namespace sora::nn::cuda {
namespace {

using std::filesystem::path;

void write(const path& file, const std::string& text) { std::ofstream(file, std::ios::binary) << text; }

class KernelFiles : public testing::Test {
 protected:
  KernelFiles() { cache.keep("norm", binary); }
  TemporaryFolder folder;
  path kernels = folder / "cache/kernels";
  path file = kernels / "norm.kernel";
  BinaryCache cache{kernels};
  std::string binary = std::string("\x7f") + "ELF\0and\nmore";
};

TEST_F(KernelFiles, AreFoundAsTheyWere) {
  EXPECT_EQ(cache.find("norm"), binary);
  EXPECT_EQ(cache.find("another"), std::nullopt);
  cache.keep("norm", "a newer one");
  EXPECT_EQ(cache.find("norm"), "a newer one");
}

TEST_F(KernelFiles, AreInAFolderOfTheUserAlone) {
  struct stat status {};
  ASSERT_EQ(::stat(kernels.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST_F(KernelFiles, ThatAreDamagedCountAsAbsent) {
  const std::string whole = contents(file);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    write(file, damaged);
    EXPECT_EQ(cache.find("norm"), std::nullopt) << "byte " << i;
    write(file, whole.substr(0, i));
    EXPECT_EQ(cache.find("norm"), std::nullopt) << i << " bytes";
  }
  write(file, whole + "x");
  EXPECT_EQ(cache.find("norm"), std::nullopt);
  write(file, whole);
  EXPECT_EQ(cache.find("norm"), binary);
}

TEST_F(KernelFiles, ThatOthersMayChangeAreNotRead) {
  ::chmod(file.c_str(), 0666);
  EXPECT_EQ(cache.find("norm"), std::nullopt);
  ::chmod(file.c_str(), 0600);
  ::chmod(kernels.c_str(), 0777);
  EXPECT_EQ(cache.find("norm"), std::nullopt);
  cache.keep("another", binary);
  EXPECT_FALSE(std::filesystem::exists(kernels / "another.kernel"));
  ::chmod(kernels.c_str(), 0700);
  EXPECT_EQ(cache.find("norm"), binary);
}

TEST_F(KernelFiles, ThatAreLinksOrFoldersAreNotRead) {
  std::filesystem::rename(file, folder / "elsewhere");
  std::filesystem::create_symlink(folder / "elsewhere", file);
  EXPECT_EQ(cache.find("norm"), std::nullopt);
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
  EXPECT_EQ(cache.find("norm"), std::nullopt);
  cache.keep("norm", binary);  // cannot, and is no error

  const path link = folder / "link";
  std::filesystem::create_symlink(kernels, link);
  EXPECT_EQ(BinaryCache(link).find("norm"), std::nullopt);
}

TEST_F(KernelFiles, AreNotKeptWithoutAFolder) {
  const BinaryCache none({});
  none.keep("norm", binary);
  EXPECT_EQ(none.find("norm"), std::nullopt);
}

}  // namespace
}  // namespace sora::nn::cuda
