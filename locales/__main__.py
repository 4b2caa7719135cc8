"""The translators' commands: python -m locales update | check | review."""

from __future__ import annotations

import sys

from bot.i18n import LANGUAGES
from locales import gate, review, strings


def main(arguments: list[str]) -> int:
    """Run one command; 0 if all is well, 1 if something is left to do, 2 if there is no such command."""
    match arguments:
        case ["update"]:
            missing = strings.update()
            for language in LANGUAGES:
                sys.stderr.write(f"{language}: {missing[language]} sentences to translate\n")
            return 0
        case ["check"]:
            faults = gate.all_faults()
            sys.stderr.write("".join(f"{fault}\n" for fault in faults) or "The catalogues are sound.\n")
            return 1 if faults else 0
        case ["review"]:
            sys.stdout.write(review.page())
            return 0
        case _:
            sys.stderr.write(
                "python -m locales update           collect the sentences of the code into the catalogues\n"
                "python -m locales check            run the gate and say what it finds\n"
                "python -m locales review > page    write every sentence in all languages as an HTML page\n",
            )
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
