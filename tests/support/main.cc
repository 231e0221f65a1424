#include <ATen/Context.h>
#include <gtest/gtest.h>

// Denormals count as 0, as in the product (src/engine.cc): before the first thread, so that all
// inherit it.
int main(int argc, char** argv) {
  at::globalContext().setFlushDenormal(true);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
