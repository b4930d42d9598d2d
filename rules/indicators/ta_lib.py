"""TA-Lib without pandas, which it would load to accept frames that nobody passes: half a second and 16 MB a process."""

import sys

_absent = [name for name in ("pandas", "polars") if name not in sys.modules]
sys.modules.update(dict.fromkeys(_absent))  # type: ignore[arg-type]  # None says "is not there" to an import
try:
    import talib
finally:
    for _name in _absent:
        del sys.modules[_name]

__all__ = ["talib"]
