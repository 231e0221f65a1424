"""PyTorch, loaded lazily: the wheel's libtorch_cuda names libraries that a machine without a GPU needs not have. Denormals are flushed, as by limbic."""
import os
import sys

_flags = sys.getdlopenflags()
sys.setdlopenflags(os.RTLD_LAZY)
import torch  # noqa: E402

sys.setdlopenflags(_flags)
torch.set_flush_denormal(True)  # before the first thread
