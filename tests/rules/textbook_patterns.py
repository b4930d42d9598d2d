"""One textbook example of every candle pattern and signal, as rows of (open, high, low, close).

Each follows twelve quiet candles with bodies of 2 and ranges of 3: long is a body above 2, a doji one of at most 0.3,
a shadow below 0.3 is none, near 0.6, far 1.8, equal 0.15.
"""

Row = tuple[float, float, float, float]

QUIET: list[Row] = [(99, 101.5, 98.5, 101), (101, 101.5, 98.5, 99)] * 6

LONG_BLACK: Row = (103, 103.2, 98.8, 99)
LONG_WHITE: Row = (99, 103.2, 98.8, 103)
WHITE: Row = (99, 101.5, 98.5, 101)
BLACK: Row = (101, 101.5, 98.5, 99)

RISING_THREE: list[Row] = [
    (100, 105.2, 99.8, 105),
    (104.5, 104.8, 103.3, 103.5),
    (103.8, 104, 102.3, 102.5),
    (102.8, 103, 101.3, 101.5),
    (102, 106.2, 101.8, 106),
]
MORNING: list[Row] = [LONG_BLACK, (98, 98.3, 97, 97.5), (98.5, 102.2, 98.3, 102)]
MORNING_DOJI: list[Row] = [LONG_BLACK, (97.5, 98, 97, 97.6), (98.5, 102.2, 98.3, 102)]
GAP_UP_FILLED_HALF: list[Row] = [WHITE, (102, 104.2, 101.8, 104), (103.5, 103.8, 101.4, 101.6)]
SAME_CLOSE: list[Row] = [LONG_BLACK, (95, 99.2, 94.8, 99.1)]
STALLED: list[Row] = [(99, 102.5, 98.8, 102), (101.5, 105.1, 101.3, 105), (105, 105.8, 104.8, 105.5)]
SIDE_BY_SIDE: list[Row] = [WHITE, (103, 105.2, 102.8, 105), (103.1, 105.4, 102.9, 105.1)]
LOWS: list[Row] = [BLACK, (100.5, 101, 98.5, 99.1)]


def upside_down(rows: list[Row]) -> list[Row]:
    return [(200 - opened, 200 - low, 200 - high, 200 - close) for opened, high, low, close in rows]


# name, signal, rows; those of both signals are turned upside down below
ONE_WAY: list[tuple[str, int, list[Row]]] = [
    ("doji", 1, [(100, 101, 99, 100.1)]),
    ("dragonfly_doji", 1, [(100, 100.1, 98, 100)]),
    ("gravestone_doji", -1, [(100, 102, 99.9, 100)]),
    ("long_legged_doji", 1, [(100, 102, 98, 100)]),
    ("rickshaw_man", 1, [(100, 102, 98, 100.1)]),
    ("hammer", 1, [(98.4, 99.1, 97, 99)]),
    ("hanging_man", -1, [(101.4, 102.1, 100, 102)]),
    ("inverted_hammer", 1, [(98.8, 100, 98.1, 98.2)]),
    ("shooting_star", -1, [(101.2, 103, 101.1, 101.6)]),
    ("piercing", 1, [LONG_BLACK, (98, 102.2, 97.9, 102)]),
    ("dark_cloud_cover", -1, [LONG_WHITE, (104, 104.2, 99.9, 100)]),
    ("on_neck", -1, [LONG_BLACK, (98, 98.9, 97.5, 98.7)]),
    ("in_neck", -1, [LONG_BLACK, (98, 99.3, 97.5, 99.1)]),
    ("thrusting", -1, [LONG_BLACK, (98, 100.2, 97.5, 100)]),
    ("matching_low", 1, LOWS),
    ("matching_high", -1, upside_down(LOWS)),
    ("tweezer_top", -1, [(99, 101.6, 98.5, 101), (101, 101.7, 98.5, 99.5)]),
    ("tweezer_bottom", 1, [(101, 101.5, 98.4, 99), (99, 101.5, 98.3, 100.5)]),
    ("homing_pigeon", 1, [LONG_BLACK, (101, 101.2, 99.8, 100)]),
    ("morning_star", 1, MORNING),
    ("morning_doji_star", 1, MORNING_DOJI),
    ("evening_star", -1, upside_down(MORNING)),
    ("evening_doji_star", -1, upside_down(MORNING_DOJI)),
    ("three_white_soldiers", 1, [(99, 102.1, 98.5, 102), (100.5, 103.6, 100.2, 103.5), (102, 105.1, 101.8, 105)]),
    (
        "three_black_crows",
        -1,
        [WHITE, (101, 101.2, 97.9, 98), (99.5, 99.7, 95.9, 96), (97.5, 97.7, 93.9, 94)],
    ),
    ("three_stars_in_south", 1, [(104, 104.2, 95, 100), (102, 102.5, 97, 100.5), (100.2, 100.25, 99.15, 99.2)]),
    ("advance_block", -1, [(99, 103.1, 98.8, 103), (102, 104.5, 101.8, 104), (103.8, 106, 103.6, 104.8)]),
    ("stalled_pattern", -1, STALLED),
    ("deliberation", -1, STALLED),
    ("upside_tasuki_gap", 1, GAP_UP_FILLED_HALF),
    ("downside_tasuki_gap", -1, upside_down(GAP_UP_FILLED_HALF)),
    ("upside_gap_two_crows", -1, [LONG_WHITE, (105, 105.5, 103.8, 104), (105.5, 105.8, 103.3, 103.5)]),
    ("unique_three_river", 1, [LONG_BLACK, (102, 102.2, 97, 100), (98, 98.8, 97.5, 98.6)]),
    ("stick_sandwich", 1, [BLACK, (99.5, 101.5, 99.2, 101), (101.2, 101.6, 98.7, 99.1)]),
    ("identical_three_crows", -1, [(103, 103.2, 99.9, 100), (100.1, 100.3, 97.9, 98), (98.1, 98.2, 94.9, 95)]),
    ("two_crows", -1, [LONG_WHITE, (106, 106.3, 104.2, 104.5), (105, 105.3, 100.8, 101)]),
    ("side_by_side_white_lines", 1, SIDE_BY_SIDE),
    (
        "concealing_baby_swallow",
        1,
        [(103, 103.1, 100.9, 101), (101, 101.1, 98.9, 99), (98.5, 99.8, 97, 97.5), (99.5, 100, 96, 96.5)],
    ),
    (
        "mat_hold",
        1,
        [
            (100, 105.2, 99.8, 105),
            (106.2, 106.5, 105.3, 105.5),
            (105.5, 105.8, 104.2, 104.5),
            (105, 105.2, 103.7, 104),
            (104.5, 107.2, 104.3, 107),
        ],
    ),
    ("rising_three_methods", 1, RISING_THREE),
    ("falling_three_methods", -1, upside_down(RISING_THREE)),
    (
        "ladder_bottom",
        1,
        [
            (104, 104.5, 101.5, 102),
            (103, 103.5, 100.5, 101),
            (102, 102.5, 99.5, 100),
            (101, 102.5, 98.5, 99),
            (101.5, 104.2, 101.3, 104),
        ],
    ),
]

