import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from launch_box import Box


@pytest.fixture
def box(tmp_path):
    boxes = []

    def run(script: str) -> Box:
        boxes.append(Box(tmp_path, script))
        return boxes[-1]

    yield run
    for made in boxes:
        if made.process.poll() is None:
            made.process.kill()
        made.process.communicate()
