"""Charts show what the figures say: pure values in, shapes out."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from langai_site.usage.reports import charts
from langai_site.usage.reports.periods import Days, days_of, steps_of

COUNTS = st.dictionaries(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from("123456789")), st.integers(0, 10**12), max_size=27
)


def columns(values, steps=("a", "b", "c")):
    return charts.columns(values, steps, title="Cost", shown=str)


@given(COUNTS)
def test_columns_stand_on_the_ground_inside_the_chart_and_above_each_other(values):
    drawn = columns(values)
    tops = {}
    for bar in drawn.bars:
        x, y, width, height = (float(number) for number in (bar.x, bar.y, bar.width, bar.height))
        assert x >= 0
        assert x + width <= charts.WIDTH
        assert y >= -0.02
        assert abs(y + height - tops.get(x, charts.HEIGHT)) < 0.05
        tops[x] = y
    highest = max((sum(value for key, value in values.items() if key[0] == step) for step in "abc"), default=0)
    assert int(drawn.top) >= highest


def test_small_parts_share_one_colour():
    drawn = columns({("a", str(number)): number for number in range(1, 10)})
    assert len(drawn.legend) == charts.HUES + 1
    assert drawn.legend[-1] == (charts.HUES + 1, "all others")
    assert [bar.told for bar in drawn.bars][-1] == "a, all others: 6"


def test_a_chart_without_parts_has_no_legend_and_one_without_figures_says_so():
    assert columns({("a", ""): 3}).legend == ()
    assert columns({}).description == "Nothing in this time."
    assert columns({}, steps=()).ticks == ()


def test_an_axis_ends_at_a_round_number():
    assert [charts.nice(value) for value in (0, 1, 3, 10, 11, 51, 999)] == [2, 2, 4, 10, 20, 60, 1000]


def test_a_ranking_shows_the_largest_and_counts_the_rest():
    drawn = charts.ranking({str(number): number for number in range(20)}, title="Cost", shown=str)
    assert (drawn.ranks[0].name, drawn.ranks[0].width) == ("19", "1000")
    assert drawn.others == 20 - charts.RANKED


def test_steps_cover_the_days_whole():
    days = Days(date(2026, 2, 27), date(2026, 3, 9))
    assert len(steps_of("day", days)) == 11
    assert steps_of("week", days) == (date(2026, 2, 23), date(2026, 3, 2), date(2026, 3, 9))
    assert steps_of("month", days) == (date(2026, 2, 1), date(2026, 3, 1))


def test_periods_are_what_they_are_called():
    today = date(2026, 3, 31)
    assert days_of("today", today) == Days(today, today)
    assert days_of("7-days", today).count == 7
    assert days_of("30-days", today).count == 30
    assert days_of("month", today) == Days(date(2026, 3, 1), today)
    assert days_of("last-month", today) == Days(date(2026, 2, 1), date(2026, 2, 28))
