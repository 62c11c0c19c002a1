"""A job that takes a while, in the place of one of yours: an export, a report, a video."""

import logging
import time

from tidings import Tidings, TidingsError

STEPS = 100


def count_primes(tidings: Tidings, user: str, task: str, below: int) -> None:
    """Counts them in steps, and tells the user after each how far it is."""
    try:
        _count(tidings, user, task, below)
    except Exception:
        logging.exception("The task %s has failed.", task)
        # In words that its user may read: the reason is in the log.
        _report_end(tidings, user, task, error={"code": "internal", "message": "It could not be counted."})


def _count(tidings: Tidings, user: str, task: str, below: int) -> None:
    found = 0
    for step in range(STEPS):
        first, last = below * step // STEPS, below * (step + 1) // STEPS
        found += sum(1 for number in range(first, last) if _is_prime(number))
        if not _report_progress(tidings, user, task, step + 1, f"{found} below {last}"):
            return
    _report_end(tidings, user, task, result={"primes": found})


def _report_progress(tidings: Tidings, user: str, task: str, percent: int, message: str) -> bool:
    """Should it go on? Each report says all there is to know, so that one that gets lost is made good by the next."""
    try:
        return tidings.report_task(user, task, progress=percent, message=message)
    except TidingsError as error:
        logging.warning("Progress of the task %s is not told: %s", task, error)
        return True


def _report_end(tidings: Tidings, user: str, task: str, **how: object) -> None:
    """After it comes no other that would make it good. To say it twice does no harm: a task ends once."""
    for pause in (1, 2, 4, 8, 16, 32, None):
        try:
            tidings.report_task(user, task, **how)
            return
        except TidingsError as error:
            logging.warning("The end of the task %s is not told yet: %s", task, error)
            if error.code != "unavailable" or pause is None:
                return
            time.sleep(pause)


def _is_prime(number: int) -> bool:
    if number < 4:
        return number > 1
    if number % 2 == 0:
        return False
    return all(number % divisor for divisor in range(3, int(number**0.5) + 1, 2))
