"""``zaehlwerk terms``: a file is sound (0), has problems (1), or is none (2)."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.cli import app
from invoicing.terms import SHIPPED

FLUKS = SHIPPED / "fluks-2023-03.toml"


def terms(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["terms", *map(str, arguments)])


def broken(folder: Path) -> Path:
    """The fluks file without the price of its first package."""
    path = folder / FLUKS.name
    path.write_text(FLUKS.read_text(encoding="utf-8").replace("price = 60.00, ", "", 1), encoding="utf-8")
    return path


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_a_sound_file_is_summed_up(path: Path) -> None:
    done = terms("check", path)
    assert (done.exit_code, done.stderr) == (0, "")
    assert path.stem in done.stdout


def test_a_sound_file_is_summed_up_for_programs() -> None:
    done = json.loads(terms("check", SHIPPED / "klugo.toml", "--json").stdout)
    assert (done["ok"], done["problems"], done["example_prices"]) == (True, [], True)
    assert (done["packages"], done["services"]) == (["user-login", "beratung-basic"], ["beratung-plus"])
    assert done["models"] == ["flat", "one_off"]
    assert "billing" in done["silent"]
    assert "payment" not in done["silent"]


def test_problems_end_with_1_and_name_file_line_key_and_fix(tmp_path: Path) -> None:
    path = broken(tmp_path)
    line = 1 + next(
        number for number, text in enumerate(path.read_text("utf-8").splitlines()) if 'model = "flat", clause' in text
    )
    done = terms("check", path)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == f"{FLUKS.name}:{line}: packages.schnupperpaket.prices[1].price: is missing\n"
    told = terms("check", path, "--json")
    assert told.exit_code == 1
    assert json.loads(told.stdout) == {
        "file": str(path),
        "ok": False,
        "problems": [{"line": line, "key": "packages.schnupperpaket.prices[1].price", "message": "is missing"}],
    }


@pytest.mark.parametrize("name", ["missing.toml", "folder.toml", "latin.toml"])
def test_what_cannot_be_read_is_bad_use(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "latin.toml").write_bytes('title = "Geschäft"'.encode("latin-1"))
    done = terms("check", tmp_path / name)
    assert (done.exit_code, done.stdout) == (2, "")
    assert name in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_no_file_and_no_folder_are_bad_use(tmp_path: Path) -> None:
    assert terms("check").exit_code == 2
    assert terms("docs", tmp_path / "missing").exit_code == 2


def test_the_docs_are_written_where_one_says(tmp_path: Path) -> None:
    assert terms("docs", tmp_path).exit_code == 0
    for name in ("terms.md", "terms.schema.json"):
        committed = Path(__file__).parents[2] / "docs" / name
        assert (tmp_path / name).read_text("utf-8") == committed.read_text("utf-8")
