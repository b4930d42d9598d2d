"""Named points cost one look when nobody listens, and tell whoever does."""

from market import points


def test_nobody_is_told_unless_somebody_listens():
    points.at("before_write")  # nothing happens


def test_who_listens_is_told_of_every_point_until_they_stop():
    heard: list[str] = []
    points.listen(heard.append)
    try:
        points.at("before_write")
        points.at("after_write")
    finally:
        points.listen(None)
    points.at("before_write")
    assert heard == ["before_write", "after_write"]


def test_every_point_is_called_somewhere_and_no_other_is():
    """A name that nobody calls would be a place where nothing is ever killed."""
    import re
    from pathlib import Path

    root = Path(points.__file__).parents[1]
    files = [path for folder in ("orders", "bots", "kis") for path in (root / folder).rglob("*.py")]
    called = {name for path in files for name in re.findall(r'points\.at\("(\w+)"\)', path.read_text())}
    assert called == set(points.NAMES)
