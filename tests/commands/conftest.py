"""Every test of a command may have a folder of its own with app files."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from running import Project  # noqa: E402


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)
