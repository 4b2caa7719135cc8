"""The words names are made of besides the name itself: titles, endings, articles, and short forms.

Written as people write them, one spelling of each is mostly enough: they are compared by their sounds.
"""

from __future__ import annotations

from typing import Final

TITLES: Final = """
доктор dr داکتر دوکتور ډاکټر دکتر инженер engineer eng انجنیر انجنير انجینر انجنیير мулло mullah ملا мавлави mawlawi
molavi مولوی مولوي муфтӣ مفتی ҳоҷӣ hajji haj alhaj حاجی حاجي الحاج устод استاد муаллим معلم эшон ایشان шайх шейх
sheikh sheik shaikh shaykh cheikh شیخ شيخ general gen جنرال ډګروال دگروال colonel col major капитан капитани prof
professor پروفیسور پوهاند پوهنمل mr mrs ms miss sir محترم آقای оқои бонуи хонум خانم устои сарвазир судя барристер
barrister saranwal څارنوال سارنوال سناتور senator sanator lft lt brid برید capt captain phd تورن تورنجنرال تورنوال
maulavi maulawi moulavi охунд akhund akhond آخوند اخوند машҳур مشهور مشهوربه known ойтӣ ojti муллои домулло ойимулло
эшони шайхи ҳоҷии
""".split()  # noqa: SIM905 - words read best as words

# A part of many names that is as often left out: it counts little, and makes no key beside two other words.
LIGHT: Final = """
хон khan خان ҷон jan جان djan бек beg bek بیک шоҳ шо shah شاه гул gul گل гулл бибӣ бӣ bibi بی بی‌بی мир mir میر
сайид саид said sayyid sayed sayid seyed syed sayd seyyid سید سيد aqa آقا آغا оқо agha хоҷа خواجه khwaja вакил
وکیل sahib صاحب халифа ҳофиз hafiz hafez حافظ имом қозӣ qazi قاضی қорӣ قاری раис رئیس муҳаммад muhammad محمد
""".split()  # noqa: SIM905 - words read best as words

ARTICLES: Final = "al el ul ur ud us uz ush an il az e ال به په to".split()  # noqa: SIM905 - words read best as words
SON_OF: Final = "bin ben ibn bint бинти ибни валад valad walad ould ولد بن فرزند фарзанди писари духтари".split()  # noqa: SIM905 - words read best as words
MARKS_OF_FATHER: Final = (
    "оглы оглу oglu ogly oğlu ўғли огли ogli ugli кызы қизи kizi qizi qızı kyzy гызы уулу uulu".split()  # noqa: SIM905 - words read best as words
)

# Said before a name as titles are, but somebody's name as well: what follows is a word of its own.
OF_OFFICE: Final = "қорӣ qari قاری қозӣ qazi قاضی ҳофиз hafiz hafez حافظ имом imam халифа вакил وکیل раис رئیس".split()  # noqa: SIM905 - words read best as words

# Endings as sounds: (ending as a pattern, whether it is a woman's). The longest that leaves three sounds is taken.
OF_FATHER: Final = ((r"y?[oaeiu]vi[CS]", False), (r"y?[oaeiu]vna", True), (r"iCna", True), (r"vi[CS]", False))
OF_SURNAME: Final = (
    (r"y?[oaei]va", True),
    (r"y?[oaei]v", False),
    (r"(?<=...)(?:y?of|(?<=[aioe])y?ef)", False),
    (r"sk(?:iy?|oy)", False),
    (r"skaya", True),
)
OF_BIRTH: Final = (r"z[oa]d[aehi]+", r"p[ou]r", r"iy?[oa]n", r"y[oa]n", r"niy?[oa]", r"ne[JZz][oa]d", r"duxt", r"doxt")
OF_RESPECT: Final = (  # the same person with it and without it
    *(
        r"[JC][oa]n",
        r"(?<![JC][oa])x[oa]n",
        r"be[kg]",
        r"bik",
        r"S[oa][hx]?",
        r"bo[yi]",
        r"bay",
        r"gul",
        r"b[oa]nu",
        r"bibi",
        r"oy",
    ),
    *(r"u?nis[oa]", r"mo[hx]", r"Cik"),
)
OF_GOD: Final = r"[aueoi]?l[aoe]+[hx]?"  # -ullo, -ullah, الله after another word
SERVANT: Final = r"abd[aueoi]?"  # Abdu-, Abdul-, عبدال

# Spellings of one name that no rule leads to each other.
SPELLINGS: Final = tuple(
    line.split()
    for line in (
        "муҳаммад мохаммад мухаммед маҳмад мамад магомед мамед mehmet mohamed mahomed mehmed mohd muhd محمد",
        "усмон osman uthman othman عثمان",
        "юсуф йусуф iosif joseph youssef yousef یوسف",
        "иброҳим абрам ibrahim ebrahim ابراهیم",
        "исмоил esmail ismail smail اسماعیل",
        "яъқуб ёқуб якуб yaqub yakoub jacob یعقوب",
        "исҳоқ ishaq esaac isaac اسحاق",
        "муъмин мӯъмин mumin momin moamen مؤمن",
        "ҳусайн гусейн hussein huseyn حسین",
        "ҳасан гасан hassan حسن",
        "аҳмад ахмед ahmet ahmed احمد",
        "алӣ али ali əli aly علی علي",
        "довуд давид david dawud داود داوود داؤد",
        "искандар александр скандар iskander اسکندر",
        "хуҷаста khujasta خجسته",
        "раҳмон rahman rehman rakhman رحمان رحمن",
        "шоҳ шах shah شاه",
        "нур noor nur nour نور",
        "фотима фатима fatma fatemeh فاطمه",
        "оиша айша aisha ayesha عایشه",
        "зайнаб зейнаб zaynab zeinab زینب",
        "хадиҷа khadija hatice خدیجه",
    )
)