BOTH_WAYS: list[tuple[str, int, list[Row]]] = [
    ("marubozu", 1, [(99, 103.1, 98.9, 103)]),
    ("closing_marubozu", 1, [(99, 103.1, 98, 103)]),
    ("opening_marubozu", 1, [(99, 104, 98.9, 103)]),
    ("belt_hold", 1, [(99, 104, 98.9, 103)]),
    ("spinning_top", 1, [(100, 101.5, 98.5, 100.4)]),
    ("high_wave", 1, [(100, 101.5, 98.5, 100.4)]),
    ("engulfing", 1, [(100, 100.6, 98.9, 99), (98.8, 101, 98.5, 100.5)]),
    ("harami", 1, [LONG_BLACK, (100, 101.2, 99.8, 101)]),
    ("harami_cross", 1, [LONG_BLACK, (101, 101.3, 100.5, 101.1)]),
    ("counterattack", 1, SAME_CLOSE),
    ("meeting_lines", 1, SAME_CLOSE),
    ("separating_lines", 1, [BLACK, (101.1, 104.2, 101, 104)]),
    ("kicking", 1, [(103, 103.1, 98.9, 99), (104, 108.1, 103.9, 108)]),
    ("kicking_by_length", 1, [(103, 103.1, 98.9, 99), (104, 109.1, 103.9, 109)]),
    ("kicking_by_length", -1, [(103, 103.1, 97.9, 98), (104, 108.1, 103.9, 108)]),
    ("dojistar", 1, [LONG_BLACK, (98, 98.5, 97.5, 98.1)]),
    ("three_inside", 1, [LONG_BLACK, (100, 101.2, 99.8, 101), (101, 103.8, 100.8, 103.5)]),
    ("three_outside", 1, [(100, 100.6, 98.9, 99), (98.8, 101, 98.5, 100.5), (100.5, 101.6, 100.4, 101.5)]),
    ("abandoned_baby", 1, MORNING_DOJI),
    ("tasuki_gap", 1, GAP_UP_FILLED_HALF),
    ("tristar", -1, [(100, 100.5, 99.5, 100.1), (102, 102.5, 101.5, 102.1), (101.5, 102, 101, 101.4)]),
    ("up_down_gap_three_methods", 1, [WHITE, (103, 105, 102.8, 104.8), (104, 104.2, 99.8, 100)]),
    (
        "three_line_strike",
        1,
        [WHITE, (100, 102.5, 99.5, 102), (101, 103.5, 100.5, 103), (103.5, 104, 98, 98.5)],
    ),
    (
        "breakaway",
        1,
        [
            (105, 105.2, 100.8, 101),
            (100, 100.5, 98.5, 99),
            (99, 99.8, 97.5, 98),
            (98.5, 98.9, 96.5, 97),
            (97, 100.8, 96.8, 100.5),
        ],
    ),
    ("gap_side_by_side_white", 1, SIDE_BY_SIDE),
]

# Upside down the side-by-side pair is black; the falling one is written out.
GAP_DOWN = ("gap_side_by_side_white", -1, [BLACK, (95, 97.2, 94.8, 97), (95.1, 97.4, 94.9, 97.1)])

TEXTBOOK: list[tuple[str, int, list[Row]]] = [
    *ONE_WAY,
    *BOTH_WAYS,
    *(
        (name, -signal, upside_down(rows))
        for name, signal, rows in BOTH_WAYS
        if name not in ("gap_side_by_side_white", "kicking_by_length")
    ),
    GAP_DOWN,
]
