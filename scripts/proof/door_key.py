"""door_key's part of scripts/proof/omni: six questions against exact floors on fresh draws and published figures from 500 trajectories, and planning."""
from table import each

# Question: the best published learned figure at 500 trajectories, nats.
QUESTIONS = {
    "history": ("next action, given history", 1.12),
    "first_return": ("next action, given history and the first return", 1.11),
    "last_state": ("next action, given history and the last state", 1.04),
    "waypoints": ("next action, given history and states 3, 6, 9", 0.919),
    "next_state": ("next state, given state and action", 0.208),
    "previous_state": ("previous state, given next state and action", 1.49),
}
PLANNING = "door_key: share that reach the goal, return clamped high"
HALF = "door_key: gap, half of the cells observed"
MINUTES = "door_key: minutes of training, slowest seed"


def above_floor(question):
    return f"door_key: {question}, above the floor"


def few_rows(question):
    return f"door_key_500: {question}"


def rows(table, runs, seeds):
    table.attempt(fresh_rows, table, runs, seeds)
    table.attempt(rows_of_few, table, runs, seeds)


def rows_of_few(table, runs, seeds):
    if not table.wants(*(few_rows(question) for question, _ in QUESTIONS.values())):
        return
    found = [runs.figures("omni/door_key_500", seed) for seed in seeds]
    for key, (question, published) in QUESTIONS.items():
        nats = [figures[f"eval/{key}.cortex"] for figures in found]
        table.add_worst(few_rows(question), nats, "<=", published, f"{each(nats, 4)}; the best published")


def fresh_rows(table, runs, seeds):
    if not table.wants(*(above_floor(question) for question, _ in QUESTIONS.values()), PLANNING, HALF, MINUTES):
        return
    fresh = [runs.figures("omni/door_key", seed) for seed in seeds]
    for key, (question, _) in QUESTIONS.items():
        floors = [figures[f"eval/{key}.exact"] for figures in fresh]
        above = [figures[f"eval/{key}.cortex"] - floor for figures, floor in zip(fresh, floors)]
        table.add_worst(above_floor(question), above, "<=", 0.05, f"{each(above, 4)}; floor {each(floors, 4)}")
    planned = lambda key: [figures[f"eval/planning{key}"] for figures in fresh]
    table.add_worst(PLANNING, planned(""), ">=", 0.75,
                    f"{each(planned(''))}; at best, from the same starts, {each(planned('.possible'))}; demonstrators {each(planned('.behaviour'))}")
    table.add_worst(HALF, (figures["eval/half"] for figures in fresh), "<=", 0.05)
    runs.minutes_row(table, MINUTES, "omni/door_key", seeds, 15)
