"""A passkey in a real browser, with an authenticator that the browser itself plays."""

import re

from playwright.sync_api import expect

from tests.live.browser import Visit
from tests.live.person import PASSWORD, invited


def test_a_passkey_is_added_signs_in_and_is_explained_where_it_fails(admin, browser):
    context = browser.new_context()
    try:
        with invited(admin, "keyholder"):
            use(Visit(admin.server, context))
    finally:
        context.close()


def use(visit: Visit) -> None:
    page = visit.page
    # A browser makes passkeys for names, not for addresses.
    home = visit.server.url.replace("127.0.0.1", "localhost")
    page.goto(f"{home}/accounts/login/")
    visit.sign_in("keyholder", PASSWORD)
    page.wait_for_url(f"{home}/")
    devtools = visit.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": options | {"isUserVerified": True, "automaticPresenceSimulation": True}},
    )
    page.goto(f"{home}/accounts/2fa/webauthn/add/")
    page.get_by_label("It may sign me in without my password").check()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_label("Your codes")).to_have_value(re.compile(r"^(\d{8}\n){9}\d{8}$"))
    page.goto(f"{home}/accounts/2fa/webauthn/add/")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("This device has a passkey for your account already.")
    page.goto(f"{home}/accounts/")
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{home}/")
    assert visit.complaints == []
