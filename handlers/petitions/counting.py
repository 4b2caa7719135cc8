"""Whose a petition is, and who counts what for it: never one number without whoever says it."""

from __future__ import annotations

from bot.domain.conversation import Line, On
from bot.domain.relay import by_version
from bot.i18n import _, ngettext
from storage import petitions, relays, signatures
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
    """What other communities say that they count, one by one, and the sum with its condition; perhaps nothing.

    Of a letter with several versions each has a sum of its own.
    """
    others = relays.of(tx, one.id)
    if not others:
        return []
    newest = petitions.newest(tx, one.id, opened=True)
    number = 1 if newest is None else newest.number
    older = signatures.of_older(tx, one, number)
    ours = {**older, number: max(0, here - sum(older.values()))}
    parts = by_version(ours, [other.said for other in others])
    at = {(other.said.key, other.said.version): other.at for other in others}
    lines: list[Line | str] = []
    for part in parts:
        if len(parts) > 1:
            lines.append(_("<b>Version {version} of the letter</b>: {count} here.", version=part.version,
                           count=part.here))  # fmt: skip
        lines += (
            _(
                "• {community}: {count}. That is what they say themselves, {when}.",
                community=said.name,
                count=said.count,
                when=On(at[said.key, said.version]),
            )
            for said in part.others
        )
        if len(parts) == 1:
            lines.append(_("Together: {count}, if every community counts honestly.", count=part.together))
        elif part.others:
            lines.append(
                _(
                    "Together for version {version}: {count}, if every community counts honestly.",
                    version=part.version,
                    count=part.together,
                )
            )
    if len(parts) > 1:
        lines.append(
            _("Versions are not added up: whoever has signed two of them elsewhere stands in both of the counts.")
        )
    return [
        *lines,
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
