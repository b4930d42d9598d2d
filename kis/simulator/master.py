"""The instrument master files (section 7): one archive an exchange, free to fetch from either host.

The master of the indices is not among them: the sheet does not say what it looks like.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable

from kis.simulator.codes import MARKETS, OTHER_QUOTE_MARKETS
from kis.simulator.company import SECTORS, Company
from kis.simulator.listing import Listing
from kis.simulator.rest.call import price

FOLDER = "/common/master/"
# Clients that look for a symbol everywhere fetch the archives of all countries; only those of the US hold anything.
PATHS = {f"{FOLDER}{quote.lower()}mst.cod.zip": quote for quote in (*MARKETS, *sorted(OTHER_QUOTE_MARKETS))}
# KIS writes an archive anew every day; a fixed date keeps it the same for the same listings.
MADE = (2000, 1, 3, 8, 0, 0)


def archive(listings: Iterable[Listing], quote: str) -> bytes:
    """The zip of one exchange: one text, TAB between 24 columns, cp949, no header row."""
    rows = [_row(item) for item in sorted(listings, key=lambda item: item.symbol) if item.market.quote == quote]
    text = "".join("\t".join(row) + "\n" for row in rows)
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo(f"{quote}mst.cod".lower(), MADE), text.encode("cp949"), zipfile.ZIP_DEFLATED)
    return found.getvalue()


def _row(item: Listing) -> list[str]:
    market, company = item.market, Company.of(item)
    sector = f"{SECTORS.index(company.sector) + 1:03d}" if company.sector in SECTORS else ""
    return [
        "US",  # ncod
        market.quote,  # exid
        market.quote,  # excd
        market.name,  # exnm
        item.symbol,  # symb
        market.quote + item.symbol,  # rsym
        item.name,  # knam
        item.english,  # enam
        "3" if item.etf else "2",  # stis
        "USD",  # curr
        "4",  # zdiv
        "1",  # ztyp
        price(item.base_cents),  # base
        "1",  # bnit
        "1",  # anit
        "0930",  # mstm
        "1600",  # metm
        "N",  # isdr
        "",  # drcd
        sector,  # icod
        "1" if item.constituent and not item.etf else "0",  # sjong
        "1" if item.base_cents >= 100 else "2",  # ttyp
        "001" if item.etf else "",  # etyp
        "",  # ttyp_sb
    ]
