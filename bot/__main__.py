"""The command line: `payvand`. Each command enters only the rooms it needs, so that it starts fast.

Exit codes: 0 all is well, 1 something failed, 2 the command line or the settings are wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bot import lists
    from bot.settings import Settings

FAILED: Final = 1
MISUSED: Final = 2

# Exceptions whose message is a sentence for the operator, and the exit code. By name: their rooms need not be entered.
SENTENCES: Final = {
    "bot.settings.SettingsFault": MISUSED,
    "bot.domain.pfif.Unreadable": FAILED,
    "bot.founding.InitFault": MISUSED,
    "bot.lists.ListFault": MISUSED,
    "bot.publishing.PublishFault": FAILED,
    "bot.exporting.ExportFault": FAILED,
    "bot.dossier.NotGood": FAILED,
    "bot.organiser.OrganiserFault": MISUSED,
    "bot.packet.Incomplete": FAILED,
    "bot.rights.RightsFault": FAILED,
    "bot.succession.SuccessionFault": FAILED,
    "bot.verification.NotOurs": FAILED,
    "bot.i18n.CatalogueError": FAILED,
    "bot.platforms.matrix.intake.IntakeStopped": FAILED,
    "bot.platforms.telegram.intake.IntakeStopped": FAILED,
    "storage.database.Unusable": FAILED,
    "storage.envelope.Unopened": FAILED,
    "storage.keys.KeyFault": FAILED,
    "storage.signing.NotCertified": FAILED,
    "storage.backup.BackupFault": FAILED,
}
STORAGE: Final = {
    "Full": "There is no room on the disk. Make room, then try again.",
    "Busy": "The database is busy with something else. Try again in a minute.",
    "Broken": "The disk or the database server does not answer. See `payvand check`.",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    wish = _parser().parse_args(arguments)
    try:
        code: int = wish.do(wish)
    except KeyboardInterrupt:
        return 130  # as a shell has it: stopped by the operator
    except BrokenPipeError:
        return FAILED
    except Exception as error:  # noqa: BLE001 - an operator gets a sentence, never a traceback
        return _explain(error, debug=wish.debug)
    return code


def _explain(error: Exception, *, debug: bool) -> int:
    names = {f"{kind.__module__}.{kind.__name__}" for kind in type(error).__mro__}
    known = names & SENTENCES.keys()
    if known:
        print(error, file=sys.stderr)
        return SENTENCES[known.pop()]
    if "storage.database.StorageFault" in names:
        said = next((STORAGE[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in STORAGE), "")
        print(said or STORAGE["Broken"], file=sys.stderr)
        return FAILED
    if said := _of_files(error):
        print(said, file=sys.stderr)
        return FAILED
    print(
        f"Something went wrong in the program itself ({type(error).__name__}). "
        + ("Please report the line below." if debug else "Run the same with --debug and report the line it adds."),
        file=sys.stderr,
    )
    if debug:
        from bot import logs

        print(logs.trace(error), file=sys.stderr)
    return FAILED


def _of_files(error: Exception) -> str:
    """A sentence for a path that is not there or can't be used, and for a question that nobody answers; else ""."""
    if isinstance(error, EOFError):
        return "Nobody answers here. Use a terminal, or --no-questions or --passphrase-file where the command has it."
    if not isinstance(error, OSError) or not error.filename:
        return ""
    if isinstance(error, FileNotFoundError):
        folder = Path(error.filename).parent
        return f"There is no file {error.filename}." if folder.is_dir() else f"There is no directory {folder}."
    return f"{error.filename} can't be used: {error.strerror}."


# -- commands ----------------------------------------------------------------------------------------------------------


def _demo(wish: argparse.Namespace) -> int:
    from bot import demo, logs

    logs.start(level="warning")
    with contextlib.suppress(KeyboardInterrupt):  # the way to stop it
        asyncio.run(demo.demo(wish.port, open_browser=not wish.no_browser))
    return 0


