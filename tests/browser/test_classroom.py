"""Many start at once on a real server, by the browser's own protocol: nobody's run is lost or another's."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path

from benchmarks import pupils, server
from benchmarks.pupils import Pupil

PUPILS = 6


async def lesson(url: str, seats: Sequence[Pupil]) -> list[str]:
    async with AsyncExitStack() as stack:
        tabs = await pupils.seated(url, seats, stack)
        return await pupils.train(seats, tabs, spread=0.5)


def test_a_class_starts_at_once_and_each_gets_their_own_run(tmp_path: Path) -> None:
    seats = pupils.pupils(PUPILS, "digits-8x8", n_hidden=29, epochs=20)
    home, log = tmp_path / "home", tmp_path / "log"
    # in a thread: this one has playwright's event loop, for the other stories
    with server.running(log, RBM_HOME=str(home)) as running, ThreadPoolExecutor(1) as thread:
        assert thread.submit(asyncio.run, lesson(running.url, seats)).result() == []
    assert "Traceback" not in log.read_text()
    assert pupils.faults(home, seats, repeat=PUPILS) == []

    seats[1].owner, seats[4].owner = seats[4].owner, seats[1].owner  # the check itself sees what it is to see
    mixed_up = pupils.faults(home, [*seats[:-1], Pupil(seats[0].data, seats[0].config)], repeat=PUPILS)
    assert [sum(f"seed {seed} " in said for said in mixed_up) for seed in range(1000, 1006)] == [2, 4, 0, 0, 4, 0]
