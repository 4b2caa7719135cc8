"""Words that people write who may be in danger, in Tajik, Russian and English: a case that holds one goes first.

A word that ends in * stands for every word that begins so. Keyboards and alphabets are folded away.
"""

from __future__ import annotations

from typing import Final

DISTRESS: Final = """
кумак* наҷот* хатар* таҳдид* метарс* тарсид* таъқиб* пинҳон* худкуш* мекуш* мезан* гурехт*
помоги* помощ* спасит* спасай* опасн* угрож* угроз* боюсь боимся страшно бьют преслед* следят слежк* ломятся прячусь
прячемся самоубий* суицид* покончить похит* пропал* шантаж*
help sos danger* threat* afraid scared hide hiding followed suicid* kidnap* missing rescue* blackmail*
"""
