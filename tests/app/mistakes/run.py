#!/usr/bin/env python3
"""Asserts what limbic answers to mistakes: each line of stderr and the exit code.

    run.py LIMBIC [NAME...]   the cases beside this file, or those named
    run.py LIMBIC --configs   every shipped config passes `limbic check`

A case is a block of commands.txt. Each runs in a folder of its own that holds this folder's configs and, made here, pictures/ (a Fashion-MNIST of 240 pictures),
flowers.csv, shoe.png (28x28), wide.png (30x20), run/ (good.yaml, trained for two steps) and toy/ (toy.yaml, for one); brains and schedules are in configs/, as shipped.
"""

import argparse
import concurrent.futures
import dataclasses
import difflib
import gzip
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

HERE = pathlib.Path(__file__).resolve().parent
CONFIGS = HERE.parents[2] / "configs"
SHIPPED = [path for folder in (".", "omni", "speed") for path in sorted((CONFIGS / folder).glob("*.yaml"))]
FLOWERS = "sepal_length:scalar,sepal_width:scalar,petal_length:scalar,petal_width:scalar,species:category\n"
FOR_OTHERS = {"base_circle_back.yaml"}
AT_A_TIME = 2
TIMEOUT_S = 120


@dataclasses.dataclass
class Case:
    name: str
    command: str  # for bash
    expected: list  # lines of stderr
    code: int
    unless: str = "false"  # left out where this succeeds


def write_idx(path, shape, data):
    header = struct.pack(f">I{len(shape)}I", 0x0800 + len(shape), *shape)
    path.write_bytes(gzip.compress(header + data, mtime=0))


def write_pictures(folder):
    folder.mkdir()
    noise = random.Random(0)
    for part, count in (("train", 240), ("t10k", 60)):
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", (count, 28, 28), noise.randbytes(count * 28 * 28))
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", (count,), bytes(i % 10 for i in range(count)))


def write_png(path, width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = b"".join(b"\0" + bytes(range(width)) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b""))


def write_flowers(path):
    rows = (f"{4 + i % 3}.{i % 10},3.{i % 7},{1 + i % 5}.4,0.{i % 9},{('setosa', 'versicolor', 'virginica')[i % 3]}\n" for i in range(60))
    path.write_text(FLOWERS + "".join(rows))


def environment(limbic):
    return dict(os.environ, LC_ALL="C", LIMBIC=str(limbic))


def run(limbic, command, folder):
    script = 'limbic() { "$LIMBIC" "$@"; }\n' + command
    return subprocess.run(["bash", "-c", script], cwd=folder, env=environment(limbic), capture_output=True, text=True, timeout=TIMEOUT_S)


def make_template(limbic, folder):
    folder.mkdir()
    for path in HERE.glob("*.yaml"):
        shutil.copy(path, folder)
    for name in ("brains", "conditioning"):
        shutil.copytree(CONFIGS / name, folder / "configs" / name)
    write_pictures(folder / "pictures")
    write_flowers(folder / "flowers.csv")
    write_png(folder / "shoe.png", 28, 28)
    write_png(folder / "wide.png", 30, 20)
    for config, name in (("good.yaml", "run"), ("toy.yaml", "toy")):
        trained = run(limbic, f"limbic -q train {config} --run {name} --device cpu", folder)
        if trained.returncode != 0:
            sys.exit(f"{config} does not train:\n{trained.stderr}")


def command_cases():
    for block in re.split(r"\n(?=\[)", (HERE / "commands.txt").read_text()):
        if not block.startswith("["):
            continue
        name, *lines = block.rstrip().splitlines()
        commands = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        unless = [line.removeprefix("unless ") for line in lines if line.startswith("unless ")]
        expected = [line for line in lines[:-1] if not line.startswith(("$ ", "unless "))]
        yield Case(name.strip("[]"), "\n".join(commands), expected, int(lines[-1].removeprefix("exit ")), *unless)


def all_cases():
    cases = list(command_cases())
    for path in HERE.glob("*.yaml"):
        if not any(path.name in case.command for case in cases) and path.name not in FOR_OTHERS:
            sys.exit(f"no case of commands.txt is about {path.name}")
    return cases


def complaint(case, limbic, template, folder):
    """What is wrong with limbic's answer, or ''."""
    if subprocess.run(["bash", "-c", case.unless], capture_output=True).returncode == 0:
        return ""
    shutil.copytree(template, folder, symlinks=True)
    answer = run(limbic, case.command, folder)
    shutil.rmtree(folder)
    got = answer.stderr.splitlines()
    text = ""
    if answer.returncode != case.code:
        text += f"  exit code {answer.returncode}, expected {case.code}\n"
    if got != case.expected:
        text += "".join(f"  {line}\n" for line in difflib.unified_diff(case.expected, got, "expected", "got", lineterm="", n=9))
    return f"{case.name}: {case.command}\n{text}" if text else ""


def run_cases(limbic, cases, scratch):
    template = scratch / "template"
    make_template(limbic, template)
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        numbered = enumerate(cases)
        return [text for text in pool.map(lambda it: complaint(it[1], limbic, template, scratch / str(it[0])), numbered) if text]


def check_configs(limbic, scratch):
    """Real pictures are there wherever limbic is set up; tables have to be fetched or made, so flowers stand in for them."""
    for folder in ("build/data", "build/speed"):
        (scratch / folder).mkdir(parents=True)
    write_flowers(scratch / "build/data/iris.csv")
    for name in ("xs", "s"):
        (scratch / f"build/speed/{name}.csv").write_text("o0:category,h0:category\n" + "a,a\nb,b\n" * 10)

    def check(path):
        answer = run(limbic, f"limbic check '{path}'", scratch)
        return f"{path.relative_to(CONFIGS)}: exit code {answer.returncode}\n{answer.stderr}" if answer.returncode or answer.stderr else ""

    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        return [text for text in pool.map(check, SHIPPED) if text]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("limbic", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--configs", action="store_true")
    options = parser.parse_args()
    limbic = options.limbic.resolve()
    cases = [case for case in all_cases() if not options.names or case.name in options.names]
    with tempfile.TemporaryDirectory(prefix="limbic-mistakes-") as scratch:
        if options.configs:
            complaints = check_configs(limbic, pathlib.Path(scratch))
            total = len(SHIPPED)
        else:
            complaints = run_cases(limbic, cases, pathlib.Path(scratch))
            total = len(cases)
    print("\n".join(complaints) if complaints else f"{total} as expected")
    return 1 if complaints or total == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
