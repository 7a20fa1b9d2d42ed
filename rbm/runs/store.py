"""The store of runs: records and metrics in SQLite, models and checkpoints in `.npz` files beside it.

A checkpoint never runs ahead of the metrics, nor a status of a model: what is written first is what can be
made again. So a process may be killed between any two lines, and a resumed run is never missing an epoch.

What a training writes (`keep`) never raises: if the disk doesn't take it, `trouble` says so, and the next
call tries again. What an owner asks for raises a Refused.
"""

from __future__ import annotations

import logging
import sqlite3
import time
import weakref
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from rbm import files
from rbm.errors import BadFile, BadValue, NoSuchRun, NotSaved, Refused
from rbm.models import io
from rbm.models.binary import RBM
from rbm.runs import checkpoint as checkpoints
from rbm.runs import processes, room
from rbm.runs.database import Database
from rbm.runs.limits import Limits
from rbm.runs.opening import explain, open_database
from rbm.runs.processes import Presence
from rbm.runs.progress import History, Point
from rbm.runs.record import VERSIONS, Run, from_row, row
from rbm.training import autoencoder
from rbm.training.config import TrainConfig
from rbm.training.state import TrainState

UNDO_SECONDS = 24 * 3600.0  # a deleted run can come back for so long
log = logging.getLogger(__name__)


