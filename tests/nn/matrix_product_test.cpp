#include "nn/cpu/matrix_product.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <string>

namespace sora::nn {
namespace {

// fp32 sums of up to a thousand products in another order.
constexpr double tolerance = 2e-6;

double relative_l2(const at::Tensor& x, const at::Tensor& expected) {
  return ((x - expected).norm() / expected.norm()).item<double>();
}

struct Shape {
  std::int64_t rows, in, out;
};

std::string name_of(const testing::TestParamInfo<Shape>& s) {
  return std::to_string(s.param.rows) + "x" + std::to_string(s.param.in) + "x" + std::to_string(s.param.out);
}

class MatrixProduct : public testing::TestWithParam<Shape> {
 protected:
  MatrixProduct() {
    at::manual_seed(1);
    x = at::randn({GetParam().rows, GetParam().in});
    weight = at::randn({GetParam().out, GetParam().in});
    bias = at::randn({GetParam().out});
  }
  at::Tensor x, weight, bias;
};

TEST_P(MatrixProduct, EqualsTheProductInDoublePrecision) {
  const at::Tensor expected = at::mm(x.to(at::kDouble), weight.to(at::kDouble).t());
  EXPECT_LT(relative_l2(linear_product(x, weight, bias), expected + bias), tolerance);
  EXPECT_LT(relative_l2(linear_product(x, weight, {}), expected), tolerance);
}

// Outputs that eight does not divide are libtorch's.
bool by_panels(const Shape& shape) { return shape.out % 8 == 0; }

TEST_P(MatrixProduct, ByPanelsEqualsTheProductInDoublePrecisionOnAnyCPU) {
  if (!by_panels(GetParam())) GTEST_SKIP() << "not for panels";
  const at::Tensor expected = at::mm(x.to(at::kDouble), weight.to(at::kDouble).t());
  EXPECT_LT(relative_l2(panels_product(x, {weight}, bias), expected + bias), tolerance);
  EXPECT_LT(relative_l2(panels_product(x, {weight}, {}), expected), tolerance);
}

TEST_P(MatrixProduct, IsByPanelsWhereThatIsQuicker) {
  const bool rows_pay = GetParam().rows >= 48;
  EXPECT_EQ(takes_bf16(x), prefers_panels() && rows_pay);
  EXPECT_FALSE(takes_bf16(x.to(at::kDouble)));
  const at::Tensor taken = linear_product(x, weight, bias);
  if (!prefers_panels() || !rows_pay || !by_panels(GetParam())) {
    EXPECT_TRUE(at::equal(taken, at::linear(x, weight, bias)));
  } else {
    EXPECT_TRUE(at::equal(taken, panels_product(x, {weight}, bias)));
  }
}

TEST_P(MatrixProduct, DoesNotDependOnTheNumberOfThreads) {
  const int threads = at::get_num_threads();
  if (!by_panels(GetParam())) GTEST_SKIP() << "libtorch's product makes no such promise";
  at::set_num_threads(1);
  const at::Tensor alone = panels_product(x, {weight}, bias);
  at::set_num_threads(3);
  const at::Tensor shared = panels_product(x, {weight}, bias);
  at::set_num_threads(threads);
  EXPECT_TRUE(at::equal(alone, shared));
}

class MatrixProductOfBf16 : public MatrixProduct {};

TEST_P(MatrixProductOfBf16, IsAsIfItHadBeenWidenedBefore) {
  const at::Tensor narrow = weight.to(at::kBFloat16), other = at::randn({24, GetParam().in}, at::kBFloat16);
  const at::Tensor biases = at::cat({bias, at::randn({24})});
  const at::Tensor whole = at::cat({narrow, other}).to(at::kFloat);
  EXPECT_TRUE(
      at::equal(linear_product_of_bf16(x, {narrow, other}, biases), panels_product(x, {whole}, biases)));
}

// The rows: fewer than are worth it, and every number that six does not divide. Inputs: less than eight, not
// by the eight, more than one panel's depth. Outputs: by the eight only, not even that, several shares.
INSTANTIATE_TEST_SUITE_P(Shapes, MatrixProduct,
                         testing::Values(Shape{5, 40, 24}, Shape{48, 3, 8}, Shape{49, 17, 16},
                                         Shape{50, 384, 40}, Shape{51, 400, 264}, Shape{52, 801, 72},
                                         Shape{53, 64, 13}, Shape{60, 1155, 1032}),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Shapes, MatrixProductOfBf16,
                         testing::Values(Shape{48, 3, 8}, Shape{50, 384, 40}, Shape{53, 801, 264}), name_of);

TEST(MatrixProductView, TakesStridedInputsAndKeepsTheOuterShape) {
  at::manual_seed(2);
  const at::Tensor x = at::randn({3, 40, 2, 24}).transpose(1, 2), weight = at::randn({16, 24});
  const at::Tensor y = linear_product(x, weight, {});
  EXPECT_EQ(y.sizes(), at::IntArrayRef({3, 2, 40, 16}));
  EXPECT_LT(relative_l2(y, at::linear(x, weight)), tolerance);
}

}  // namespace
}  // namespace sora::nn
