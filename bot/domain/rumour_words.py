"""What rumours speak of, in the words of three languages: a small lexicon by which equal questions are recognised.

A word that ends in * stands for every word that begins so. Keyboards and alphabets are folded away.
"""
# ruff: noqa: E501, ISC004 - one language, one line

from __future__ import annotations

from typing import Final

# concept, topic, danger (0 to 3), Tajik, Russian, English
CONCEPTS: Final = (
    (
        "killed",
        "violence",
        3,
        "кушт* кушанд* мурд* ҳалок* шаҳид* фавтид* қурбон* қатл*",
        "убит* убил* убив* убийств* погиб* умер* мертв* жертв* расстрел* гибел*",
        "kill* dead death* die died dies dying murder* massacre*",
    ),
    (
        "wounded",
        "violence",
        3,
        "захмӣ* захмин* маҷрӯҳ* ярадор*",
        "ранен* ранил* ранение* пострада* покалеч*",
        "wound* injur* hurt",
    ),
    (
        "shooting",
        "violence",
        3,
        "тир* тирпарронӣ* тирандозӣ* паррон*",
        "стрельб* стреля* обстрел* выстрел* перестрел* снайпер*",
        "shoot* shot* gunfire sniper* firefight*",
    ),
    (
        "explosion",
        "violence",
        3,
        "тарк* таркиш* бомба* интиҳор*",
        "взрыв* взорва* бомб* теракт*",
        "explo* bomb* blast*",
    ),
    ("fire", "violence", 2, "сӯхтор* оташ*", "пожар* горит горят сгоре* поджог*", "fire fires burn* arson"),
    (
        "war",
        "violence",
        3,
        "ҷанг* ҳамла* ҳуҷум*",
        "войн* бои бой нападен* напал* атак* штурм*",
        "war fight* attack* battle*",
    ),
    (
        "arrest",
        "arrest",
        2,
        "дастгир* боздошт* ҳабс* зиндон* маҳбас*",
        "арест* задерж* забра* увез* тюрьм* посад* облав* зачистк*",
        "arrest* detain* detention* jail* prison* raid* round-up",
    ),
    ("torture", "arrest", 3, "шиканҷа* лату* латкӯб*", "пыт* избил* избива* избит*", "tortur* beat* beaten"),
    (
        "kidnap",
        "arrest",
        3,
        "рабуд* дуздид* бедарак*",
        "похит* похищ* пропал* исчез*",
        "kidnap* abduct* missing disappear*",
    ),
    ("list", "arrest", 2, "рӯйхат*", "список* списк*", "list lists"),
    ("evacuation", "evacuation", 2, "эвакуатсия* кӯчон* тахлия*", "эвакуац* эвакуир* вывоз* вывез*", "evacu*"),
    ("border", "roads", 1, "сарҳад* марз*", "границ*", "border* frontier*"),
    ("road", "roads", 1, "роҳ* шоҳроҳ* трасса*", "дорог* трасс* шоссе", "road* highway* route*"),
    ("bridge", "roads", 1, "кӯпрук* пул*", "мост*", "bridge*"),
    ("airport", "roads", 1, "фурудгоҳ* аэропорт*", "аэропорт* рейс*", "airport* flight*"),
    ("checkpoint", "roads", 1, "пост* дидбонгоҳ*", "блокпост* пост посты посту постах", "checkpoint* roadblock*"),
    ("closed", "roads", 1, "баст* маҳкам*", "закры* закро* перекры* блокир*", "clos* shut blocked blockade*"),
    ("open", "roads", 0, "кушод* боз", "откры* откро*", "open* reopen*"),
    (
        "network",
        "network",
        1,
        "интернет* шабака* алоқа*",
        "интернет* сеть сети связ*",
        "internet* network* connection* signal",
    ),
    ("phone", "network", 1, "телефон* мобил*", "телефон* мобильн*", "phone* mobile*"),
    (
        "off",
        "network",
        1,
        "хомӯш* қатъ* ғайрифаъол*",
        "отключ* выключ* обруб* глуш*",
        "cut cuts blackout* disconnect* jammed",
    ),
    (
        "police",
        "forces",
        1,
        "милитса* пулис* полис*",
        "милиц* полиц* мент менты омон",
        "police* policem* cop cops militia*",
    ),
    (
        "army",
        "forces",
        2,
        "аскар* артиш* низомӣ* ҳарбӣ* сарбоз*",
        "войск* армия армию армии арми военн* солдат* спецназ*",
        "army armies soldier* troop* military",
    ),
    ("tank", "forces", 2, "танк* зиреҳ*", "танк* бронетехник* бтр колонн*", "tank* armour* armor* apc convoy*"),
    (
        "aircraft",
        "forces",
        2,
        "ҳавопаймо* чархбол* вертолёт* дрон*",
        "вертолёт* вертолет* самолёт* самолет* дрон* беспилотн*",
        "helicopter* aircraft plane planes drone* jet jets",
    ),
    ("foreign", "forces", 1, "хориҷӣ* бегона*", "иностранн* наемник*", "foreign* mercenar*"),
    ("militant", "forces", 2, "ҷангӣ* террорист*", "боевик* террорист*", "militant* terrorist* fighter*"),
    (
        "protest",
        "protest",
        1,
        "тазоҳурот* эътироз* намоиш*",
        "митинг* протест* демонстрац*",
        "protest* demonstrat* rally rallies",
    ),
    ("curfew", "protest", 1, "комендант*", "комендантск*", "curfew*"),
    ("emergency", "protest", 1, "фавқулода*", "чрезвычайн*", "emergency"),
    (
        "food",
        "supplies",
        1,
        "озуқа* хӯрок* нон* орд",
        "еда еды еду продукт* продовольств* хлеб* мука муки муку",
        "food* bread flour",
    ),
    ("water", "supplies", 1, "об оби обро", "вода воды воду воде водой", "water"),
    ("poison", "supplies", 2, "заҳр*", "отрав* яд ядом", "poison*"),
    ("medicine", "supplies", 1, "дору* дорухона*", "лекарств* аптек*", "medicine* drug drugs pharmacy pharmacies"),
    ("hospital", "supplies", 1, "беморхона* шифохона*", "больниц* госпитал*", "hospital* clinic*"),
    ("doctor", "supplies", 1, "духтур* табиб*", "врач* доктор*", "doctor*"),
    ("electricity", "supplies", 1, "барқ* қувва*", "электричеств* свет света", "electricity power light lights"),
    ("gas", "supplies", 1, "газ* бензин* сӯзишворӣ*", "газ газа бензин* топлив*", "gas petrol fuel"),
    ("money", "supplies", 0, "пул пули маош* нафақа*", "деньг* денег зарплат* пенси*", "money salar* pension*"),
    ("bank", "supplies", 0, "бонк*", "банк* банкомат*", "bank banks atm"),
    ("price", "supplies", 0, "нарх* қимат*", "цена цены подорожа*", "price*"),
    ("help", "supplies", 0, "кӯмак* ёрӣ*", "помощ* гуманитарн*", "aid humanitarian relief"),
    ("school", "places", 0, "мактаб*", "школ*", "school*"),
    ("university", "places", 0, "донишгоҳ*", "университет* вуз", "universit*"),
    ("market", "places", 0, "бозор*", "рынок* рынк* базар*", "market* bazaar*"),
    (
        "mosque",
        "places",
        0,
        "масҷид* ҷамоатхона*",
        "мечет* джамоатхан* джамаатхан*",
        "mosque* jamatkhana* jamoatkhona*",
    ),
    ("quake", "nature", 2, "заминларза* зилзила*", "землетряс*", "earthquake* quake*"),
    ("avalanche", "nature", 2, "тарма* сел", "лавин* сель селя оползен* оползн*", "avalanche* landslide* mudflow*"),
    ("flood", "nature", 2, "обхезӣ*", "наводнен* потоп*", "flood*"),
    (
        "illness",
        "nature",
        1,
        "беморӣ* вабо* эпидемия*",
        "болезн* эпидеми* холер* вирус*",
        "disease* epidemic* cholera virus*",
    ),
    ("talks", "politics", 0, "гуфтушунид* музокира*", "переговор* перемир*", "talks negotiat* ceasefire truce"),
    ("president", "politics", 0, "президент* раисҷумҳур*", "президент*", "president*"),
    ("leader", "politics", 1, "роҳбар* пешво*", "лидер* вожд* имам*", "leader* imam*"),
    ("amnesty", "politics", 0, "авф* амнистия*", "амнист* помилован*", "amnest* pardon*"),
    ("women", "people", 0, "зан занон занҳо духтар*", "женщин* девуш*", "women woman girl*"),
    ("children", "people", 0, "кӯдак* бача*", "дети детей ребен* ребён*", "child* kid kids"),
    ("men", "people", 0, "мард мардон ҷавон* писар*", "мужчин* парни парней молодеж*", "men man boy boys youth*"),
)
PEOPLE: Final = (
    "одам* кас касро нафар* мардум* сокин*",
    "человек* люди людей жител*",
    "people person* civilian* resident*",
)
NEGATIONS: Final = (
    "не нест нестанд нестам нашуд нашуда накард надор* намекун*",
    "не нет нету никто ни",
    "not no never nobody none isn't aren't wasn't weren't don't doesn't didn't hasn't haven't",
)
# Words that say nothing of what happened. They also tell in which language somebody writes.
EMPTY: Final = (
    "дар аз ба бо ва ки ин он оё рост аст дуруст мегӯянд мегуянд шуд шуда шудааст карда кард кардаанд шуданд мо ман шумо "
    "чӣ чи чанд имрӯз дирӯз ҳозир шаб инҷо онҷо барои ҳам хабар ҳақиқат будааст буд ҳаст ҳастанд магар",
    "в во на из у к ко с со и а что это эта этот правда ли верно говорят был была было были есть мы я вы они он она там "
    "тут здесь сегодня вчера сейчас ночью за по для как же бы так пишут слышал слышала или уже от до о об",
    "is are was were be been it that the a an in on at of to from and or true this there they we i you do does did has "
    "have had say said says saying heard hear really today yesterday now tonight by for with about if whether can will "
    "any some please rumour rumor near into being",
)
# Words for numbers, in the order of `NUMBERED`.
NUMBERED: Final = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 20, 30, 40, 50, 100, 200, 300, 500, 1000)
NUMBERS: Final = (
    "як ду се чор панҷ шаш ҳафт ҳашт нӯҳ даҳ ёздаҳ дувоздаҳ понздаҳ бист сӣ чил панҷоҳ сад дусад сесад панҷсад ҳазор",
    "один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать пятнадцать двадцать тридцать сорок "
    "пятьдесят сто двести триста пятьсот тысяча",
    "one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty hundred - - - "
    "thousand",
)
