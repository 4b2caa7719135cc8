"""Which sound each letter of a name stands for, in Cyrillic, Latin and Perso-Arabic writing.

A sound is one character. Vowels: a e i o u. Consonants as in English, and: q (қ), G (ғ), x (х), h (ҳ), J (ҷ), C (ч),
Z (ж), S (ш). What languages write alike keeps one sound; which sounds are near each other is said in `NEAR`.
"""

from __future__ import annotations

from typing import Final

VOWELS: Final = "aeiou"

CYRILLIC: Final = dict(
    pair.split("=")
    for pair in (  # noqa: SIM905 - words read best as words
        "а=a б=b в=v г=g ғ=G д=d е=e ё=yo ж=Z з=z и=i ӣ=i й=y к=k қ=q л=l м=m н=n о=o п=p р=r с=s т=t у=u ӯ=u ф=f "
        "х=x ҳ=h ц=s ч=C ҷ=J ш=S щ=S ъ= ы=i ь= э=e ю=yu я=ya "
        "ѓ=G ӷ=G ї=i і=i ѝ=i ќ=q ҡ=q ң=n ў=u ұ=u ү=u ө=o ә=a һ=h њ=h љ=J ӌ=J є=e ґ=g ң=n җ=J ҝ=g"
    ).split()
)
CYRILLIC_PIECES: Final = {"дж": "J", "тс": "s", "шч": "S"}

LATIN: Final = dict(
    pair.split("=")
    for pair in (  # noqa: SIM905 - words read best as words
        "a=a b=b c=k d=d e=e f=f g=g h=h i=i j=J k=k l=l m=m n=n o=o p=p q=q r=r s=s t=t u=u v=v w=v x=x y=y z=z "
        "ç=C ş=S ğ=G ı=i ə=a ö=o ü=u č=C š=S ž=Z ć=C ǰ=J ĵ=J ŝ=S ŭ=u ġ=G ǧ=G ā=o á=o ī=i ū=u ē=e ō=o ȳ=i "
        "ë=yo ß=s æ=a ø=o ł=l đ=d ḥ=h ḩ=h ħ=h ẖ=x ḫ=x ẕ=z ż=z ẓ=z ḍ=z ź=z ş=S ṣ=s ś=S ț=t ṭ=t ţ=t ḳ=q ķ=k"
    ).split()
)
# Longer pieces first. Where Russian, English, German and Persian habits differ, the commonest one is here.
LATIN_PIECES: Final = dict(
    pair.split("=")
    for pair in (  # noqa: SIM905 - words read best as words
        "mmadh=madh mmedh=medh azhar=azhar "
        "shch=S dsch=J tsch=C tsh=tS sch=S dzh=J tch=C dj=J dž=J sh=S ch=C zh=Z gh=G g'=G kh=x ph=f dh=z ts=s "
        "ck=k ou=u oo=u o'=u u'=u ee=i ce=Je ci=Ji"
    ).split()
)
LATIN_PIECES_OF_FRENCH: Final = {"ch": "S", "gu": "g"}  # where “ou”, “tch” or “dj” show a French passport
LATIN_LETTERS_OF_TURKISH: Final = {"c": "J", "j": "Z", "q": "g"}  # where ə ı ş ç ğ show a Turkish alphabet
SIGNS_OF_FRENCH: Final = ("ou", "tch", "dj")
SIGNS_OF_TURKISH: Final = "əışçğ"
SIGNS_OF_J_AS_Y: Final = ("zh", "sch")  # a Russian or a German habit

ARABIC: Final = dict(
    pair.split("=")
    for pair in (  # noqa: SIM905 - words read best as words
        "ب=b پ=p ت=t ث=s ج=J چ=C ح=h خ=x د=d ذ=z ر=r ز=z ژ=Z س=s ش=S ص=s ض=z ط=t ظ=z ع= غ=G ف=f ق=q ک=k ك=k گ=g "
        "ل=l م=m ن=n ه=h ة=a ء= أ=a إ=e آ=o ؤ=u ئ=i ى=i ھ=h ہ=h ے=e ۍ=i ې=e ں=n ټ=t ٹ=t ڈ=d ډ=d ړ=r ڑ=r ڼ=n ځ=z څ=s "
        "ږ=Z ښ=S ګ=g ۀ=a ۓ=e ۂ=a ڤ=v ڭ=n ۋ=v ۇ=u ۆ=o ې=e ە=a ٱ=a"
    ).split()
)
# The three letters that are a consonant or a long vowel, by where they stand: (consonant, vowel).
ARABIC_WEAK: Final = {"و": ("v", "u"), "ی": ("y", "i"), "ي": ("y", "i")}
ARABIC_ALIF: Final = "ا"

# How far apart two sounds are; what is not here is 1. For two vowels, and for a sound that is missing, see below.
NEAR: Final = {
    **dict.fromkeys(("xh", "kq"), 0.06),
    **dict.fromkeys(("gG", "JZ"), 0.12),
    **dict.fromkeys(("CJ", "qG", "CZ", "qg"), 0.25),
    **dict.fromkeys(("kg", "kG", "qx", "kx", "SC", "sz", "td", "pb", "vf", "sS", "zZ", "zJ", "pf", "iy", "uv"), 0.4),
    **dict.fromkeys(("vb", "lr", "mn", "GZ", "gJ", "gZ", "xG", "hG", "ey", "ov"), 0.7),
    **dict.fromkeys(("ao", "ei", "ou", "ae"), 0.12),
}
OTHER_VOWEL: Final = 0.3  # between two vowels that are not named above
LOST: Final = {**dict.fromkeys(VOWELS, 0.3), "y": 0.2, "h": 0.3, "v": 0.6}  # a sound one writing has, the other not
UNWRITTEN: Final = 0.04  # a vowel in a pair of which one is written in Arabic letters, which leave vowels out

# Sounds that a skeleton doesn't tell apart; vowels, and y, v inside a word, and h at its end, it leaves out.
CLASSES: Final = str.maketrans("qgGhZJ", "kkkxCC")
