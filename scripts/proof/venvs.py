"""Virtual environments of proofs, each made once for a list of packages: what peers and readers need, for some PyTorch of the wheel that limbic links."""
import fcntl
import os
import pathlib
import sys
import venv

from processes import run

TORCH = ["torch==2.11.0", "typing_extensions==4.16.0", "filelock==4.3.1", "sympy==1.14.0", "mpmath==1.4.1", "networkx==3.6.1", "jinja2==3.1.6",
         "MarkupSafe==3.0.4", "fsspec==2026.9.0", "setuptools<81", "numpy==2.4.6"]
NVIDIA = ("libcu", "libnccl", "libnv")
VERSION = f"version = {'.'.join(map(str, sys.version_info[:3]))}"  # as venv notes it


def python_with(home, packages, *pip_options, finish=lambda: None):
    """The interpreter of an environment in this folder, with these packages; another list or another Python makes it anew. `finish` is called each time, with
    the packages there and nobody else at it."""
    complete, made_of = home / "complete", "\n".join(packages) + "\n"
    home.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{home}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists() or complete.read_text() != made_of or VERSION not in (home / "pyvenv.cfg").read_text().splitlines():
            print(f"making {home} ({packages[0]} and others from PyPI, once)", file=sys.stderr, flush=True)
            venv.create(home, with_pip=False, clear=True)  # Debian's python3 brings no ensurepip
            run([sys.executable, "-m", "pip", "--python", home / "bin/python", "install", "--quiet", *pip_options, *packages])
            complete.write_text(made_of)
        finish()
    return home / "bin/python"


class Venv:
    """PyTorch and these packages, in a folder that is made once."""

    def __init__(self, home, torch_dir, packages):
        self.home, self.cuda = home, pathlib.Path(torch_dir).parent / "cuda-lib"
        self.python = python_with(home, [*TORCH, *packages], "--no-deps", finish=self.stand_in)

    # PyPI's wheel names NVIDIA's libraries, 2 GB that nobody calls on a CPU. Empty ones of those names, where limbic's LibTorch has none, let it load.
    def stand_in(self):
        there = {p.name for p in self.cuda.glob("*")}
        (library,) = self.home.glob("lib/python*/site-packages/torch/lib")
        (self.home / "stand-ins").mkdir(exist_ok=True)
        for file in library.glob("lib*.so"):
            for line in run(["readelf", "-d", file]).splitlines():
                name = line.split("[")[-1].rstrip("]")
                target = self.home / "stand-ins" / name
                if "(NEEDED)" in line and name.startswith(NVIDIA) and name not in there and not target.exists():
                    run(["g++", "-shared", "-x", "c++", "/dev/null", f"-Wl,-soname,{name}", "-o", target])

    @property
    def environment(self):
        return {**os.environ, "LD_LIBRARY_PATH": f"{self.cuda}:{self.home / 'stand-ins'}"}

    def __call__(self, script, *arguments, **environment):
        """Runs a script of this folder's, in the environment's own folder, where some packages leave logs; returns what it printed."""
        return run([self.python, pathlib.Path(__file__).resolve().parent / script, *arguments], env={**self.environment, **environment}, cwd=self.home)
