"""Which examples the demo runs, and that none runs twice."""

from pathlib import Path

import pytest

from studio import serve_demo


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two examples and a helper; the demo finds it."""
    folder = tmp_path / "examples"
    folder.mkdir()
    (folder / "b_fails.py").write_text("raise SystemExit(3)")
    (folder / "a_works.py").write_text("import os; print('in', os.getcwd())")
    (folder / "_shared.py").write_text("")
    monkeypatch.setattr(serve_demo, "ASSETS", tmp_path)
    monkeypatch.setattr(serve_demo, "DATA", tmp_path)
    monkeypatch.setattr(serve_demo, "low_priority", lambda: None)
    return folder


def test_each_example_runs_once_in_order_with_its_output_kept(
    scripts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    serve_demo.main()
    said = capsys.readouterr().out
    assert said.index("a_works.py has started") < said.index("b_fails.py has ended with code 3")
    assert "_shared" not in said
    assert (tmp_path / "demo" / "a_works.log").read_text() == f"in {tmp_path / 'demo' / 'a_works'}\n"
    serve_demo.main()
    assert "have all run" in capsys.readouterr().out


def test_an_interrupted_example_runs_again(
    scripts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "done.json").write_text('["a_works.py"]')
    serve_demo.main()
    assert "trains 1 examples" in capsys.readouterr().out