def _console(wish: argparse.Namespace) -> int:
    del wish
    from bot import demo, logs

    logs.start(level="error")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(demo.console())
    return 0


def _run(wish: argparse.Namespace) -> int:
    settings = _settings(wish)
    from bot import serving

    asyncio.run(serving.run(settings))
    return 0


def _init(wish: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from bot import checkup, founding, logs

    logs.start(level="error")
    talk = founding.Silence() if wish.no_questions else founding.Terminal()
    wishes = founding.Wishes(
        settings=wish.settings or Path("payvand.toml"),
        community=wish.community,
        data=wish.data,
        token_file=wish.token_file,
        recipients=tuple(wish.recipient) if wish.recipient else () if wish.no_questions else None,
        root_key=wish.root_key,
        passphrase_file=wish.passphrase_file,
    )
    founding.refuse_to_overwrite([wishes.settings])  # before anybody answers questions in vain
    plan = founding.ask(wishes, talk)
    if wish.ask_telegram and plan.token.get_secret_value():
        talk.say(checkup.telegram_knows(plan.token))
    founding.found(plan, talk, datetime.now(UTC))
    return 0


def _certify(wish: argparse.Namespace) -> int:
    from datetime import UTC, datetime
    from getpass import getpass

    from storage import signing

    phrase = wish.passphrase_file.read_text("utf-8").strip() if wish.passphrase_file else getpass("Passphrase: ")
    if wish.purpose == "petitions" and not wish.online_key.exists():
        signing.write(wish.online_key, signing.make_pair().secret)
    key = signing.public_of(wish.online_key.read_bytes())
    text, signature = signing.certify(wish.root_key.read_bytes(), phrase, key, wish.purpose, datetime.now(UTC))
    certificate = wish.online_key.with_suffix(".certificate")
    signing.replace(certificate, text)
    signing.replace(certificate.with_name(certificate.name + ".minisig"), signature)
    print(f"{certificate} is good for {signing.LIFE.days} days. It and its .minisig belong beside the online key.")
    return 0


def _check(wish: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from bot import checkup, logs

    logs.start(level="error")
    found = checkup.examine(wish.settings, datetime.now(UTC), offline=wish.offline)
    print(checkup.table(found))
    return FAILED if any(one.outcome is checkup.Outcome.FAILED for one in found) else 0


def _backup(wish: argparse.Namespace) -> int:
    settings = _settings(wish)
    from datetime import UTC, datetime

    from bot import checkup
    from bot.settings import file_of
    from storage import backup, keys
    from storage.crypto import Keys

    now = datetime.now(UTC)
    kept = settings.data / "keys"
    files = {backup.KEY: keys.find(settings.key_file), "payvand.toml": file_of(wish.settings)}
    files |= {one.name: one for one in sorted([*kept.glob("bulletins.*"), *kept.glob("petitions.*")])}
    source = backup.beside(checkup.database_of(settings), Keys(keys.read(settings.key_file)))
    recipients = settings.backup.recipients
    made = asyncio.run(
        backup.backup(
            source, settings.backup.directory, recipients, {n: p for n, p in files.items() if p.is_file()}, now=now
        )
    )
    for directory in (settings.backup.directory, settings.data):
        backup.expire(directory, now, keep_days=settings.backup.keep_days)
    print(f"{made} is sealed to {len(set(recipients))} people. Let a copy leave this machine.")
    return 0


def _restore(wish: argparse.Namespace) -> int:
    from storage import backup

    print(backup.restore(wish.file, wish.identity, wish.to))
    print(
        f"\nEverything is in {wish.to}. To serve from it: put payvand.toml where you run payvand, payvand.db into its "
        "`data`,\npayvand.key where `key_file` says (var/keys/payvand.key), bulletins.* and petitions.* into `keys` in "
        "`data`.\nNot inside are: telegram.token (from @BotFather), matrix.password, database.password, and "
        "webhook.secret:\nmake a new one with\n"
        "  (umask 077; python3 -c 'import secrets; print(secrets.token_urlsafe(32))' > webhook.secret)\n"
        "Under the service, then give what you put into `data` to its user: chown --reference=DATA DATA/keys/* "
        "DATA/payvand.db\nThen: payvand check"
    )
    return 0


def _drill(wish: argparse.Namespace) -> int:
    from storage import backup

    print(backup.drill(wish.file, wish.identity))
    return 0


def _succession(wish: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from bot import succession

    now = datetime.now(UTC).replace(microsecond=0)
    if wish.check:
        key = wish.public_key or _settings(wish).public_key
        found = succession.check(wish.check, key, now)
        print(
            f"GOOD. Signed for {found.community} on {found.made:%Y-%m-%d %H:%M} UTC: on {found.platform} the account "
            f"{found.successor} ({found.name}) takes the place of {found.gone}."
        )
        return 0
    if not wish.platform or not wish.name:
        raise succession.SuccessionFault("Say the platform and the name: payvand succession telegram --name @new_name")
    print(asyncio.run(_succeed(wish, _settings(wish), now)))
    return 0


async def _succeed(wish: argparse.Namespace, settings: Settings, now: datetime) -> str:
    from bot import serving, succession

    successor = wish.to or succession.successor_of(settings, wish.platform)
    storage, _keys = await serving.open_storage(settings)
    try:
        gone = wish.gone or await succession.gone_of(storage, wish.platform, successor)
        notice = succession.Notice(settings.community, wish.platform, gone, successor, wish.name, now)
        where = None if wish.no_notice else succession.sign(settings, notice, wish.out)
        count = await succession.record(storage, notice)
    finally:
        await storage.close()
    steps = [
        f"Recorded: {count} people of {gone} are recognised when they press Start at {successor}.",
        "Now start the bot again, and tell people the new name by every other way you have.",
    ]
    if where is not None:
        steps.append(f"Publish the four files in {where.parent}: with them people can check that it is you.")
    return "\n".join(steps)


def _role(wish: argparse.Namespace) -> int:
    print(asyncio.run(_with_rights(wish, _settings(wish))))
    return 0


async def _with_rights(wish: argparse.Namespace, settings: Settings) -> str:
    from datetime import UTC, datetime
    from functools import partial

    from bot import rights, serving

    now = datetime.now(UTC).replace(microsecond=0)
    storage, _keys = await serving.open_storage(settings)
    try:
        match wish.deed:
            case "give":
                code = " ".join(wish.code)
                return await storage.write(partial(rights.give, what=wish.right, code=code, now=now))
            case "renew":
                return await storage.write(partial(rights.renew, number=wish.number, now=now))
            case "take":
                return await storage.write(partial(rights.take, number=wish.number, now=now))
            case "log":
                return await storage.read(rights.deeds)
            case _:
                return await storage.read(partial(rights.listed, now=now))
    finally:
        await storage.close()


def _import_list(wish: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from bot import lists

    if wish.file.stat().st_size > lists.LARGEST:
        raise lists.ListFault("The file is too large. Divide it.")
    what = lists.Wish(
        wish.file.read_bytes(),
        wish.source,
        datetime.now(UTC).replace(microsecond=0),
        days=wish.expires,
        whole=wish.whole,
        consent=wish.consent,
        try_only=wish.check,
    )
    done = asyncio.run(_with_lists(_settings(wish), what))
    print(lists.told(done, try_only=wish.check))
    return 0


async def _with_lists(settings: Settings, what: lists.Wish) -> lists.Done:
    from bot import lists, serving

    reading = lists.read(what)
    if what.try_only:
        return lists.Done(new=len(reading.people), refused=reading.refused)
    storage, _keys = await serving.open_storage(settings)
    try:
        return await lists.take(storage, what, reading, _bar())
    finally:
        await storage.close()


def _export_list(wish: argparse.Namespace) -> int:
    print(asyncio.run(_passed_on(wish, _settings(wish))))
    return 0


async def _passed_on(wish: argparse.Namespace, settings: Settings) -> str:
    from datetime import UTC, datetime

    from bot import lists, serving

    now = datetime.now(UTC).replace(microsecond=0)
    asked = lists.Export(wish.file, wish.domain, settings.community, now, wish.version)
    lists.refuse(asked)
    storage, _keys = await serving.open_storage(settings)
    try:
        return await lists.write(storage, asked)
    finally:
        await storage.close()


def _publish(wish: argparse.Namespace) -> int:
    settings = _settings(wish)
    from bot import i18n, publishing

    directory = wish.directory or settings.bulletins.directory
    if directory is None:
        print("Name a directory: payvand publish DIRECTORY, or `bulletins.directory` in the settings.", file=sys.stderr)
        return MISUSED
    i18n.open_catalogues()
    count, petitions = publishing.publish(settings, directory)
    print(f"{count} bulletins are in {directory}: let a web server or a friendly organisation serve it as it is.")
    if petitions:
        print(
            f"{petitions} petitions are in {directory / publishing.PETITIONS}, each with the files to check its count."
        )
    return 0


def _export_petition(wish: argparse.Namespace) -> int:
    settings = _settings(wish)
    from datetime import UTC, datetime

    from bot import checkup, exporting
    from storage import inspection, keys, notes
    from storage.crypto import Keys
    from storage.database import Tx

    now = datetime.now(UTC)
    by = notes.open_online(settings.data / "keys", settings.community, settings.public_key or "", now)

    def write(tx: Tx) -> int:
        return exporting.export(tx, exporting.find(tx, wish.petition), by, wish.out, now, _bar())

    size = inspection.read(checkup.database_of(settings), Keys(keys.read(settings.key_file)), write)
    print(
        f"{wish.out} is the export: {size} entries. Give it to the organisers, and to nobody else; then erase it here."
    )
    return 0


def _verify(wish: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from bot import petition_verification, verification

    root = wish.public_key
    if not root:
        root = _settings(wish).public_key
    if not root:
        print("Name the community's public key with --public-key: it stands on its printed card.", file=sys.stderr)
        return MISUSED
    if petition_verification.is_petition(wish.files):
        return _verify_petition(wish.files, root)
    files, papers = verification.parted(wish.files)
    proofs, certificates = verification.read(files, wish.certificate)
    heads = verification.check(proofs, certificates, root, datetime.now(UTC))
    for proof, head in zip(proofs, heads, strict=True):
        print(verification.told(proof, head))
    for paper in papers:
        print(verification.belonging(paper, heads))
    print("Whether a bulletin was corrected or withdrawn later, only the bot or the newest bulletins can tell.")
    return 0


def _organiser_key(wish: argparse.Namespace) -> int:
    from getpass import getpass

    from bot import organiser

    if wish.parts:
        enough, among = organiser.read_parts(wish.parts)
        key = organiser.make_parts(wish.out, enough, among)
        print(
            f"{among} parts are in {wish.out}. Copy each onto paper, hand each to another person, erase the files. "
            f"Any {enough} of them open the signatures; fewer open nothing.\n"
        )
    else:
        made_up = False
        if wish.passphrase_file:
            phrase = wish.passphrase_file.read_text("utf-8").strip()
        else:
            phrase, made_up = organiser.choose_passphrase(lambda question: getpass(question).strip())
        key = organiser.make_file(wish.out, phrase)
        print(
            f"{wish.out} is the key. Keep two copies, apart, and never on the server: without it nobody opens a name.\n"
        )
        if made_up:
            print(f"Write these words on paper; they open the key and are not shown again:\n\n      {phrase}\n")
    print(organiser.told(key))
    return 0


def _packet(wish: argparse.Namespace) -> int:
    from datetime import UTC, datetime
    from getpass import getpass

    from bot import organiser, packet

    root = wish.public_key or _settings(wish).public_key
    if wish.supplement is not None:
        print(packet.supplement(wish.export, wish.supplement, root, datetime.now(UTC)), end="")
        return 0
    if wish.parts:
        key = organiser.ask_parts(lambda question: getpass(question).strip())
    elif wish.part:
        key = organiser.join_parts(wish.part)
    elif wish.key:
        phrase = wish.passphrase_file.read_text("utf-8").strip() if wish.passphrase_file else getpass("Passphrase: ")
        key = organiser.open_file(wish.key, phrase)
    else:
        print("Name the organisers' key with --key FILE, or type its parts with --parts.", file=sys.stderr)
        return MISUSED
    out = wish.out or Path(f"packet-{wish.addressee}")
    asked = packet.Wish(wish.export, wish.addressee, out, root, datetime.now(UTC), wish.version)
    made = packet.make(asked, key, progress=_bar())
    counted = made.counted
    print(
        f"{made.where} is packet {made.number}: {counted.total} signatures, of which {counted.only_counted} only count."
    )
    if made.kept_in_vain:
        print(
            f"The server still keeps {made.kept_in_vain} records of signatures that don't count. It should erase them."
        )
    print(
        f"Tell the bot what stands in {made.where / packet.LIST}, all of it, before you hand the files over. "
        f"The bot must answer with the same digest:\n\n      {made.digest.hex()}"
    )
    return 0


def _verify_petition(files: list[Path], root: str) -> int:
    from datetime import UTC, datetime

    from bot import petition_verification

    for line in petition_verification.check(files, root, datetime.now(UTC), _bar()):
        print(line)
    return 0


def _bar() -> Callable[[int, int], None] | None:
    """Shows on a terminal how far something long is, and how long it will take; nothing if nobody looks."""
    if not sys.stderr.isatty():
        return None
    import time

    begun = time.monotonic()

    def show(done: int, total: int) -> None:
        if done % 1000 and done != total:
            return
        left = (time.monotonic() - begun) / done * (total - done)
        filled = 30 * done // total
        end = "\n" if done == total else ""
        print(f"\r[{'#' * filled:<30}] {done}/{total}, {left:.0f} s left ", end=end, file=sys.stderr, flush=True)

    return show


def _unknown(wish: argparse.Namespace) -> int:
    settings = _settings(wish)
    from bot import checkup

    if wish.resend:
        from bot import serving

        count = asyncio.run(serving.resend_unknown(settings))
        print(f"{count} letters will go out once more when the bot runs, marked as perhaps a repeat.")
        return 0
    rows = checkup.unknown_letters(settings)
    if not rows:
        print("No letter has an unknown outcome.")
        return 0
    print("Letters that were perhaps delivered, perhaps not (the platform took the bytes and gave no answer):")
    for lane, count in rows:
        print(f"{count:>8}  {lane}")
    return 0


def _accidents(wish: argparse.Namespace) -> int:
    settings = _settings(wish)
    from bot import checkup

    if wish.again:
        from bot import serving

        count = asyncio.run(serving.handle_again(settings))
        print(
            f"{count} messages will be handled once more, within two minutes of the start of the bot. "
            "Look afterwards: payvand accidents"
        )
        return 0
    found = checkup.accidents(settings)
    if not found:
        print("No message that met a fault of ours is kept.")
        return 0
    print("Messages that met a fault of ours; each is erased a day after it came:")
    for one in found:
        if one.kept is None:
            state = "an older version kept it; it can't be handled again"
        else:
            state = "will be handled when the bot runs" if one.kept.again else "waits for a repair"
        print(f"{one.code:>8}  {one.at:%Y-%m-%d %H:%M} UTC  {state}")
    return 0


def _move(wish: argparse.Namespace) -> int:
    settings = _settings(wish)
    if not wish.file.is_file():
        print(f"There is no file at {wish.file}.", file=sys.stderr)
        return MISUSED
    from bot import serving

    asyncio.run(serving.move(settings, wish.file))
    print(f"Everything of {wish.file} is in {settings.database.url}. Look it over (payvand check), start, and keep the")
    print("file until people have written to the bot again; then erase it.")
    return 0


def _strings(wish: argparse.Namespace) -> int:
    from locales import __main__ as bench

    return bench.main(["check" if wish.check else "review"])


def _version(wish: argparse.Namespace) -> int:
    del wish
    from importlib.metadata import version

    print(f"payvand {version('payvand')}")
    return 0


def _settings(wish: argparse.Namespace) -> Settings:
    """The settings, and the logs as they say."""
    from bot import logs
    from bot.settings import load

    settings = load(wish.settings)
    logs.start(level="debug" if wish.debug else settings.logs.level, form=settings.logs.form)
    return settings


# -- the words of the command line -------------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="payvand", description="A bot for families torn apart by a blackout.")
    parser.add_argument("--settings", type=Path, metavar="FILE", help="the settings (default: ./payvand.toml)")
    parser.add_argument("--debug", action="store_true", help="say more, still without any name, text or secret")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    demo = commands.add_parser("demo", help="open the playground in a browser: no account, no settings")
    demo.add_argument("--port", type=int, default=0, help="the port on this machine (default: a free one)")
    demo.add_argument("--no-browser", action="store_true", help="only print the address")
    demo.set_defaults(do=_demo)

    console = commands.add_parser("console", help="the same in this terminal")
    console.set_defaults(do=_console)

    run = commands.add_parser("run", help="serve the community, until stopped")
    run.set_defaults(do=_run)

    init = commands.add_parser("init", help="make keys and settings for a new community")
    init.add_argument(
        "--no-questions", action="store_true", help="ask nothing: what is not given here gets its default"
    )
    init.add_argument("--community", metavar="NAME", help="what the community is called")
    init.add_argument("--data", type=Path, metavar="DIRECTORY", help="where data and keys are kept (default: var)")
    init.add_argument("--token-file", type=Path, metavar="FILE", help="a file that holds the Telegram token")
    init.add_argument("--ask-telegram", action="store_true", help="ask Telegram whether it knows the token")
    init.add_argument("--recipient", action="append", metavar="AGE1…", help="who can open backups (twice or more)")
    init.add_argument("--root-key", type=Path, metavar="PATH", help="where the root key is written, to be carried away")
    init.add_argument(
        "--passphrase-file", type=Path, metavar="FILE", help="a file that holds the root key's passphrase"
    )
    init.set_defaults(do=_init)

    check = commands.add_parser("check", help="look everything over, and say the cure of what is wrong")
    check.add_argument("--offline", action="store_true", help="don't ask Telegram")
    check.set_defaults(do=_check)

    backup = commands.add_parser("backup", help="make a copy that only the recipients can open, beside the running bot")
    backup.set_defaults(do=_backup)

    restore = commands.add_parser("restore", help="open a backup into a new directory, after looking it over")
    drill = commands.add_parser("drill", help="open a backup somewhere private, look it over, and leave nothing of it")
    for command in (restore, drill):
        command.add_argument("file", type=Path, help="the backup, such as 2026-11-21.age")
        command.add_argument("--identity", type=Path, required=True, metavar="FILE", help="a recipient's age key file")
    restore.add_argument("--to", type=Path, default=Path("restored"), metavar="DIRECTORY", help="default: restored")
    restore.set_defaults(do=_restore)
    drill.set_defaults(do=_drill)

    for words in (
        _certify_words,
        _succession_words,
        _role_words,
        _list_words,
        _publish_words,
        _verify_words,
        _organiser_words,
    ):
        words(commands)

    unknown = commands.add_parser("unknown", help="how many letters have an unknown outcome, by lane")
    unknown.add_argument("--resend", action="store_true", help="send them once more, marked as perhaps a repeat")
    unknown.set_defaults(do=_unknown)

    accidents = commands.add_parser("accidents", help="messages that met a fault of ours: numbers and days, no words")
    accidents.add_argument(
        "--again", action="store_true", help="after the repair, the bot stopped: let it handle them when it starts"
    )
    accidents.set_defaults(do=_accidents)

    move = commands.add_parser("move", help="pour a database file into the empty server that the settings name")
    move.add_argument("file", type=Path, help="the file, such as var/payvand.db, of a bot that is stopped")
    move.set_defaults(do=_move)

    strings = commands.add_parser(
        "strings", help="every sentence in every language, as an HTML page on standard output"
    )
    strings.add_argument("--check", action="store_true", help="say what is untranslated or wrong instead")
    strings.set_defaults(do=_strings)

    commands.add_parser("version", help="which version this is").set_defaults(do=_version)
    return parser


def _certify_words(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    certify = commands.add_parser("certify", help="where the root key is kept: certify an online key for 30 days")
    certify.add_argument("root_key", type=Path, help="the root key's file")
    certify.add_argument("online_key", type=Path, help="the online key's file, such as bulletins.key")
    certify.add_argument(
        "--purpose",
        choices=("bulletins", "petitions"),
        default="bulletins",
        help="what it may sign; a key for petitions is made if missing",
    )
    certify.add_argument("--passphrase-file", type=Path, metavar="FILE", help="a file that holds the passphrase")
    certify.set_defaults(do=_certify)


def _succession_words(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    succession = commands.add_parser(
        "succession", help="an account of the bot is gone: let people be recognised at another one"
    )
    succession.add_argument("platform", nargs="?", help="telegram or matrix")
    succession.add_argument("--name", metavar="NAME", help="how people find the new account, such as @new_name")
    succession.add_argument("--from", dest="gone", metavar="ACCOUNT", help="the account that is gone, if several were")
    succession.add_argument("--to", metavar="ACCOUNT", help="the new account (default: the one in the settings)")
    succession.add_argument(
        "--out", type=Path, default=Path("succession"), metavar="DIRECTORY", help="for the signed notice"
    )
    succession.add_argument("--no-notice", action="store_true", help="only record it: no online key is at hand")
    succession.add_argument("--check", type=Path, metavar="FILE", help="check a notice instead, and change nothing")
    succession.add_argument("--public-key", metavar="KEY", help="the community's public key, where no settings are")
    succession.set_defaults(do=_succession)


def _publish_words(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    publish = commands.add_parser(
        "publish", help="write what was published as files: a page, feeds, alerts, signed texts"
    )
    publish.add_argument("directory", type=Path, nargs="?", help="a directory that holds nothing else")
    publish.set_defaults(do=_publish)

    export = commands.add_parser(
        "export-petition", help="where the bot runs: write what organisers need for a packet; the names stay sealed"
    )
    export.add_argument("petition", metavar="ID", help="its number, as the bot shows it to the organiser")
    export.add_argument(
        "--out", type=Path, required=True, metavar="DIRECTORY", help="a directory that is not there yet"
    )
    export.set_defaults(do=_export_petition)


def _role_words(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    role = commands.add_parser("role", help="give, renew and take rights while the bot is stopped; no name is shown")
    deeds = role.add_subparsers(metavar="DEED", dest="deed", required=True)
    give = deeds.add_parser("give", help="give a right to whoever reads you a code that they made with /desk")
    give.add_argument("right", choices=("steward", "moderator", "organiser"))
    give.add_argument("code", nargs="+", metavar="CODE", help="the twelve digits, with or without spaces")
    deeds.add_parser("list", help="every right: its number, since when and until when")
    for name, what in (("take", "end a right at once"), ("renew", "let a right last 90 days from now")):
        deeds.add_parser(name, help=what).add_argument("number", type=int, metavar="NUMBER", help="see the list")
    deeds.add_parser("log", help="what was done with rights lately")
    role.set_defaults(do=_role)


def _list_words(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    take = commands.add_parser(
        "import-list", help="take in a list of a shelter or a hospital (PFIF or a table), while the bot is stopped"
    )
    take.add_argument("file", type=Path, metavar="FILE", help="PFIF 1.1 to 1.4, or CSV whose first line names columns")
    take.add_argument("--source", required=True, metavar="NAME", help="who keeps the list: people are told this name")
    take.add_argument(
        "--expires", type=int, default=90, metavar="DAYS", help="when the records are erased (default: 90)"
    )
    take.add_argument("--whole", action="store_true", help="erase what this source had said and does not say any more")
    take.add_argument("--consent", action="store_true", help="its people have agreed to be passed on to other services")
    take.add_argument("--check", action="store_true", help="only read it, and say what would be taken in")
    take.set_defaults(do=_import_list)
    give = commands.add_parser(
        "export-list", help="pass records on as PFIF, once two moderators have agreed, while the bot is stopped"
    )
    give.add_argument("file", type=Path, metavar="FILE", help="where to write it; nothing is overwritten")
    give.add_argument("--domain", required=True, metavar="NAME", help="a domain of yours, by which records are called")
    give.add_argument(
        "--version", choices=("1.4", "1.2"), default="1.4", help="1.2 for services that read no newer one"
    )
    give.set_defaults(do=_export_list)


def _verify_words(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verify = commands.add_parser(
        "verify", help="whether bulletins, or a petition's count and receipts, are good; offline"
    )
    verify.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="PATH",
        help="such as bulletin-7-tg.txt, its .minisig beside it, and its picture or PDF; or a petition's directory, "
        "checkpoints, receipts, and .relay files of other communities",
    )
    verify.add_argument("--public-key", metavar="RW…", help="the community's public key (default: the settings')")
    verify.add_argument(
        "--certificate",
        type=Path,
        metavar="FILE",
        help="default: those that lie beside the files or one directory above",
    )
    verify.set_defaults(do=_verify)


def _organiser_words(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    key = commands.add_parser("organiser-key", help="on your own machine: make the key that alone opens signatures")
    key.add_argument("--out", type=Path, required=True, metavar="PATH", help="the new file; with --parts, a directory")
    key.add_argument("--parts", metavar="K-of-N", help="make N parts of which any K are enough, and no file of it all")
    key.add_argument("--passphrase-file", type=Path, metavar="FILE", help="a file that holds the passphrase")
    key.set_defaults(do=_organiser_key)

    packet = commands.add_parser("packet", help="on your own machine: open the signatures, make what is handed over")
    packet.add_argument("export", type=Path, metavar="DIRECTORY", help="the organisers' export of the petition")
    packet.add_argument("addressee", metavar="ADDRESSEE", help="its code, such as un-wgad")
    packet.add_argument("--key", type=Path, metavar="FILE", help="the organisers' key")
    packet.add_argument("--parts", action="store_true", help="ask for parts of it, as they are typed from paper")
    packet.add_argument(
        "--part", type=Path, action="append", metavar="FILE", help="a part in a file; as often as needed"
    )
    packet.add_argument("--passphrase-file", type=Path, metavar="FILE", help="a file that holds the passphrase")
    packet.add_argument("--version", type=int, metavar="N", help="of the letter (default: the newest)")
    packet.add_argument("--out", type=Path, metavar="DIRECTORY", help="default: packet-ADDRESSEE")
    packet.add_argument(
        "--supplement", type=int, metavar="N", help="only print which entries of packet N don't count any more; no key"
    )
    packet.add_argument("--public-key", metavar="RW…", help="the community's public key (default: the settings')")
    packet.set_defaults(do=_packet)


if __name__ == "__main__":
    sys.exit(main())
