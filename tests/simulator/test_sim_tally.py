"""The broker counts its own answers, so that a benchmark need not trust the client."""

from kis.simulator.testing import Simulated, start

PRICE = "/uapi/overseas-price/v1/quotations/price"


def counted(kis: Simulated, app_key: str, path: str) -> dict[str, int]:
    return {
        row["code"]: row["count"] for row in kis.control.calls() if (row["app_key"], row["path"]) == (app_key, path)
    }


def test_every_answer_is_counted_by_key_path_status_and_code(speak):
    with start(switches={"rate_real": 1, "token_interval": 0.0}) as kis:
        customer = speak.customer(kis, kis.accounts("real")[0])
        customer.token  # noqa: B018  issued first, so that the calls come together
        for _ in range(5):
            customer.http.get(
                PRICE, params={"AUTH": "", "EXCD": "NAS", "SYMB": "AAPL"}, headers=customer.headers("HHDFS00000300")
            )
        found = counted(kis, customer.account["app_key"], PRICE)
        assert sum(found.values()) == 5
        assert set(found) == {"MCA00000", "EGW00201"}


def test_what_nobody_has_or_offers_is_not_counted_one_by_one(kis, real):
    for n in range(3):
        real.http.get(f"/uapi/nothing/{n}")
        real.http.get(PRICE, headers={"appkey": f"stranger {n}"})
    rows = kis.control.calls()
    assert not [row for row in rows if row["path"].startswith("/uapi/nothing/")]
    assert not [row for row in rows if row["app_key"].startswith("stranger")]
