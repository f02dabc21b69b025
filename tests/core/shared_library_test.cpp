#include "core/shared_library.h"

#include <gtest/gtest.h>

#include "error_of.h"
#include "sora/error.h"

namespace sora {
namespace {

void missing(const std::string& reason) { throw Error(ErrorKind::unavailable, "maths", reason); }

TEST(SharedLibrary, OpensTheFirstFileThatIsThereAndFindsFunctions) {
  const SharedLibrary library({"libnone.so.77", "libm.so.6"}, missing);
  double (*cosine)(double) = nullptr;
  library.find("cos", cosine);
  EXPECT_EQ(cosine(0), 1);
  test::expect_error([&] { library.find("no_such_function", cosine); }, ErrorKind::unavailable,
                     "it has no no_such_function");
}

TEST(SharedLibrary, SaysWhyNoneCanBeOpened) {
  test::expect_error([] { const SharedLibrary library({"libnone.so.77"}, missing); }, ErrorKind::unavailable,
                     "libnone.so.77");
}

}  // namespace
}  // namespace sora
