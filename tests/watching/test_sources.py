"""Files that are watched: however they are saved, whatever they extend, gone and back."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty, Queue
from types import SimpleNamespace

import pytest

from graphbuilder.compiler import Checked, check, check_text
from graphbuilder.watching import News, follow
from graphbuilder.watching.sources import files_of

BASE = """\
format = 1
name = "base"

[inputs]
image = [3, 16, 16]

[model]
body = [{ id = "conv1", op = "conv", out = 8, kernel = 3 }]
"""
VARIANT = 'format = 1\nname = "variant"\nextends = "sub/base.toml"\n'
SECONDS = 300


class Followed:
    """What is told of a spec, read in a thread of its own."""

    def __init__(self, spec: Path) -> None:
        self._news: Queue[News] = Queue()
        self._told = threading.Thread(target=self._follow, args=(spec,), daemon=True)
        self._told.start()

    def _follow(self, spec: Path) -> None:
        for news in follow(str(spec), lambda: check(spec), _refused):
            self._news.put(news)

    def next(self, wanted: Callable[[News], bool]) -> News:
        """The next news that are so: a save may be seen twice, and half of one once."""
        while True:
            news = self._news.get(timeout=SECONDS)
            if wanted(news):
                return news

    def quiet(self) -> bool:
        """Whether nothing comes for a while."""
        try:
            self._news.get(timeout=1.5)
        except Empty:
            return True
        return False


def _refused(checked: Checked) -> bool:
    return checked.network is None


def channels(count: int) -> Callable[[News], bool]:
    return lambda news: news.network is not None and news.network.outputs["conv1"].channels == count


def code(wanted: str) -> Callable[[News], bool]:
    return lambda news: wanted in [mistake["code"] for mistake in news.mistakes()]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "nets" / "sub").mkdir(parents=True)
    path = tmp_path / "nets" / "sub" / "base.toml"
    path.write_text(BASE, encoding="utf-8")
    (tmp_path / "nets" / "variant.toml").write_text(VARIANT, encoding="utf-8")
    return path


@pytest.fixture
def variant(base: Path) -> Path:
    return base.parents[1] / "variant.toml"


def with_out(count: int) -> str:
    return BASE.replace("out = 8", f"out = {count}")


def replaced(path: Path, text: str) -> None:
    """Save as many editors do."""
    beside = path.with_name(f".{path.name}.swp")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def test_every_way_of_saving_is_seen(base: Path) -> None:
    followed = Followed(base)
    followed.next(channels(8))
    base.write_text(with_out(16), encoding="utf-8")
    assert followed.next(channels(16)).last is not None
    replaced(base, with_out(24))
    found = followed.next(channels(24)).differences()
    assert found is not None and found.counts() == {"changed": 1}
    base.rename(base.with_suffix(".bak"))
    replaced(base, with_out(32))
    followed.next(channels(32))


def test_a_file_that_is_emptied_and_then_written_is_no_mistake(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the grace is as long as the save takes, however long that is."""
    is_written = threading.Event()
    waiting = SimpleNamespace(sleep=lambda _: is_written.wait(SECONDS))
    monkeypatch.setattr("graphbuilder.watching.sources.time", waiting)
    followed = Followed(base)
    followed.next(channels(8))
    told: list[News] = []
    for count in (16, 24, 32):
        is_written.clear()
        with base.open("w", encoding="utf-8") as file:
            time.sleep(0.3)
            file.write(with_out(count))
        is_written.set()
        followed.next(lambda news, count=count: bool(told.append(news)) or channels(count)(news))
    assert [news.mistakes() for news in told] == [[]] * len(told)


def test_what_is_extended_is_watched(base: Path, variant: Path) -> None:
    assert files_of(variant) == (variant, variant.parent / "sub/base.toml")
    followed = Followed(variant)
    followed.next(channels(8))
    replaced(base, with_out(16))
    followed.next(channels(16))
    base.write_text("faulty = [", encoding="utf-8")
    mistakes = followed.next(lambda news: news.network is None).mistakes()
    assert "base.toml: " in mistakes[0]["text"] and mistakes[0]["help"]
    base.write_text(with_out(40), encoding="utf-8")
    followed.next(channels(40))


def test_a_file_that_is_gone_is_a_mistake_until_it_is_back(base: Path, variant: Path) -> None:
    followed = Followed(variant)
    followed.next(channels(8))
    variant.unlink()
    news = followed.next(code("GB001"))
    assert news.last is not None and news.mistakes()[0]["line"] is None
    replaced(base, with_out(16))
    variant.write_text(VARIANT, encoding="utf-8")
    followed.next(channels(16))


def test_what_is_extended_is_missed_and_found(base: Path, variant: Path) -> None:
    text = base.read_text(encoding="utf-8")
    base.unlink()
    followed = Followed(variant)
    assert followed.next(code("GB114")).mistakes()[0]["line"] == 3
    base.write_text(text, encoding="utf-8")
    followed.next(channels(8))


def test_a_folder_that_is_made_anew_is_followed(base: Path, variant: Path) -> None:
    followed = Followed(variant)
    followed.next(channels(8))
    nets, old = variant.parent, variant.parent.with_name("old")
    nets.rename(old)
    followed.next(code("GB001"))
    (nets / "sub").mkdir(parents=True)
    (nets / "sub" / "base.toml").write_text(with_out(16), encoding="utf-8")
    variant.write_text(VARIANT, encoding="utf-8")
    followed.next(channels(16))
    replaced(nets / "sub" / "base.toml", with_out(24))
    followed.next(channels(24))


def test_through_a_link_too(base: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(base)
    followed = Followed(link)
    followed.next(channels(8))
    replaced(base, with_out(16))
    followed.next(channels(16))


def test_other_files_are_none_of_its_business(base: Path) -> None:
    followed = Followed(base)
    followed.next(channels(8))
    (base.parent / "other.toml").write_text(BASE, encoding="utf-8")
    assert followed.quiet()


@pytest.mark.parametrize(
    ("extends", "count"),
    [
        ('"/etc/passwd"', 1),
        ('"../variant.toml"', 1),
        ('"../../../../etc/passwd"', 1),
        ('"pipe"', 1),
        ("3", 1),
        ('"a\\u0000b"', 1),
        ('"base.toml"', 1),
        ('"missing.toml"', 2),
    ],
)
def test_files_end_where_a_spec_may_not_extend(base: Path, extends: str, count: int) -> None:
    os.mkfifo(base.with_name("pipe"))
    base.write_text(f"extends = {extends}\n", encoding="utf-8")
    assert len(files_of(base)) == count


def test_a_mistake_has_its_shapes_in_the_order_of_the_figure(base: Path) -> None:
    base.write_text(with_out(8).replace(" }]", ' }, { op = "add", from = ["conv1", "image"] }]'), encoding="utf-8")
    checked = check(str(base))
    last = check_text(with_out(8)).network
    (mistake,) = News(str(base), None, checked.diagnostics, last, checked.part).mistakes()
    assert (mistake["code"], mistake["text"]) == ("GB204", "cannot add 14×14×8 and 16×16×3")
