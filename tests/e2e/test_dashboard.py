"""What a person sees: sign in, the account, and then a fill and its journal line arriving by themselves."""

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


def sign_in(page, house, role: str) -> None:
    person = house.people[role]
    page.goto(f"{house.web}/login")
    page.fill('input[name="email"]', person["email"])
    page.fill('input[name="password"]', person["password"])
    page.click('[data-testid="sign-in"]')
    page.wait_for_url(lambda url: "/login" not in url)


def test_a_fill_and_its_journal_line_arrive_without_reloading(house, page):
    sign_in(page, house, "trader")
    page.locator('[data-testid="account-card"]').first.wait_for()
    page.locator('[data-testid="live-state"][data-live="live"]').wait_for()
    assert page.locator('[data-testid="fill-row"]').count() == 0
    page.evaluate("window.sameDocument = true")

    house.start_bots()

    page.locator('[data-testid="fill-row"]').first.wait_for()
    page.locator('[data-testid="log-line"][data-kind="fill"]').first.wait_for()
    page.locator('[data-testid="order-row"][data-status="filled"]').first.wait_for()
    page.locator('[data-testid="position-row"]').first.wait_for()
    assert page.evaluate("window.sameDocument") is True


def test_the_browser_never_holds_a_token_of_the_api(house, page):
    sign_in(page, house, "viewer")
    page.locator('[data-testid="account-card"]').first.wait_for()

    session = page.evaluate("fetch('/api/auth/session').then(r => r.json())")
    readable = page.evaluate("document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)")

    assert set(session["user"]) <= {"name", "email", "image", "role", "language"}
    assert house.people["viewer"]["token"] not in readable
    assert "token" not in str(session).lower()


def test_nobody_sees_the_desk_without_signing_in(house, page):
    page.goto(house.web)

    page.wait_for_url(lambda url: "/login" in url)
    assert page.locator('[data-testid="account-card"]').count() == 0


def test_a_wrong_password_is_said_and_opens_nothing(house, page):
    page.goto(f"{house.web}/login")
    page.fill('input[name="email"]', house.people["trader"]["email"])
    page.fill('input[name="password"]', "not the password")
    page.click('[data-testid="sign-in"]')

    page.get_by_role("alert").filter(has_text="비밀번호").wait_for()
    assert "/login" in page.url
