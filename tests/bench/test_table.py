import pytest

from tests.bench.table import Row, kilobytes, machine_note, median, quantile, signed, table


def test_a_median_is_one_of_the_values():
    assert median([3, 1, 2]) == 2
    assert median([4.0]) == 4.0


def test_a_quantile_is_not_thrown_by_order_or_ends():
    values = [5, 1, 4, 2, 3]
    assert quantile(values, 0) == 1
    assert quantile(values, 0.95) == 5
    assert quantile(values, 1) == 5


def test_there_is_no_quantile_of_nothing():
    with pytest.raises(ValueError, match="nothing"):
        quantile([], 0.5)


def test_numbers_are_told_in_their_units():
    assert signed(12.4) == "+12 ms"
    assert signed(-3.2) == "-3 ms"
    assert signed(4520) == "+4,520 ms"
    assert kilobytes(15_040) == "15.0 kB"


def test_columns_line_up_and_no_line_ends_in_blanks():
    lines = table([Row("start", "4.0 s", "≤ 5 s", "11 s"), Row("a longer figure", "1")]).splitlines()
    assert lines[0].startswith("figure          | measured | goal")
    assert {line.index("|") for line in lines} == {len("a longer figure ")}
    assert all(line == line.rstrip() for line in lines)


def test_the_note_names_the_busiest_moment():
    note = machine_note(2, [("cpu", 0.1), ("page", 0.75), ("start", 0.2)])
    assert "2 cores" in note
    assert "0.20 of them in the median" in note
    assert "0.75 at most (in page)" in note
    assert machine_note(4, []) == "4 cores."