class Store:
    """The runs under `home`. Threads and processes may share it; close it when done.

    trouble: why nothing is being saved, a sentence; None if all is well. It ends with the first write that
    succeeds, unless nothing could be written when the store was opened: then it takes a restart. Raises Refused
    where a newer version of this program made it.
    """

    def __init__(self, home: Path, limits: Limits | None = None) -> None:
        self.home, self.limits = home, limits or Limits()
        self._presence = _enter(home)
        with processes.alone(home / "processes") if self._presence else nullcontext():
            opened = open_database(home / "runs.sqlite")
            self.trouble, self._notice = opened.trouble, opened.notice
            self._for_good = opened.trouble  # the records are in memory, and stay there
            self._sizes: dict[str, int] = {}  # by run; read for those alone whose files no other process writes
            self._database = Database(opened.writer, opened.readers)
            self._close = weakref.finalize(self, _leave, self._database, self._presence)
            if self.trouble is None:
                self._tidy()
            else:
                log.warning(self.trouble)

    def close(self) -> None:
        """What still trains counts as interrupted from now on."""
        self._close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def notice(self) -> str | None:
        """What is damaged, a sentence."""
        damaged = self._database.damaged.copy()
        if not damaged:
            return self._notice
        which, why = next(iter(damaged.items()))
        others = f", and {len(damaged) - 1} more" if len(damaged) > 1 else ""
        told = f"The record of run {which[:6]} is damaged and left out: {why}{others}. All other runs are as they were."
        return f"{self._notice} {told}" if self._notice else told

    @property
    def holder(self) -> str:
        """What this process goes by in a record."""
        return self._presence.token if self._presence else ""

    # ---- what a training writes

    def keep(
        self, run: Run, points: Iterable[Point] = (), *, state: TrainState | None = None, model: RBM | None = None
    ) -> bool:
        """Write what is given; whether the disk took it. Of a run that is known only the progress is changed."""
        try:
            if model is not None:
                self._write_model(run, model)
            self._database.put(run, points)
            if state is not None:
                checkpoints.write(self._checkpoint_path(run.id), state, row(run))
            elif run.status in ("finished", "diverged"):
                self._checkpoint_path(run.id).unlink(missing_ok=True)
        except (OSError, sqlite3.Error) as error:
            self._tell(explain(self.home, error))
            return False
        finally:
            self._sizes.pop(run.id, None)
        self._tell(self._for_good)
        return self._for_good is None

    def add(self, run: Run) -> None:
        """Write a new run down, unless its training has already done so. As `keep`, never raises."""
        try:
            self._database.add(run)
        except sqlite3.Error as error:
            self._tell(explain(self.home, error))

    def claim(self, run: Run) -> bool:
        """Make this process the one that trains `run`; False if another was quicker."""
        try:
            return self._database.claim(run, self.holder)
        except sqlite3.Error as error:
            self._tell(explain(self.home, error))
            return True  # it will be trained in memory alone: there is nothing to agree about

    # ---- what anyone with the id may read

    def get(self, run_id: str) -> Run:
        """Raises NoSuchRun."""
        return self._one("id = ? AND deleted IS NULL", run_id)

    def sweep(self, sweep: str) -> list[Run]:
        """The runs of a sweep, in the order in which they were asked for; none where there is no such sweep."""
        return self._find("sweep = ? AND sweep != '' AND deleted IS NULL ORDER BY rowid", sweep)

    def points(self, run_id: str, up_to: int | None = None) -> tuple[Point, ...]:
        """The learning curve, thinned; up to an epoch, if given."""
        found = self._database.points(run_id)
        return History(point for point in found if up_to is None or point.epoch <= up_to).points()

    def all_points(self, run_id: str) -> list[Point]:
        return list(self._database.points(run_id))

    def checkpoint(self, run: Run) -> TrainState | None:
        """From where to go on; None to begin at the beginning. Raises BadCheckpoint or OSError."""
        path = self._checkpoint_path(run.id)
        return checkpoints.read(path)[0] if path.exists() else None

    def model(self, run: Run) -> RBM | None:
        """The model so far: None where none was kept. Raises BadModelFile, BadCheckpoint or OSError."""
        model, checkpoint = self._model_path(run.id), self._checkpoint_path(run.id)
        if model.exists() and (run.over or not checkpoint.exists()):
            return io.read(model)[0]
        state = self.checkpoint(run)
        return None if state is None else checkpoints.model(state, run.config, run.n_classes)

    # ---- what belongs to an owner (given as `visitors.owner_hash`)

    def owned_by(self, owner: str) -> list[Run]:
        """The owner's runs, the newest first."""
        return self._find("owner = ? AND deleted IS NULL ORDER BY rowid DESC", owner)

    def standing_on(self, run: Run) -> list[Run]:
        """The owner's runs that stand on this one."""
        return [above for above in self.owned_by(run.owner) if above.below == run.id]

    def change(self, run: Run, column: str, value: object) -> None:
        """Rename, pin, delete: what an owner may change in a record. Raises NotSaved."""
        try:
            self._database.change(run.id, column, value)
        except sqlite3.Error as error:
            self._tell(explain(self.home, error))
            raise NotSaved(f"this could not be saved. {self.trouble}") from error

    def undelete(self, owner: str, run_id: str) -> None:
        """Bring a run back within UNDO_SECONDS, unless its room was needed. Raises NoSuchRun or NotSaved."""
        self.change(self._one("id = ? AND owner = ? AND deleted IS NOT NULL", run_id, owner), "deleted", None)

    def alike(self, fingerprint: str, config: TrainConfig, n_classes: int) -> list[Run]:
        """Finished runs, anybody's, that the same training would repeat to the last bit; the oldest first.

        Not those that were imported: they only claim to be what they are.
        """
        found = self._database.alike(fingerprint, config, n_classes)
        return [run for run in found if dict(run.versions) == VERSIONS and self._model_path(run.id).exists()]

    def copy(self, run: Run, new: Run) -> None:
        """Keep `new` with the curve and the model of `run`. Raises NotSaved."""
        if not self.keep(new, self._database.points(run.id), model=io.read(self._model_path(run.id))[0]):
            raise NotSaved(f"the run could not be saved. {self.trouble}")

    # ---- for whoever runs the server

    def all(self, *, deleted: bool = False) -> list[Run]:
        return self._find() if deleted else self._find("deleted IS NULL")

    def ask_to_stop(self, run_id: str) -> None:
        """Whatever process trains this run stops it at its next checkpoint. Raises OSError."""
        self._request_path(run_id).parent.mkdir(exist_ok=True)
        self._request_path(run_id).touch()

    def asked_to_stop(self, run_id: str) -> bool:
        """Whether that was asked; it is forgotten by this answer."""
        asked = self._request_path(run_id).exists()
        if asked:
            self._request_path(run_id).unlink(missing_ok=True)
        return asked

    # ---- room

    def would_go(self, more: int = 1, whose: str | None = None, below: str = "") -> list[Run]:
        """What `make_room(more)` would remove: what is past its time, and see `room.leaving`."""
        runs = self._find("TRUE ORDER BY rowid")
        old = [run for run in runs if run.deleted is None and room.is_old(run, self.limits.max_days)]
        staying = [run for run in runs if run.deleted is None and (run not in old or run.id == below)]
        held = room.with_layers_below(staying, runs)
        old = [run for run in old if run.id not in held]
        runs = [run for run in runs if run not in old]
        sizes = {run.id: self.size(run) for run in runs}
        return old + room.leaving(runs, sizes, self.limits, more, self._database.size(), whose, below)

    def make_room(self, more: int = 1, below: str = "") -> None:
        """Remove for good what `would_go` names. below: the run that the new one stands on."""
        self.remove(self.would_go(more, below=below))

    def remove(self, runs: list[Run]) -> None:
        """For good, with their files."""
        for run in runs:
            self._remove(run)
        if runs:
            self._database.compact()

    def make_room_for_import(self, owner: str) -> None:
        """An import pushes out the importer's own runs alone. Raises Refused where that is not enough."""
        self.remove(self.would_go(whose=owner))

    def check_pin(self, run: Run) -> None:
        """Raises Refused where pinned runs and the layers below them would fill more than half of the store."""
        runs = self._find("deleted IS NULL")
        pinned = room.with_layers_below([run, *(one for one in runs if one.pinned)], runs)
        count, total = len(pinned), sum(map(self.size, pinned.values()))
        if count > max(1, self.limits.max_runs // 2) or total > self.limits.max_megabytes * 2**19:
            raise Refused("pinned runs fill half of this server's store, and no more can be pinned; download this one")

    def size(self, run: Run) -> int:
        """Bytes of its files. Every start adds up those of all runs, so what is known isn't asked of the disk again."""
        ours = run.holder == self.holder or run.status in ("finished", "diverged")
        known = self._sizes.get(run.id) if ours else None
        if known is None:
            paths = (self._model_path(run.id), self._checkpoint_path(run.id))
            known = self._sizes[run.id] = sum(path.stat().st_size for path in paths if path.exists())
        return known

    # ---- below the surface

    def _find(self, where: str = "TRUE", *values: object) -> list[Run]:
        """As they are now: a run whose process is gone is interrupted, whatever it last wrote."""
        return [self._as_it_is(run) for run in self._database.find(where, *values)]

    def _as_it_is(self, run: Run) -> Run:
        if not run.unfinished or self._alive(run.holder):
            return run
        return replace(run, status="interrupted")

    def _alive(self, holder: str) -> bool:
        return bool(holder) and (holder == self.holder or processes.alive(self.home / "processes", holder))

    def _one(self, where: str, *values: object) -> Run:
        found = self._find(where, *values)
        if not found and (why := self._database.damaged.get(str(values[0]))):
            raise NoSuchRun(f"the record of this run is damaged: {why}")
        if not found:
            raise NoSuchRun("there is no such run: its address is incomplete, or its owner has deleted it")
        return found[0]

    def _model_path(self, run_id: str) -> Path:
        return self.home / "models" / f"{run_id}.npz"

    def _request_path(self, run_id: str) -> Path:
        return self.home / "requests" / f"{run_id}.stop"

    def _checkpoint_path(self, run_id: str) -> Path:
        return self.home / "checkpoints" / f"{run_id}.npz"

    def _write_model(self, run: Run, model: RBM) -> None:
        note = {"name": run.name, "data": run.data, "epochs": run.epoch, "validation_error": run.validation_error}
        note |= autoencoder.note(run.config)
        io.save(self._model_path(run.id), model, {**note, "run": row(run)})

    def _remove(self, run: Run) -> None:
        try:
            self._database.remove(run.id)
            for path in (self._model_path(run.id), self._checkpoint_path(run.id)):
                path.unlink(missing_ok=True)
            self._sizes.pop(run.id, None)
        except (OSError, sqlite3.Error) as error:
            self._tell(explain(self.home, error))

    def _tell(self, trouble: str | None) -> None:
        if trouble != self.trouble:
            log.warning(trouble or f"runs are saved in {self.home} again")
            self.trouble = trouble

    def _tidy(self) -> None:
        """Take away what nobody can ask for any more, and take over files that have lost their record."""
        try:
            for folder in (self.home / "models", self.home / "checkpoints"):
                files.remove_abandoned(folder)
        except OSError as error:
            self._tell(explain(self.home, error))
        for run in self._database.find("deleted < ?", time.time() - UNDO_SECONDS):
            self._remove(run)
        known = self._database.ids()
        paths = [path for folder in ("models", "checkpoints") for path in (self.home / folder).glob("*.npz")]
        for path in paths:  # models first: they say more than checkpoints
            lost = None if path.stem in known else self._recovered(path)
            if lost is not None:
                self.add(lost)

    def _recovered(self, path: Path) -> Run | None:
        """The run that a model or a checkpoint without a record belongs to, from the note inside it."""
        try:
            note = io.read(path)[1]["run"] if path.parent.name == "models" else checkpoints.read(path)[1]
            run = from_row(note)
        except (BadFile, BadValue, KeyError, TypeError, OSError) as error:
            log.warning("%s belongs to no run and can't be read: %s", path, error)
            return None
        return run if run.id == path.stem else None


def _enter(home: Path) -> Presence | None:
    """None where nothing can be written."""
    try:
        for folder in ("models", "checkpoints"):
            (home / folder).mkdir(parents=True, exist_ok=True)
        return Presence(home / "processes")
    except OSError as error:
        log.warning(explain(home, error))
        return None


def _leave(database: Database, here: Presence | None) -> None:
    database.close()
    if here is not None:
        here.close()
