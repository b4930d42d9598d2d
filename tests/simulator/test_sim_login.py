"""Section 2 and 3.1: tokens, approval keys, hash, and what the gateway refuses."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from kis.simulator.testing import start

PRICE = "/uapi/overseas-price/v1/quotations/price"
ORDER = "/uapi/overseas-stock/v1/trading/order"
QUERY = {"AUTH": "", "EXCD": "NAS", "SYMB": "AAPL"}


def code_of(answer):
    return answer.status_code, answer.json()["msg_cd"]


class TestToken:
    def test_a_token_comes_with_its_end_in_korean_time(self, paper):
        answer = paper.issue()
        body = answer.json()
        ends = datetime.strptime(body["access_token_token_expired"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        assert answer.status_code == 200
        assert body["token_type"] == "Bearer"
        assert 86390 <= body["expires_in"] <= 86400
        assert abs(ends - timedelta(hours=9) - datetime.now(UTC) - timedelta(days=1)) < timedelta(seconds=10)
        assert len(body["access_token"]) <= 350

    def test_the_same_token_comes_again_within_six_hours(self, paper):
        assert paper.issue().json()["access_token"] == paper.issue().json()["access_token"]

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"appkey": "x" * 36}, "EGW00103"),
            ({"appsecret": "wrong"}, "EGW00105"),
            ({"appkey": None}, "EGW00102"),
            ({"appsecret": ""}, "EGW00104"),
            ({"grant_type": "password"}, "EGW00116"),
        ],
    )
    def test_a_bad_request_is_refused_in_the_token_endpoints_own_shape(self, paper, change, code):
        body = {"grant_type": "client_credentials", "appkey": paper.account["app_key"]}
        body |= {"appsecret": paper.account["app_secret"]} | change
        answer = paper.http.post("/oauth2/tokenP", json=body)
        assert (answer.status_code, answer.json()["error_code"]) == (403, code)
        assert set(answer.json()) == {"error_code", "error_description"}

    def test_a_key_of_the_other_environment_is_unknown(self, paper, kis):
        body = {"grant_type": "client_credentials", "appkey": paper.account["app_key"]}
        body["appsecret"] = paper.account["app_secret"]
        answer = httpx.post(kis.info["real"]["rest"] + "/oauth2/tokenP", json=body)
        assert answer.json()["error_code"] == "EGW00103"

    def test_a_revoked_token_is_no_longer_valid_and_the_next_one_is_another(self, paper):
        old = paper.token
        pair = {"appkey": paper.account["app_key"], "appsecret": paper.account["app_secret"]}
        answer = paper.http.post("/oauth2/revokeP", json={**pair, "token": old})
        assert answer.json() == {"code": 200, "message": "접근토큰 폐기에 성공하였습니다"}
        assert code_of(paper.get(PRICE, "HHDFS00000300", QUERY)) == (500, "EGW00121")
        assert paper.issue().json()["access_token"] != old


class TestGateway:
    def test_a_call_without_a_token_is_refused_with_three_keys_and_500(self, paper):
        answer = paper.http.get(PRICE, params=QUERY, headers={"tr_id": "HHDFS00000300"})
        assert code_of(answer) == (500, "EGW00122")
        assert set(answer.json()) == {"rt_cd", "msg_cd", "msg1"}

    @pytest.mark.parametrize(
        ("headers", "code"),
        [
            ({"authorization": "Basic abc"}, "EGW00205"),
            ({"authorization": "Bearer nobody"}, "EGW00121"),
            ({"appkey": "x" * 36}, "EGW00103"),
            ({"appsecret": "wrong"}, "EGW00304"),
        ],
    )
    def test_a_wrong_login_is_refused(self, paper, headers, code):
        assert code_of(paper.get(PRICE, "HHDFS00000300", QUERY, **headers)) == (500, code)

    def test_a_token_of_the_other_host_is_not_valid(self, paper, real):
        assert code_of(real.get(PRICE, "HHDFS00000300", QUERY, authorization=f"Bearer {paper.token}")) == (
            500,
            "EGW00121",
        )

    def test_header_names_may_have_any_case_and_custtype_may_be_missing(self, paper):
        headers = {"Authorization": f"Bearer {paper.token}", "appKey": paper.account["app_key"]}
        headers |= {"appSecret": paper.account["app_secret"], "TR_ID": "HHDFS00000300"}
        assert paper.http.get(PRICE, params=QUERY, headers=headers).json()["rt_cd"] == "0"

    def test_answers_carry_our_three_headers_in_lower_case_and_every_other_capitalised(self, customer):
        raw = [name.decode() for name, _ in customer.get(PRICE, "HHDFS00000300", QUERY).headers.raw]
        assert {"tr_id", "tr_cont", "gt_uid", "Content-Type", "Content-Length", "Date"} <= set(raw)
        assert [n for n in raw if n.islower()] == ["tr_id", "tr_cont", "gt_uid"]

    @pytest.mark.parametrize(
        ("tr_id", "code"),
        [("TTTT1002U", "EGW02006"), ("VTTT9999U", "EGW00310"), ("JTTT1002U", "EGW00356"), ("", "EGW00310")],
    )
    def test_a_tr_id_that_does_not_fit_the_paper_host_is_refused(self, paper, tr_id, code):
        assert code_of(paper.post(ORDER, tr_id, paper.order_body("AAPL", 1, "100"))) == (500, code)

    def test_a_function_that_paper_lacks_is_refused_there(self, paper):
        path = "/uapi/overseas-price/v1/quotations/price-detail"
        assert code_of(paper.get(path, "HHDFS76200200", QUERY)) == (500, "EGW02006")

    def test_paper_has_no_list_of_unfilled_orders(self, paper):
        path = "/uapi/overseas-stock/v1/trading/inquire-nccs"
        assert code_of(paper.get(path, "VTTS3018R", paper.acct))[1] == "OPSQ0002"

    def test_a_query_field_that_is_absent_is_named_and_an_empty_one_is_fine(self, customer):
        answer = customer.get(PRICE, "HHDFS00000300", {"EXCD": "NAS", "SYMB": "AAPL"})
        assert answer.json()["msg_cd"] == "OPSQ2001"
        assert "AUTH" in answer.json()["msg1"]

    def test_query_names_may_be_lower_case_but_body_keys_must_not(self, paper):
        lower = {k.lower(): v for k, v in QUERY.items()}
        assert paper.get(PRICE, "HHDFS00000300", lower).json()["rt_cd"] == "0"
        body = {k.lower(): v for k, v in paper.order_body("AAPL", 1, "100").items()}
        assert paper.post(ORDER, "VTTT1002U", body).json()["rt_cd"] != "0"

    def test_anothers_account_is_refused(self, paper):
        body = paper.order_body("AAPL", 1, "100", CANO="99999999")
        assert paper.post(ORDER, "VTTT1002U", body).json()["msg_cd"] == "OPSQ2000"

    def test_a_body_that_is_not_json_text_is_refused(self, paper):
        headers = paper.headers("VTTT1002U") | {"content-type": "text/plain"}
        assert code_of(paper.http.post(ORDER, content=b"{}", headers=headers)) == (500, "EGW00132")

    def test_a_chunked_body_is_refused(self, paper):
        body = json.dumps(paper.order_body("AAPL", 1, "100")).encode()
        answer = paper.http.post(ORDER, content=iter([body]), headers=paper.headers("VTTT1002U"))
        assert code_of(answer) == (500, "EGW00202")

    def test_numbers_in_the_body_must_be_texts(self, paper):
        body = {**paper.order_body("AAPL", 1, "100"), "ORD_QTY": 1}
        assert paper.post(ORDER, "VTTT1002U", body).json()["msg_cd"] == "IGW00009"

    def test_an_unknown_path_is_not_found(self, paper):
        assert paper.http.get("/uapi/nothing").status_code == 404


class TestHashkey:
    def test_the_hash_is_sha256_of_the_body_and_the_body_is_echoed(self, paper):
        text = json.dumps(paper.order_body("AAPL", 1, "100")).encode()
        pair = {"appkey": paper.account["app_key"], "appsecret": paper.account["app_secret"]}
        answer = paper.http.post("/uapi/hashkey", content=text, headers=pair)
        assert answer.json() == {"BODY": json.loads(text), "HASH": hashlib.sha256(text).hexdigest()}

    def test_an_order_may_come_with_the_right_hash_or_none_but_not_with_a_wrong_one(self, paper):
        body = paper.order_body("AAPL", 1, "1.00")
        right = hashlib.sha256(json.dumps(body, ensure_ascii=False).encode()).hexdigest()
        assert paper.post(ORDER, "VTTT1002U", body, hashkey=right).json()["rt_cd"] == "0"
        assert paper.post(ORDER, "VTTT1002U", body).json()["rt_cd"] == "0"
        assert code_of(paper.post(ORDER, "VTTT1002U", body, hashkey="0" * 64)) == (500, "EGW00131")


class TestApproval:
    def test_any_registered_key_is_good_on_either_host(self, paper, kis):
        pair = {"appkey": paper.account["app_key"], "secretkey": paper.account["app_secret"]}
        url = kis.info["real"]["rest"] + "/oauth2/Approval"
        answer = httpx.post(url, json={"grant_type": "client_credentials", **pair})
        assert len(answer.json()["approval_key"]) == 36

    def test_the_secret_is_called_secretkey(self, paper):
        pair = {"appkey": paper.account["app_key"], "appsecret": paper.account["app_secret"]}
        answer = paper.http.post("/oauth2/Approval", json={"grant_type": "client_credentials", **pair})
        assert answer.json()["error_code"] == "EGW00104"


@pytest.fixture(scope="module")
def strict():
    with start() as kis:
        yield kis


class TestRates:
    """With the limits as they are: one call a second on paper, 18 on real."""

    @pytest.mark.parametrize(("side", "limit"), [("paper", 1), ("real", 18)])
    def test_calls_beyond_the_limit_of_a_second_are_refused_with_500(self, strict, speak, side, limit):
        customer = speak.customer(strict, strict.accounts(side)[0])
        headers = customer.headers("HHDFS00000300")
        answers = [customer.http.get(PRICE, params=QUERY, headers=headers) for _ in range(limit * 3)]
        refused = [a for a in answers if a.json()["msg_cd"] == "EGW00201"]
        assert refused and all(a.status_code == 500 for a in refused)
        assert len(answers) - len(refused) >= limit

    def test_each_key_has_a_budget_of_its_own(self, strict, speak):
        for account in strict.accounts("paper")[1:]:
            customer = speak.customer(strict, account)
            assert customer.get(PRICE, "HHDFS00000300", QUERY).json()["rt_cd"] == "0"

    def test_a_second_token_within_a_minute_is_refused_with_403(self, strict, speak):
        customer = speak.customer(strict, strict.accounts("paper")[0])
        customer.issue()
        answer = customer.issue()
        assert (answer.status_code, answer.json()["error_code"]) == (403, "EGW00133")
