"""PyTorch, loaded lazily: the wheel's libtorch_cuda names libraries that a machine without a GPU needs not have."""
import os
import sys

_flags = sys.getdlopenflags()
sys.setdlopenflags(os.RTLD_LAZY)
import torch  # noqa: E402, F401

sys.setdlopenflags(_flags)
