#include <malloc.h>

#include "limbic/app/cli.h"

int main(int argc, char** argv) {
  // Tensors of a step are freed and taken again all the time: keep them in the heap instead of
  // giving pages back (4 to 14 % of a step).
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);
  return limbic::app::run_command_line(argc, argv);
}
