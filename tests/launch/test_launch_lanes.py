"""`./run test` runs two lanes side by side; what is in the second may disturb nobody in the first."""

import re

import pytest

from infra.launch import checks, paths


@pytest.mark.parametrize("folder", checks.BESIDE)
def test_the_second_lane_has_its_folders(folder: str) -> None:
    assert list((paths.ROOT / "tests" / folder).rglob("test_*.py"))


def test_nothing_in_the_second_lane_starts_a_bot_or_speaks_to_every_database_of_redis() -> None:
    shared = re.compile(r"tests\.processes|from tests import processes|\bstart_bot\b|\.publish\(|\.pubsub\(")
    found = [
        str(path.relative_to(paths.ROOT))
        for folder in checks.BESIDE
        for path in (paths.ROOT / "tests" / folder).rglob("*.py")
        if shared.search(path.read_text())
    ]
    assert found == []
