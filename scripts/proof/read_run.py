"""read_run.py RUN EXPORTED INSPECTED: reads a run's artefacts with Python's own packages and compares them with what limbic says of them."""
import json
import math
import pathlib
import struct
import sys

import numpy
from safetensors.numpy import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def norm(array):
    return float(numpy.linalg.norm(array.astype(numpy.float64).ravel()))


def compare_tensors(run, exported, inspected):
    """Norms of every tensor against `limbic inspect`, exported weights bit by bit against the checkpoint, whose they all are."""
    checkpoint = run / "checkpoints" / (run / "checkpoints/latest").read_text().strip()
    weights, seen, tensors, different = load_file(exported), set(), 0, 0
    for circuit, described in json.loads(pathlib.Path(inspected).read_text())["circuits"].items():
        arrays = load_file(checkpoint / f"{circuit}.safetensors")
        different += set(arrays) != set(described)
        for name, array in arrays.items():
            tensors += 1
            different += not math.isclose(norm(array), described[name]["norm"], rel_tol=1e-9, abs_tol=1e-12)
            if name.startswith(("cortex.", "amygdala.")):  # evals and infer use the moving average where there is one
                seen.add(name)
                used = arrays.get("average/" + name, array)
                different += name not in weights or weights[name].tobytes() != used.tobytes()
    return tensors, different + len(weights.keys() - seen)


def compare_scalars(run):
    """TensorBoard's scalars against metrics.jsonl, step by step: no gap, no duplicate, no other value."""
    accumulator = EventAccumulator(str(run), size_guidance={"scalars": 0})
    accumulator.Reload()
    read = [(tag, e.step, e.value) for tag in accumulator.Tags()["scalars"] for e in accumulator.Scalars(tag)]
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    single = lambda x: struct.unpack("f", struct.pack("f", float(x)))[0]
    written = [(tag, row["step"], single(value)) for row in rows for tag, value in row.items() if tag != "step"]
    return len(read), len(set(map(str, written)) ^ set(map(str, read))) + abs(len(written) - len(read))


def main():
    run, exported, inspected = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    tensors, different = compare_tensors(run, exported, inspected)
    scalars, scalars_different = compare_scalars(run)
    print(json.dumps({"tensors": tensors, "different": different, "scalars": scalars, "scalars_different": scalars_different}))


if __name__ == "__main__":
    main()
