"""A job that takes a while, in the place of one of yours: an export, a report, a video."""

import logging
import time
from typing import Any

from tidings import Tidings, TidingsError

STEPS = 100


class CountPrimes:
    """Counts them in steps, and tells the user after each how far it is."""

    def __init__(self, tidings: Tidings, user: str, task: str, below: int) -> None:
        self._tidings = tidings
        self._user = user
        self._task = task
        self._below = below

    def queue(self) -> None:
        """From now on its user sees it, also after a reload."""
        self._report(status="queued")

    def run(self) -> None:
        try:
            self._count()
        except Exception:
            logging.exception("The task %s has failed.", self._task)
            # In words that its user may read: the reason is in the log.
            self._report_end(error={"code": "internal", "message": "They could not be counted."})

    def _count(self) -> None:
        found = 0
        for step in range(STEPS):
            first, last = self._below * step // STEPS, self._below * (step + 1) // STEPS
            found += sum(1 for number in range(first, last) if _is_prime(number))
            if not self._report_progress(step + 1, f"{found} below {last}"):
                return
        self._report_end(result={"primes": found})

    def _report_progress(self, percent: int, message: str) -> bool:
        """Should it go on? One that gets lost is made good by the next."""
        try:
            return self._report(progress=percent, message=message)
        except TidingsError as error:
            logging.warning("Progress of the task %s is not told: %s", self._task, error)
            return True

    def _report_end(self, **how: Any) -> None:
        """After it comes no other that would make it good. To say it twice does no harm: a task ends once."""
        for pause in (1, 2, 4, 8, 16, 32, None):
            try:
                self._report(**how)
                return
            except TidingsError as error:
                logging.warning("The end of the task %s is not told yet: %s", self._task, error)
                if error.code != "unavailable" or pause is None:
                    return
                time.sleep(pause)

    def _report(self, **how: Any) -> bool:
        """Each with its name: where Tidings has forgotten the task, it is known again."""
        return self._tidings.report_task(self._user, self._task, name=f"Primes below {self._below:,}", **how)


def _is_prime(number: int) -> bool:
    if number < 4:
        return number > 1
    if number % 2 == 0:
        return False
    return all(number % divisor for divisor in range(3, int(number**0.5) + 1, 2))
