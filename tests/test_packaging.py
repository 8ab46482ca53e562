"""What is built is what is needed: definitions and templates in the wheel, everything in the sdist."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DEFINITIONS = {path.relative_to(ROOT).as_posix() for path in (ROOT / "parsers").rglob("*.toml")}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist, built by hatchling without the network."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder)],
        cwd=ROOT, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    return folder


def test_the_wheel_holds_every_definition_and_template(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for path in DEFINITIONS:
        assert f"clerk_logscan/{path}" in names
    code = ROOT / "clerk_logscan"
    for path in code.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert path.relative_to(ROOT).as_posix() in names
    assert any(name.endswith("entry_points.txt") for name in names)


def test_the_wheel_alone_knows_the_formats(built: Path, tmp_path: Path) -> None:
    """Installed without a checkout near it: the definitions come from the wheel."""
    (wheel,) = built.glob("*.whl")
    target = tmp_path / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(target), str(wheel)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    code = "from clerk_logscan import cli; sys.stderr.write(cli.__file__); sys.exit(cli.main())"
    # -S and the path by hand: an editable install of the checkout must not be found first.
    site = [str(target), *(path for path in sys.path if path.endswith("site-packages"))]
    result = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {site!r}; {code}", "formats"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert result.returncode == 0
    assert result.stderr.startswith(str(target))
    listed = {line.split()[0] for line in result.stdout.splitlines()[1:]}
    assert listed == {path.stem for path in (ROOT / "parsers").glob("*.toml")}


def test_the_sdist_holds_what_builds_and_tests_it(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    wanted = {"pyproject.toml", "README.md", "LICENSE", "Makefile", "tests/conftest.py", "sample_logs/make_incident.py"}
    assert wanted | DEFINITIONS <= names


def test_the_sample_incident_is_what_its_script_writes(tmp_path: Path) -> None:
    """Nobody edits it by hand, and it comes out the same everywhere."""
    subprocess.run(
        [sys.executable, str(ROOT / "sample_logs" / "make_incident.py"), str(tmp_path)], check=True, timeout=60
    )
    kept = ROOT / "sample_logs" / "incident"
    made = {path.relative_to(tmp_path): path for path in tmp_path.rglob("*") if path.is_file()}
    assert set(made) == {path.relative_to(kept) for path in kept.rglob("*") if path.is_file()}
    for name, path in made.items():
        assert _content(path) == _content(kept / name), name


def _content(path: Path) -> bytes:
    """Return a file's bytes, inflated: zlib's packing differs from release to release."""
    import gzip

    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data
