"""The words by which a table of people is understood: its headings, and what stands in its columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

# The words by which a column is known, in Tajik, Russian and English: all words of one group must stand in the heading.
HEADINGS: Final[Mapping[str, str]] = {
    "person_record_id": "person record id; record id; id; рамз; код; code; номер записи; шиноса; идентификатор",
    "full_name": "full name; name; фио; ному насаб; насабу ном; ном; имя; полное имя; имя фамилия; ф и о; ism; nom",
    "family_name": "family name; last name; surname; фамилия; насаб; nasab",
    "given_name": "given name; first name; номи шахс; личное имя",
    "father": "father; father name; fathers name; patronymic; отчество; номи падар; падар",
    "date_of_birth": "date of birth; birth date; born; birth year; year of birth; дата рождения; год рождения; "
    "санаи таваллуд; соли таваллуд; таваллуд; рождение; г р",
    "age": "age; возраст; сколько лет; син; синну сол; сол",
    "sex": "sex; gender; пол; чинс",
    "home_city": "place; city; town; village; district; from; home city; город; село; кишлак; район; откуда; ноҳия; "
    "деҳа; шаҳр; чой; место; место жительства; чои зист; маҳалли зист",
    "status": "status; state; condition; статус; состояние; вазъ; вазъият; ҳолат; ҳол",
    "source_date": "date; as of; source date; дата; дата записи; сана; рӯз",
}
STATUS: Final[Mapping[str, str]] = {
    "believed_alive": "alive; well; safe; alive and well; safe and well; discharged; жив; жива; живой; живая; здоров; "
    "здорова; жив здоров; жива здорова; выписан; выписана; зинда; саломат; солим; тандуруст; сиҳату саломат; "
    "зинда аст; саломат аст",
    "believed_dead": "dead; died; deceased; killed; not alive; умер; умерла; погиб; погибла; мертв; мертва; скончался; "
    "скончалась; не жив; не жива; фавтид; фавтида; мурд; мурда; шаҳид; ҳалок; зинда нест; зинда набуд; зинда намонд",
    "believed_missing": "missing; lost; пропал; пропала; пропал без вести; пропала без вести; без вести пропал; "
    "без вести пропала; бедарак; бедарак шуд; бедарак шудааст; гум; гумшуда; гум шуд; гум шудааст; не найден; "
    "не найдена; not found; ёфт нашуд",
}
SEX: Final[Mapping[str, str]] = {
    "male": "m; male; man; м; муж; мужской; мужчина; мард; мардона",
    "female": "f; female; woman; ж; жен; женский; женщина; зан; занона",
}
# A column whose heading has one of these words is not read: by what stands in it families are found and blackmailed.
NEVER: Final = (
    "адрес; адреса; адреси; нишонӣ; суроға; address; addresses; улица; кӯча; street; телефон; тел; телефони; "
    "phone; telephone; tel; mobile; email; mail; почта; почтаи"
)
# What stands between two words of a cell that are both a status.
BETWEEN: Final = re.compile(r"[,;/]|\s(?:и|ва|у|and)\s", re.IGNORECASE)
# By which somebody could be reached: an account, an address, a link. For words that were folded; see `pfif.reaches`.
REACHES: Final = re.compile(r"[@/\\]|[a-z0-9-]{3,}\.[a-z]{2,}|(?<![a-z0-9-])[a-z0-9-]{1,2}\.[a-z]{2,3}(?![a-z])|\.рф\b")
