"""The Python in the documentation, which a reader puts into an empty file and runs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from emulator import PATIENCE, Emulator

ROOT = Path(__file__).resolve().parents[3]
# `dev` has the demo with the ARNs that the pages use.
URL_OF_DEV = "http://127.0.0.1:8700"


def scripts():
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for number, code in enumerate(re.findall(r"^```python\n(.*?)^```", page.read_text(), re.M | re.S)):
            yield pytest.param(code, id=f"{page.relative_to(ROOT)}-{number}")


@pytest.mark.parametrize("code", scripts())
def test_it_runs_and_prints_what_everyone_sees(code, tmp_path):
    assert URL_OF_DEV in code
    demo = Emulator()
    try:
        script = tmp_path / "script.py"
        script.write_text(code.replace(URL_OF_DEV, demo.url))
        ran = subprocess.run(
            [sys.executable, script], capture_output=True, text=True, timeout=PATIENCE, cwd=tmp_path, env=os.environ
        )
    finally:
        demo.end()
    assert ran.returncode == 0, ran.stderr
    assert "What the **** is this?" in ran.stdout
