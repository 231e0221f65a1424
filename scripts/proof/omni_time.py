"""How long 1,000 coherent joint samples of each of 100 questions take, about 20 variables of which a random half is given."""
import csv
import json
import random

from omni_draws import FOLDER

TASK, QUESTIONS, SAMPLES = "gaussian_linear", 100, 1000
PEER_QUESTIONS = 2  # of them that the peer is timed on in whole; its time is proportional
ROW = f"{TASK}: seconds of 1,000 samples of 100 questions"
RATIO = f"{TASK}: score transformer's seconds over limbic's"


def questions(draws):
    file = draws.folder / "half.csv"
    names, *rows = csv.reader(draws.draw(f"rows-{QUESTIONS}.csv", "--rows", QUESTIONS, "--split", "test").read_text().splitlines())
    chance = random.Random(TASK)
    hidden = [set(chance.sample(range(len(names)), len(names) // 2)) for _ in rows]
    lines = [",".join("" if i in blank else cell for i, cell in enumerate(row)) for row, blank in zip(rows, hidden)]
    file.write_text("\n".join([",".join(names), *lines]) + "\n")
    return file


def brain(limbic):
    """How well it was trained does not matter to the time."""
    directory = FOLDER / "timed"
    limbic.train(f"configs/omni/{TASK}.yaml", directory, "--steps", 500, settings=("evals={}",))
    return directory


def rows(table, limbic, budgets):
    if not table.wants(ROW, RATIO):
        return
    draws = budgets.draws(TASK)
    asked, run = questions(draws), brain(limbic)
    seconds = limbic("-q", "infer", run, "--rows", asked, "--samples", SAMPLES, "--device", "cpu", "--out", FOLDER / "timed.csv").seconds
    table.add(ROW, seconds, "<=", 60, "limbic infer --rows, its start and the writing of CSV included")
    if not table.wants(RATIO):
        return
    peer = json.loads(budgets.venv()("omni_peers.py", "score", "--train", draws.training("1e3", 0), "--seconds", 10, "--threads", budgets.threads,
                                     "--samples", SAMPLES, "--time", asked, PEER_QUESTIONS))["sampling"]
    note = f"by 64 Heun steps; {peer['sde'] / seconds:.0f} by 500 Euler-Maruyama steps; from {peer['timed']} questions, batch {peer['batch']}"
    table.report(RATIO, f"{peer['ode'] / seconds:.0f} {note}")
