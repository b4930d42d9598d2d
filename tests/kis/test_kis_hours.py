"""KIS's own hours: on Korea's clock, shifted by the daylight saving of the US."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from kis import hours

SEOUL = ZoneInfo("Asia/Seoul")
WINTER, SUMMER = (2026, 1, 14), (2026, 7, 15)


def korea(day, hour, minute=0, second=0):
    return datetime(*day, hour, minute, second, tzinfo=SEOUL)


class TestReservations:
    @pytest.mark.parametrize(
        ("moment", "accepted"),
        [
            (korea(WINTER, 9, 59, 59), False),
            (korea(WINTER, 10), True),
            (korea(WINTER, 16, 29), True),
            (korea(WINTER, 16, 30), False),
            (korea(WINTER, 16, 45), True),
            (korea(WINTER, 23, 19, 59), True),
            (korea(WINTER, 23, 20), False),
            (korea(SUMMER, 22, 19, 59), True),
            (korea(SUMMER, 22, 20), False),
            (korea(SUMMER, 0, 30), False),
        ],
    )
    def test_are_taken_from_ten_until_ten_minutes_before_the_us_open_with_a_pause(self, moment, accepted):
        assert hours.reservations_accepted(moment) is accepted

    def test_daylight_saving_begins_and_ends_with_new_york(self):
        for day, accepted in [
            ((2026, 3, 6), True),
            ((2026, 3, 9), False),
            ((2026, 10, 30), False),
            ((2026, 11, 2), True),
        ]:
            assert hours.reservations_accepted(korea(day, 22, 30)) is accepted

    def test_a_time_without_a_zone_is_no_time(self):
        with pytest.raises(ValueError, match="zone"):
            hours.reservations_accepted(datetime(2026, 1, 14, 12))


class TestPresentBalance:
    @pytest.mark.parametrize(
        ("moment", "doubtful"),
        [
            (korea(WINTER, 18, 9, 59), False),
            (korea(WINTER, 18, 10), True),
            (korea(WINTER, 23, 59), True),
            (korea(WINTER, 0), True),
            (korea(WINTER, 6, 29, 59), True),  # the US closes at 06:00 in winter, at 05:00 in summer
            (korea(WINTER, 6, 30), False),
            (korea(SUMMER, 5, 29, 59), True),
            (korea(SUMMER, 5, 30), False),
            (korea(SUMMER, 8, 42), True),  # final figures come
            (korea(SUMMER, 8, 45), False),
            (korea(SUMMER, 12), False),
        ],
    )
    def test_without_the_extension_it_lags_from_the_evening_until_after_the_close(self, moment, doubtful):
        assert (hours.present_balance_doubt(moment) is not None) is doubtful

    @pytest.mark.parametrize(
        ("moment", "doubtful"),
        [
            (korea(WINTER, 20), False),
            (korea(WINTER, 23, 40), True),
            (korea(WINTER, 0, 9), True),
            (korea(WINTER, 0, 10), False),
            (korea(WINTER, 3), False),
            (korea(WINTER, 10, 32), True),
            (korea(WINTER, 9, 32), False),
            (korea(SUMMER, 9, 32), True),
        ],
    )
    def test_with_the_extension_it_lags_during_the_batch_only(self, moment, doubtful):
        assert (hours.present_balance_doubt(moment, extended=True) is not None) is doubtful

    def test_the_reason_says_what_to_use_instead(self):
        doubt = hours.present_balance_doubt(korea(WINTER, 20))
        assert "holdings" in doubt.en
        assert "잔고조회" in doubt.ko
