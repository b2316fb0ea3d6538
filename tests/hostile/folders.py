"""Puts beside a hostile spec what it leads to: chains of files, links, pipes, and secrets outside its folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tests.hostile.texts import extending


def linked(target: str, name: str = "linked.toml") -> Callable[[Path], object]:
    return lambda folder: (folder / name).symlink_to(target)


def fan(folder: Path) -> None:
    """Each extends the next, more of them than may be."""
    for number in range(40):
        (folder / f"{number}.toml").write_text(extending(f"{number + 1}.toml"))


def circle(folder: Path) -> None:
    (folder / "one.toml").write_text(extending("two.toml"))
    (folder / "two.toml").write_text(extending("one.toml"))


def secret(folder: Path) -> None:
    (folder.parent / "secret.toml").write_text('secret = "hunter2"\n')


def secret_folder(folder: Path) -> None:
    (folder.parent / "outside").mkdir()
    (folder.parent / "outside" / "secret.toml").write_text('secret = "hunter2"\n')
    (folder / "inner").symlink_to(folder.parent / "outside")


def heavy(folder: Path) -> None:
    (folder / "heavy.toml").write_text("# " + "x" * (8 << 20))


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe.toml")


def chain(folder: Path) -> None:
    """Files that are each almost as large as may be."""
    for number in range(1, 8):
        text = extending(f"{number + 1}.toml") + f"# {'x' * 250_000}\n"
        (folder / f"{number}.toml").write_text(text)
