"""One writer: opens tickets for some seconds, and prints how many a second."""

import os
import sys
import time


def main(seconds: float) -> None:
    import django

    django.setup()
    from followups.actions import intake, matching
    from followups.models import Actor
    from tests.bench import laying

    by, now = Actor("bench"), laying.now()

    def opened(n: int) -> None:
        her = matching.CustomerGiven(reference=f"bench-{os.getpid()}-{n % 500}")
        asked = intake.Intake(subject="Refund missing", category="Bench0/0", channel="phone", customer=her)
        intake.open_ticket(intake=asked, by=by, now=now)

    opened(0)
    time.sleep(max(0, 3 - time.process_time()))
    done, until = 0, time.perf_counter() + seconds
    while time.perf_counter() < until:
        opened(done)
        done += 1
    print(done / seconds)


if __name__ == "__main__":
    main(float(sys.argv[1]))
