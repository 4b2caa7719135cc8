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
# Whatever turns what is said into its opposite, or takes it back: “without”, “almost”, “it is a lie that …”.
NEGATIONS: Final = (
    "не нест нестанд нестам нашуд нашуда накард надор* намекун* наметавон* намешав* нахоҳ* ҳеҷ ҳаргиз бе бидуни дурӯғ* "
    "бардурӯғ* қалбакӣ* гӯё базӯр",
    "не нет нету никто ни никого никому ничего никогда никак нигде без едва чуть вряд якобы кроме ложь лжи ложн* лжив* "
    "фейк* неправд* выдум* вранье враньё обман*",
    "not no never nobody none nothing nowhere neither nor cannot can't couldn't won't wouldn't shouldn't isn't aren't wasn't "
    "weren't don't doesn't didn't hasn't haven't hadn't without hardly barely almost nearly except unless false falsely "
    "untrue fake* hoax* lie lies fail fails failed",
)
NEGATED: Final = ("наме", "на")  # beginnings that turn a Tajik verb, the longer first
# What turns a sentence round when its opposite is said instead. A side: its name, its words in Tajik, Russian and
# English; without words it is a concept of the list above.
OPPOSITES: Final = (
    (
        (
            "freed",
            "озод* раҳо*",
            "освобо* освобожд* отпусти* отпуще* отпуска* выпусти* выпуще* выпуска*",
            "releas* freed free frees freeing liberat*",
        ),
        ("arrest",),
    ),
    (("alive", "зинда*", "жив жива живы живым живые живых выжи* уцеле*", "alive survive* living lives"), ("killed",)),
    (
        ("unhurt", "саломат* солим*", "здоров* невредим* вылеч* поправил*", "unhurt unharmed healthy recover* healed"),
        ("wounded",),
    ),
    (
        ("found", "ёфт* пайдо*", "найден* нашли нашел нашёл нашла нашлась нашлись нашелся обнаруж*", "found"),
        ("kidnap",),
    ),
    (("peace", "сулҳ* ором*", "мир мира миру мирн* спокой* затишь*", "peace* calm* quiet"), ("war",)),
    (("defence", "ҳимоя* мудофиа* дифоъ*", "защит* защищ* оборон*", "defend* defen* protect*"), ("war",)),
    (
        (
            "on",
            "барқарор* пайваст* васл* фаъол*",
            "включ* восстанов* подключ* заработал* работает работают",
            "restor* reconnect* works working resum*",
        ),
        ("off",),
    ),
    (("open",), ("closed",)),
    (("clean", "тоза*", "чист*", "clean* drinkable"), ("poison",)),
    (("unblocked", "", "разблокир*", "unblock* unlock*"), ("closed",)),
    (
        (
            "came",
            "омад* даромад* ворид* расид*",
            "пришл* пришел* пришёл* прибы* приеха* прилет* вошл* вошел* вошёл* ввел* введ* ввод* въеха* верну* возвра*",
            "came come comes coming arriv* enter* return* landed",
        ),
        (
            "left",
            "рафт* баромад* берун* гурехт*",
            "ушл* ушел* ушёл* уходят уходит уехал* улетел* вышл* вышел* вышёл* вывел* выведен* вывод* покин* сбежа* отступ*",
            "left leave leaves leaving depart* withdr* exit* flee* fled retreat*",
        ),
    ),
    (
        (
            "began",
            "сар оғоз* шурӯъ*",
            "начал* начин* начнут начнет начнёт разгор* вспыхн*",
            "began begin* begun start* launch* erupt*",
        ),
        (
            "ended",
            "тамом* анҷом* поён* хотима* бас",
            "законч* оконч* прекра* заверш* остановл* остановил* перестал*",
            "end ended ends ending finish* stop* cease* halt* over",
        ),
    ),
    (
        (
            "raised",
            "зиёд* афзу* баланд* боло*",
            "повыс* повыш* подня* вырос* выраст* увелич* дороже больше",
            "rais* rose rise rises rising increas* higher more up dearer",
        ),
        (
            "lowered",
            "кам камтар паст* поин* арзон*",
            "пониз* пониж* сниз* сниж* упал* уменьш* сократ* подешев* дешевле меньше",
            "lower* fell fall falls drop* decreas* reduc* less fewer cheap* down",
        ),
    ),
    (
        ("allowed", "иҷозат* рухсат*", "разреш* можно позвол* легальн* законн*", "allow* permit* legal lets let"),
        (
            "forbidden",
            "манъ* қадаған* мамнӯъ*",
            "запре* нельзя незаконн* нелегальн*",
            "forbid* forbad* ban bans banned banning prohibit* illegal outlaw*",
        ),
    ),
    (
        (
            "given",
            "тақсим* медиҳанд",
            "разда* выда* вручи* вручают дают",
            "give gives gave given giving distribut* hand hands handed",
        ),
        (
            "taken",
            "мусодира* ғорат* кашида",
            "отобра* отбира* отнял* отним* изъя* изыма* конфиск*",
            "take takes took taken taking seiz* confiscat* loot* stole stolen steal*",
        ),
    ),
    (
        ("accepted", "қабул* розӣ*", "согласил* согласен соглас* принял* принят*", "accept* agree* approv*"),
        ("refused", "рад инкор*", "отказ* отверг* отклон*", "refus* reject* declin* disagre*"),
    ),
    (
        ("affirmed", "тасдиқ*", "подтверд* подтвержд*", "confirm*"),
        ("denied", "такзиб*", "опроверг* отрица*", "deny denies denied denying refut* debunk*"),
    ),
    (
        ("safe", "бехатар* осуда*", "безопас*", "safe* secure*"),
        ("dangerous", "хатар* хавф*", "опас* угроз* угрожа*", "danger* unsafe* risk* threat* insecure*"),
    ),
    (
        ("won", "ғалаба* пирӯз*", "победи* победа победу выигра*", "win won wins winning victor*"),
        ("lost", "шикаст* мағлуб*", "проигра* поражен* потерпе* потеря*", "lose lost loses losing defeat*"),
    ),
    (
        ("destroyed", "вайрон* хароб*", "разруш* снесл* снесен* уничтож* рухну*", "destroy* demolish* collaps* ruin*"),
        (
            "built",
            "сохтанд сохта сохтмон* таъмир*",
            "построи* построе* отремонт* отстро* починил*",
            "rebuil* repair* build builds built fixed",
        ),
    ),
    (
        ("bought", "харид* мехар*", "купи* покупа* закуп*", "buy* bought purchas*"),
        ("sold", "фурӯ*", "прода*", "sell* sold sale*"),
    ),
    (
        ("appointed", "таъин*", "назнач*", "appoint* hire*"),
        ("dismissed", "барканор* сабукдӯш*", "уволи* уволе* уволь* отстран*", "dismiss* sacked resign* ousted fired"),
    ),
    (
        ("guilty", "гунаҳкор* айбдор*", "винов* вина", "guilty convict*"),
        ("innocent", "бегуноҳ* бетақсир*", "невинов* невинн* оправда*", "innocent* acquit*"),
    ),
    (
        ("imposed", "ҷорӣ*", "объяв* установ*", "impos* declar* introduc*"),
        ("lifted", "бекор* лағв*", "отмен* снял* сняли снято сняты", "lift* cancel* abolish* revok*"),
    ),
    (
        ("full", "пур", "полон полна полны полно переполн*", "full"),
        ("empty", "холӣ*", "пуст пуста пусто пусты пустые пустует", "empty"),
    ),
    (
        ("supported", "пуштибон*", "поддерж*", "support*"),
        ("condemned", "маҳкумият*", "осуди* осужд*", "condemn*"),
    ),
    (
        ("friend", "дӯст*", "друг друзья друзей союзн*", "friend* ally allies allied"),
        ("enemy", "душман*", "враг* враж* противник*", "enem* foe foes"),
    ),
    (("before", "пеш", "перед", "before"), ("after", "пас баъд*", "после", "after")),
    (("for", "тарафдор*", "сторонник*", "supporter*"), ("against", "зидди зид муқобил*", "против*", "against")),
    (("north", "шимол*", "север*", "north*"), ("south", "ҷануб*", "юг юга юге югу южн*", "south*")),
    (("east", "шарқ*", "восток* восточн*", "east*"), ("west", "ғарб*", "запад*", "west*")),
    (
        ("many", "бисёр*", "много многие многих большинств*", "many most lots"),
        ("few", "", "мало немног* единиц*", "few little"),
    ),
    (("from", "аз", "из", "from"), ("into", "", "", "into")),
)
# Words that say nothing of what happened. They also tell in which language somebody writes.
EMPTY: Final = (
    "дар аз ба бо ва ки ин он оё рост аст дуруст мегӯянд мегуянд шуд шуда шудааст карда кард кардаанд шуданд мо ман шумо "
    "чӣ чи чанд имрӯз дирӯз ҳозир шаб инҷо онҷо барои ҳам хабар ҳақиқат будааст буд ҳаст ҳастанд магар",
    "в во на из у к ко с со и а что это эта этот правда ли верно говорят был была было были есть мы я вы они он она там "
    "тут здесь сегодня вчера сейчас ночью за по для как же бы так пишут слышал слышала или уже от до о об",
    "is are was were be been it that the a an in on at of to and or true this there they we i you do does did has "
    "have had say said says saying heard hear really today yesterday now tonight by for with about if whether can will "
    "any some please rumour rumor near being",
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
