"""How peers of scripts/proof/speed are timed; needs the standard library alone."""
import time


def timed(step, count, warmup, finish=lambda: None):
    """Calls step(0), ..., step(count - 1). What they returned; milliseconds a step of those after the warm-up; when the first was done."""
    answers = [step(0)]
    finish()
    first_at = started = time.time()
    for number in range(1, count):
        if number == warmup:
            finish()
            started = time.time()
        answers.append(step(number))
    finish()
    return answers, 1000 * (time.time() - started) / max(count - warmup, 1), first_at
