"""Tokens for programs in which a person types a password."""

from concurrent.futures import ThreadPoolExecutor

from channels.db import database_sync_to_async
from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from langai_site.accounts import tokens
from langai_site.accounts.doors import anybody
from langai_site.web.api_errors import documented

router = Router(tags=["Tokens"])
# A separate pool, so that password guessing does not delay answers.
_passwords = ThreadPoolExecutor(2, thread_name_prefix="passwords")


class SignIn(Schema):
    username: str = Field(min_length=1, max_length=254, description="A name, or an e-mail address.")
    password: str = Field(min_length=1, max_length=4096)


class Refresh(Schema):
    refresh: str = Field(min_length=1, max_length=4096)


class TokenPair(Schema):
    """`access` goes into the header Authorization, as “Bearer …”, for `expires_in` seconds."""

    access: str
    refresh: str
    expires_in: int


@router.post("/token", auth=anybody, response={200: TokenPair} | documented())
async def token(request: HttpRequest, body: SignIn) -> tokens.Tokens:
    """Sign in with a name and a password. Not for accounts with a second factor: they make API keys."""
    # Checking a password takes a while, on purpose.
    check = database_sync_to_async(tokens.sign_in, thread_sensitive=False, executor=_passwords)
    made: tokens.Tokens = await check(request, body.username, body.password)
    return made


@router.post("/refresh", auth=anybody, response={200: TokenPair} | documented())
async def refresh(request: HttpRequest, body: Refresh) -> tokens.Tokens:
    """New tokens for a refresh token, which works once: a second use ends all tokens of its sign-in."""
    made: tokens.Tokens = await database_sync_to_async(tokens.renewed, thread_sensitive=False)(body.refresh)
    return made


@router.post("/sign-out", auth=anybody, response={204: None} | documented())
async def sign_out(request: HttpRequest, body: Refresh) -> Status[None]:
    """End the tokens that came of one sign-in: the refresh token, and every access token that came with it."""
    await database_sync_to_async(tokens.sign_out, thread_sensitive=False)(body.refresh)
    return Status(204, None)
