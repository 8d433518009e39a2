"""The credential of a request, which is checked again while its answer is being written. Synchronous."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from langai_site.accounts import open_accounts, sign_ins
from langai_site.accounts.models import ApiKey, TokenFamily, User
from langai_site.accounts.open_accounts import AccountClosedError
from langai_site.accounts.sign_ins import SignInStanding, SocketSignIn
from langai_site.errors import LangAIError


class AccessEndedError(LangAIError):
    code, status = "access_ended", 401
    headers = {"WWW-Authenticate": "Bearer"}

    def __init__(self) -> None:
        super().__init__(
            _("The key, token or session that asked for this answer has ended, so nothing more of it is sent.")
        )


@dataclass(frozen=True)
class TokenProof:
    """A token's sign-in, and a value that changes with the person's password."""

    family: UUID
    password: str


@dataclass(frozen=True)
class Proof:
    """A person, and the key, token or session that they showed. With none of them, only the account counts."""

    user_id: int
    key: int | None = None
    token: TokenProof | None = None
    session: SocketSignIn | None = None


def ended_among(proofs: Collection[Proof]) -> dict[Proof, LangAIError]:
    """Return the proofs that are no longer valid, each with its error. Makes one query for each kind among them."""
    closed = open_accounts.closed_among({proof.user_id for proof in proofs})
    good_keys = _good_keys({proof.key for proof in proofs if proof.key})
    good_tokens = _good_tokens({proof.token for proof in proofs if proof.token})
    standings = sign_ins.standings({proof.session for proof in proofs if proof.session})
    ended: dict[Proof, LangAIError] = {}
    for proof in proofs:
        if proof.user_id in closed:
            ended[proof] = AccountClosedError()
        elif (
            (proof.key and proof.key not in good_keys)
            or (proof.token and proof.token not in good_tokens)
            or (proof.session and standings[proof.session] is not SignInStanding.GOOD)
        ):
            ended[proof] = AccessEndedError()
    return ended


def _good_keys(keys: Collection[int]) -> set[int]:
    if not keys:
        return set()
    lasts = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    good = ApiKey.objects.filter(lasts, pk__in=keys, revoked_at=None, user__second_factor_due=False)
    return set(good.order_by().values_list("pk", flat=True))


def _good_tokens(tokens: Collection[TokenProof]) -> set[TokenProof]:
    if not tokens:
        return set()
    families = TokenFamily.objects.filter(pk__in={token.family for token in tokens}, user__second_factor_due=False)
    return {
        TokenProof(family, User(password=password).get_session_auth_hash())
        for family, password in families.order_by().values_list("pk", "user__password")
    }
