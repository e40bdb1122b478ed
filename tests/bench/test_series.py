"""The measuring of a run's metrics asks what pages still answer."""

from bench import series


def test_every_question_is_answered(db, settings, tmp_path, monkeypatch):
    settings.FILES_FOLDER = tmp_path
    for name, value in (("MILLION", 50_000), ("MANY", 5), ("MOST", 10)):
        monkeypatch.setattr(series, name, value)
    heads, rows = series.ask_all(1)
    assert len(rows) == 13 and all(len(row) == len(heads) for row in rows)
    assert all(float(figure) >= 0 for row in rows for figure in row[1:])
