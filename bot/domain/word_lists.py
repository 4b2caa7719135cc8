"""Ordinary words for cards, 128 in each language: things that everybody can picture, read out and spell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_ENGLISH = """
apple arrow autumn basket bell bicycle bird blanket boat bottle bowl bread bridge broom brush bucket button candle
carpet castle cave chair cheese cherry clay cloud coin comb copper cotton cradle cucumber curtain door dove drum
eagle elbow falcon feather finger flour flute forest fountain fox frog garden gate glass glove goat grape grass
hammer harvest hat honey horse iron island jar kettle kitchen ladder lake lantern leaf lemon loom market meadow
melon milk mirror moon mountain mulberry needle nest oak onion orange orchard paper peach pearl pencil pepper pillow
plum pocket pond potato rabbit rainbow ribbon rice river rope saddle sand scarf shell silk silver snow soap spoon
star stone sugar summer table thread tower tulip valley village violin walnut wheat whistle willow window winter
wolf wool
"""
_RUSSIAN = """
абрикос арбуз бабочка балкон банка барабан береза блокнот ботинок варенье ведро велосипед веник верба весло ветка
ветер виноград вишня вода волна ворота воробей гармонь глина гнездо голубь гора горох груша дверь дерево дождь
долина дорога дуб дыня ежик жаворонок забор завтрак звезда зеркало зима игла изба калина камень карандаш картошка
каша кедр кирпич ключ книга колодец колокол комната корзина корова костер кувшин кухня лампа ласточка лестница лимон
липа лодка лопата луг луна малина мельница мешок молоко морковь мост мыло небо нитка носок облако овес огурец одеяло
озеро окно орех осень остров очки парус песок печка пирог платок подушка поле порог пряник пшеница пыль радуга река
роза ромашка рукав рыба сад сахар свеча сирень скамейка скатерть скрипка снег солнце сосна стакан стол стул сумка
тарелка тетрадь трава туча чайник
"""
_TAJIK = """
абр абрешим алаф анбур ангур анор арра асал асп аспак бел бодиринг бодом борон бом бог булбул барг варақ гандум
гавҳора гилем гилос гул гулӯбанд гунҷишк гурба гӯсфанд дара дарахт дарё дафтар дег деҳа дона дутор ёсуман ёқут
зардолу занбӯр замин занҷир зимистон зин коғаз зира каду кабӯтар калид камон кабк капалак карам камар китоб кӯза кӯл
кӯрпа кӯҳ лаб лайлак лимӯ лаҷом лола марворид мактаб моҳ моҳӣ мурғ мӯй муҳр най наҳр намак нарвон нахуд нок нон
обшор офтоб орд чойник оина пахта палов панир панҷара парда пашм пиёз пиёла пилла пичоқ пул равған раг ранг рег роҳ
рӯбоҳ рӯймол сабад садбарг санг сандуқ себ сабзӣ ситора соя сӯзан субҳ тарбуз тағора танӯр табақ тахт тоқӣ тобистон
турб тут шамол шаҳр шафтолу шир шона шохча ғоз ғӯза
"""

WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": tuple(_ENGLISH.split()),
    "ru": tuple(_RUSSIAN.split()),
    "tg": tuple(_TAJIK.split()),
}