# A name, and how it is called at home or among friends.
SHORT_FORMS: Final = tuple(
    (full.strip(), short.split())
    for full, short in (
        line.split(":")
        for line in (
            "ҷамшед: ҷамик джама ҷамшик джеймс",
            "хуршед: хурик хурша",
            "фаридун: фарик фара федя фред",
            "фарҳод: фара фарик фархик",
            "фаррух: фара фарик фаррухик",
            "фирдавс: фирик фира",
            "фирӯз: фирик фира",
            "рустам: рустик рус руся",
            "баҳром: баха бахрик",
            "бахтиёр: баха бахтик бахти",
            "беҳрӯз: бехрик бека",
            "алишер: алик алиш шер",
            "алӣ: алик",
            "искандар: искан саша скандик",
            "исмоил: исма исмик",
            "сулаймон: сулик сулай",
            "сироҷиддин: сироҷ сирож",
            "шамсиддин: шамс шамсик",
            "нуриддин: нурик нури нур",
            "фахриддин: фахрик фахри",
            "садриддин: садрик садри",
            "сайфиддин: сайф сайфик",
            "тоҷиддин: тоҷи тоҷик",
            "маҳмадалӣ: мамадали",
            "юсуф: юсик юся",
            "иброҳим: ибрик ибра ибраш",
            "аҳмад: ахмадик аҳик",
            "муҳаммад: муха муҳа мухик",
            "абдулло: абдул абдик",
            "абдураҳмон: абдул раҳмон абду",
            "абдуллатиф: абдул латиф",
            "умед: умедик ума",
            "далер: далерик дала",
            "мансур: мансик",
            "азиз: азик азизик",
            "анвар: аник",
            "комрон: кома комрик",
            "парвиз: паша парик парвик",
            "шаҳриёр: шаха шахрик",
            "шоҳрух: шаха шохрик",
            "давлат: давлатик дава",
            "саидмурод: мурод саид",
            "мирзо: мирзоша",
            "гулнора: гуля гулик нора",
            "гулчеҳра: гуля гулик чехра",
            "гулбаҳор: гуля баҳор",
            "мадина: мадя мадинка дина",
            "зулайхо: зуля зулик",
            "фарзона: фара фарзик фарза",
            "наргис: нарга наргиска",
            "манижа: маня манижка",
            "шаҳноза: шаха ноза",
            "меҳрангез: мехра",
            "дилором: диля дилорка",
            "дилафрӯз: диля афрӯз",
            "дилбар: диля дилка",
            "мавлуда: мавля мавлюда",
            "нигина: нига нигинка гина",
            "таҳмина: тахма мина",
            "зарина: зара зарик зарка",
            "рухшона: рухша шона",
            "ситора: сита",
            "сабрина: сабри",
            "лайло: лайли лейла ляля",
            "оиша: айшик",
            "фотима: фати фатя фатимка",
            "зебунисо: зеба зебо",
            "хайриниссо: хайри",
            "александр: саша шура саня алик",
            "александра: саша шура саня",
            "алексей: алёша лёша лёха",
            "дмитрий: дима митя",
            "михаил: миша",
            "николай: коля",
            "иван: ваня",
            "владимир: вова володя",
            "сергей: серёжа серёга",
            "евгений: женя",
            "евгения: женя",
            "юрий: юра",
            "павел: паша",
            "пётр: петя",
            "роман: рома",
            "виктор: витя",
            "анатолий: толя",
            "константин: костя",
            "мария: маша маня",
            "екатерина: катя",
            "наталья: наташа",
            "татьяна: таня",
            "ольга: оля",
            "елена: лена алёна",
            "анна: аня",
            "анастасия: настя",
            "светлана: света",
            "людмила: люда мила",
            "галина: галя",
            "надежда: надя",
            "любовь: люба",
            "виктория: вика",
            "валентина: валя",
        )
    )
)

# Roots so common that a list under one of them would betray itself by its length, by one spelling each.
COMMON: Final = """
муҳаммад алӣ аҳмад раҳмон раҳим карим ҳасан ҳусайн саид назар мирзо давлат шариф мурод қурбон холмурод абдулло
азиз раҷаб сафар юсуф иброҳим исмоил ҳаким солеҳ қодир қосим ҳамид маҳмуд амин нур сайф шоҳ ғафур ғулом умар
усмон ёқуб восит наби расул юнус ҳайдар яъқуб латиф раҳмат файз хайр садр ҷалол ҷамол камол зафар тоҷи шамс бобо
бой худой гул зайн анвар акбар асад асғар
""".split()  # noqa: SIM905 - words read best as words
