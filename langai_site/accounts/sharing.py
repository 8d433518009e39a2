"""What a page offers for sharing a thing, and the change of who may use it. Synchronous."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from langai_site import stale_forms
from langai_site.accounts.models import Team, User
from langai_site.accounts.shared import Shared
from langai_site.errors import ForbiddenError, InvalidError

# What a form says: only the owner, the teams and people beside it, or everyone who is signed in.
ME, SOME, EVERYONE = "me", "some", "everyone"
# How far people may share: the setting SHARING.
TEAMS, NOBODY = "teams", "nobody"
PEOPLE_MAX = 100


@dataclass(frozen=True)
class Audience:
    """Who may use a thing, as its owner wants it. People are named by their user names or addresses.

    `seen` is what the page of its form showed.
    """

    everyone: bool = False
    teams: tuple[int, ...] = ()
    users: tuple[str, ...] = ()
    editors: tuple[str, ...] = ()
    seen: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @classmethod
    def read(cls, form: QueryDict) -> "Audience":
        """Read a form. Teams and people count only where it says that they are meant."""
        scope, editors = form.get("share", ME), _names(form.get("editors", ""))
        seen = stale_forms.read(form.get(stale_forms.SEEN, ""))
        if scope != SOME:
            return cls(scope == EVERYONE, editors=editors, seen=seen)
        teams = tuple(int(value) for value in form.getlist("teams") if value.isascii() and value.isdigit())
        return cls(False, teams, _names(form.get("people", "")), editors, seen)

    @classmethod
    def stated(cls, form: QueryDict) -> "Audience | None":
        """Read a form; None if it has no choice, because sharing is switched off."""
        return cls.read(form) if "share" in form else None


def _names(written: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, re.split(r"[\s,;]+", written.replace("\0", "")))))


def share(thing: Shared, audience: Audience, by: User) -> list[str]:
    """Change who may use `thing`, and return the names of what has changed.

    Raises ForbiddenError and InvalidError, and ConflictError for a form that is stale. Teams are those of `by`, and
    those that it is shared with already. Call it inside a transaction that has locked it.
    """
    if thing.owner_id != by.pk:
        raise ForbiddenError(_("Only the owner can change who may use it. Ask them, or make a copy."))
    _refuse_beyond_setting(thing, audience, by)
    teams = [team for team in _possible_teams(thing, by) if team.pk in audience.teams]
    users, editors = ([one for one in _people(names) if one != by] for names in (audience.users, audience.editors))
    wanted = Audience(audience.everyone, tuple(team.pk for team in teams), _usernames(users), _usernames(editors))
    before, after = _values(audience_of(thing)), _values(wanted)
    stale_forms.refuse_changed(audience.seen, before, after)
    thing.everyone = audience.everyone
    thing.save(update_fields=["everyone"])
    thing.teams.set(teams)
    thing.users.set(users)
    thing.editors.set(editors)
    return [name for name, value in after.items() if value != before[name]]


def shown_of(thing: Shared) -> dict[str, Any]:
    """Return what decides who may use a thing now, as its form sends it along."""
    return _values(audience_of(thing)) | thing.guarded()


def _values(audience: Audience) -> dict[str, Any]:
    people = {"users": sorted(audience.users), "editors": sorted(audience.editors)}
    return {"everyone": audience.everyone, "teams": sorted(audience.teams), **people}


def _usernames(people: Iterable[User]) -> tuple[str, ...]:
    return tuple(person.username for person in people)


def _refuse_beyond_setting(thing: Shared, audience: Audience, by: User) -> None:
    if by.is_superuser:
        return
    if settings.SHARING == NOBODY and audience != Audience():
        raise ForbiddenError(_("Sharing is switched off here. Only an admin can share this with others."))
    if settings.SHARING == TEAMS and audience.everyone and not thing.everyone:
        raise ForbiddenError(_("Only an admin can share with everyone here. Choose teams or people instead."))


def _possible_teams(thing: Shared | None, user: User) -> list[Team]:
    """Return the teams that a person may share with: their own, and those that the thing is shared with already."""
    mine = Team.objects.of(user.pk)
    return list((mine | Team.objects.filter(pk__in=thing.teams.values("pk"))).distinct() if thing else mine)


def people_named(text: str) -> list[User]:
    """Return the active people whom a text names by user name or e-mail address. Raises InvalidError."""
    return _people(_names(text))


def _people(names: Sequence[str]) -> list[User]:
    """Return the active people with these user names or addresses. Raises InvalidError for one that is not known."""
    if len(names) > PEOPLE_MAX:
        raise InvalidError(
            _("You named %(count)d people; %(most)d are allowed. Share with a team instead.")
            % {"count": len(names), "most": PEOPLE_MAX}
        )
    return [_person(name) for name in names]


def _person(name: str) -> User:
    active = User.objects.filter(is_active=True)
    found = active.filter(username=name).first()
    if found is None and "@" in name:
        same_address = list(active.filter(email__iexact=name)[:2])
        if len(same_address) > 1:
            raise InvalidError(
                _("Several people have the e-mail address “%(name)s”. Type a user name instead.") % {"name": name}
            )
        found = same_address[0] if same_address else None
    if found is None:
        raise InvalidError(
            _("There is no account “%(name)s”. Check the user name or the e-mail address.") % {"name": name}
        )
    return found


def context(thing: Shared | None, user: User, form: QueryDict | None = None) -> dict[str, Any]:
    """Return what a page with `sharing.html` shows: the present state, or a form that was refused.

    A form whose page showed something else is refused for that, so the page shows what it is now.
    """
    form = None if form and is_stale(thing, form) else form
    chosen = Audience.read(form) if form else audience_of(thing) if thing else Audience()
    scope = EVERYONE if chosen.everyone else SOME if chosen.teams or chosen.users else ME
    return {
        "seen": stale_forms.written(shown_of(thing)) if thing else "",
        "scope": form.get("share", ME) if form else scope,
        "teams": [(team.pk, team.name, team.pk in chosen.teams) for team in _possible_teams(thing, user)],
        "people": ", ".join(chosen.users),
        "editors": ", ".join(chosen.editors),
        "may_share": user.is_superuser or settings.SHARING != NOBODY,
        "may_everyone": user.is_superuser or settings.SHARING == EVERYONE,
        "withdrawn": thing.withdrawn_why if thing and thing.withdrawn_at else "",
    }


def is_stale(thing: Shared | None, form: QueryDict) -> bool:
    """Return whether a form's page showed something else than who may use the thing now."""
    seen = Audience.read(form).seen
    return thing is not None and any(seen.get(name, now) != now for name, now in shown_of(thing).items())


def audience_of(thing: Shared) -> Audience:
    """Return who may use a thing now."""
    return Audience(
        thing.everyone,
        tuple(thing.teams.values_list("pk", flat=True)),
        _active(thing.users.all()),
        _active(thing.editors.all()),
    )


def _active(people: QuerySet[User]) -> tuple[str, ...]:
    return tuple(people.filter(is_active=True).order_by("username").values_list("username", flat=True))


def words_of(thing: Shared) -> str:
    """Return in a few words who may use a thing. Its teams and people must be prefetched."""
    if thing.withdrawn_at:
        return _("withdrawn by an admin")
    if thing.everyone:
        return _("everyone")
    teams, people = [team.name for team in thing.teams.all()], len({*thing.users.all(), *thing.editors.all()})
    counted = ngettext("%(count)d person", "%(count)d people", people) % {"count": people}
    named = [*teams, *([counted] if people else [])]
    return ", ".join(named) or _("only you")
