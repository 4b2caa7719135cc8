"""Whose a petition is, and who counts what for it: never one number without whoever says it."""

from __future__ import annotations

from bot.domain.conversation import Line, On
from bot.i18n import _, ngettext
from storage import relays
from storage.database import Tx
from storage.petitions import Petition


def counted(tx: Tx, one: Petition, count: int | None = None) -> list[Line | str]:
    """How many signed here, and what each other community says that it counts."""
    here = one.count if count is None else count
    others = elsewhere(tx, one, here)
    if not others:
        return [ngettext("{n} person has signed.", "{n} people have signed.", n=here)]
    return [ngettext("{n} person has signed here.", "{n} people have signed here.", n=here), *others]


def elsewhere(tx: Tx, one: Petition, here: int) -> list[Line | str]:
    """What other communities say that they count, one by one, and the sum with its condition; perhaps nothing."""
    others = relays.of(tx, one.id)
    if not others:
        return []
    together = here + sum(other.said.count for other in others)
    return [
        *(
            _(
                "• {community}: {count}. That is what they say themselves, {when}.",
                community=other.said.name,
                count=other.said.count,
                when=On(other.at),
            )
            for other in others
        ),
        _("Together: {count}, if every community counts honestly.", count=together),
        _(
            "Each community counts its own people. We have checked that nothing was taken out of their lists. Who "
            "signed there we can't see."
        ),
    ]


def whose(tx: Tx, one: Petition) -> list[Line | str]:
    """From which community the letter comes, if it is not our own; and who can open what is sealed."""
    home = relays.home_of(tx, one.id)
    if home is None:
        return []
    return [
        _(
            "The letter comes from {community}. We count for them. Locked names only their organisers can open.",
            community=home.said.name,
        )
    ]
