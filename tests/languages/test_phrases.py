"""A typed message counts like a button only when the whole of it is a phrase that people use for just that."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import phrase_lists, phrases
from bot.domain.folding import LONGEST, fold, words
from bot.domain.phrases import COMMANDS, Intent, understand

SAFE_ANY_TIME = """
Ман дар амонам|ман дар амонам!|МАН ДАР АМОНАМ|дар амон|омон|омонам|амн|ман амнам|эсон-омон|саломат|саломатам
ман саломатам|сиҳату саломат|сихату саломат|соғ-саломат|сог саломат|бехатар|бехатарам|дар ҷои бехатарам
дар чои бехатарам|дар ҷойи бехатарам|дар джои бехатарам|бехавфам|зинда|зиндаам|зиндаву саломат|мо саломатем
Салом, ман дар амонам|ман дар амонам, раҳмат|ҳа, ман зиндаам|✅ Ман дар амонам|man dar amonam|man salomatam
dar joi bexataram|dar joyi bekhataram|zindaam|omon|eson-omon|sihatu salomat
жив|жива|живы|я жив|мы живы|ми живи|жив-здоров|живы-здоровы|цел|цела|целы|в безопасности|я в безопасности
я в безопасном месте|со мной всё в порядке|со мной все в порядке|у нас всё хорошо|ya v bezopasnosti|мi живi
я жива, всё хорошо|Я жив. Мы в безопасности.|да, я жив|живыыыы
safe|I'm safe|I’m safe|im safe|we are safe|I'm ok|alive|✅ I am safe
"""
SAFE_WHEN_ASKED = """
хуб|хубам|нағз|нагз|нағзам|ҳамааш нағз|хамааш нагз|ҳама хуб|соз|тинҷ|тинч|тинҷам|гап нест|ҳеҷ гап не|шукр
дар хонаам|дар хонаам|ҳа|ха|бале|норм|норммм|нормально|всё норм|всё ок|ок|в порядке|всё хорошо|порядок|дома
слава богу|да|ok|OK!|fine|all good|at home|yes|👍|👍🏽|✅|nagz|tinj
"""
HELP = """
ба ман кумак лозим|Ба ман кӯмак лозим!|ба ман кумак лозим аст|кумак кунед|ёрӣ диҳед|ери дихед|мадад кунед
наҷот диҳед|начот дихед|ман дар хатарам|ҳолам бад|холам бад|захмӣ шудам|захми шудам|маро дастгир карданд
маро гирифтанд|кўмак кунед|kumak kuned|ba man kumak lozim|ba man kūmak lozim
нужна помощь|нужна помош|мне нужна помощь|помогите|помогите!!!|помогите помогите|спасите|я в опасности|ранен|ранена
меня задержали|беда|сос|СОС|pomogite|🆘|🆘🆘🆘|🆘 Ба ман кумак лозим
нужна помощь! Срочно!|срочно помогите|помощь нужна|мне очень плохо|меня задержала милиция|нас бьют|зуд кумак кунед
ман дар хатар|моро бурданд|маро мезананд|ба ман комак кунед|тез ёрдам|ёрии таъҷилӣ|man dar xatar|zud kumak
I need help now|help, quickly|in danger now|need help urgently|I am being detained|emergency
I need help|help me|SOS|s.o.s|I am hurt|I was detained|Я жив. Нужна помощь!|жив, помогите
"""
OTHER = {
    Intent.HELP_OR_MANUAL: "кумак|кӯмак|ёрӣ|помощь|помош|help|Help!|нужна помощь?|kumak",
    Intent.MANUAL: "роҳнамо|рохнамо|справка|как это работает?|how does this work?",
    Intent.CANCEL: "бекор|бекор кунед|лағв|бас|лозим не|даркор не|отмена|стоп|не надо|хватит|cancel|stop|abort",
    Intent.BACK: "бозгашт|қафо|кафо|ба қафо|назад|back|⬅️ Бозгашт",
    Intent.LANGUAGE: "забон|забонро иваз кун|тоҷикӣ|точики|тољикї|ба русӣ|язик|сменить язык|на таджикском|tojiki|zabon",
    Intent.PEOPLE: "одамони ман|мои близкие|my people",
    Intent.CIRCLES: "доираҳои ман|мои круги|circles",
    Intent.FORGET: "маро фаромӯш кунед|забудьте меня|forget me",
    Intent.SEARCH: "Поиск человека|🔎 Поиск человека|ищу брата|Ищу сестру.|ищу маму|ищу отца|ищу сына|ишу брата"
    "|ищу мужа|я ищу брата|Хочу найти брата|не могу найти сестру|пропал брат|брат пропал|Пропала мама|у меня пропал сын"
    "|I am looking for my brother|I'm looking for my sister|looking for my mum|my brother is missing|find somebody"
    "|i can't find my son|look for someone|Ҷустуҷӯи одам|бародарамро меҷӯям|Бародарамро мечуям|модарамро меҷӯям"
    "|ман хоҳарамро меҷӯям|писарам гум шуд|падарам бедарак шуд|хешамро ёфта наметавонам|мехоҳам бародарамро ёбам"
    "|Салом, бародарамро меҷӯям",
    Intent.PRIVACY: "махфият|privacy|что вы обо мне знаете?",
}
NOTHING = """
живот болит|бекорам|ман саломат нестам|ман саломат нестам.|не в порядке|not safe|i am not safe|кумак не лозим
кумак лозим нест|помощь не нужна|не жив|я не в безопасности|ман дар амон нестам|хуб нестам|нағз не|бехатар нест
срочно|now|тез|не срочно|очень плохо|сейчас не в опасности|помощь сейчас не нужна|ҳозир кумак лозим нест
no|нет|не|жив?|живы?|ты жив?|safe?|are you safe?|в безопасности ли ты|он в безопасности|мама жива ли
ман дар амонам ё не|hello|салом|раҳмат|спасибо|спасибо помощь не нужна|зинда бошед|помогите другим|я жив но ранен
всё хорошо, но нет еды|safe, not really|ман намедонам|👎|❓|...|/unknown|/safe not yet|/safe he is fine|он сказал: я жив
"""


def each(text: str) -> list[str]:
    return [phrase for line in text.strip().splitlines() for phrase in line.split("|")]


@pytest.mark.parametrize("phrase", each(SAFE_ANY_TIME))
def test_clear_words_of_safety_count_at_any_time(phrase: str) -> None:
    assert understand(phrase, asked=False) is Intent.SAFE
    assert understand(phrase, asked=True) is Intent.SAFE


@pytest.mark.parametrize("phrase", each(SAFE_WHEN_ASKED))
def test_everyday_words_count_only_as_an_answer(phrase: str) -> None:
    assert understand(phrase, asked=True) is Intent.SAFE
    assert understand(phrase, asked=False) is None


@pytest.mark.parametrize("phrase", each(HELP))
def test_a_call_for_help_is_understood(phrase: str) -> None:
    assert understand(phrase, asked=False) is Intent.HELP
    assert understand(phrase, asked=True) is Intent.HELP


@pytest.mark.parametrize(("intent", "phrase"), [(intent, one) for intent, text in OTHER.items() for one in each(text)])
def test_other_wishes_are_understood(intent: Intent, phrase: str) -> None:
    assert understand(phrase, asked=False) is intent


@pytest.mark.parametrize("phrase", each(NOTHING))
def test_a_negation_a_question_and_half_a_phrase_mean_nothing(phrase: str) -> None:
    assert understand(phrase, asked=False) is None
    assert understand(phrase, asked=True) is None


CRIES = """
помогите, пропал брат|Пропал брат. Помогите!|брата забрали, помогите|спасите брата|бародарам гум шуд, кумак кунед
help, my brother is missing|My brother is missing. Help me!|кумак кунед! бародарамро меҷӯям|SOS пропал сын
помогите найти брата|помогите мне, ищу маму|нас ищут|меня ищут|маро меҷӯянд|they are looking for me|брата ищут
брат ранен|бародарамро гирифтанд|моего брата задержали|ищут брата|за мной пришли|я пропал|ман гум шудам|I am missing
не ищу брата|не ищите брата|бародарамро намеҷӯям
"""


@pytest.mark.parametrize("phrase", each(CRIES))
def test_nothing_that_cries_for_help_or_fears_being_found_is_taken_for_a_search(phrase: str) -> None:
    for asked in (False, True):
        assert understand(phrase, asked=asked) is not Intent.SEARCH


@pytest.mark.parametrize(
    "phrase", ["Пропал брат. Помогите!", "бародарам гум шуд, кумак кунед", "My brother is missing. Help me!"]
)
def test_a_cry_for_help_beside_a_search_goes_first(phrase: str) -> None:
    assert understand(phrase, asked=False) is Intent.HELP


@pytest.mark.parametrize(("name", "intent"), COMMANDS.items())
@pytest.mark.parametrize("form", ["/{}", "!{}", " /{} ", "/{}@Payvand_bot", "!{}@payvand:example.org"])
def test_a_command_is_understood_with_a_slash_and_with_an_exclamation_mark(
    name: str, intent: Intent, form: str
) -> None:
    assert understand(form.format(name), asked=False) is intent
    assert understand(form.format(name.upper()), asked=False) is intent


def test_every_command_has_a_tajik_twin_where_the_word_is_not_international() -> None:
    twins = {
        "help": "rohnamo",
        "language": "zabon",
        "privacy": "mahfiyat",
        "safe": "omon",
        "sos": "kumak",
        "people": "mardum",
        "circles": "doira",
        "ask": "purs",
        "rollcall": "ruyhat",
        "cancel": "bekor",
        "code": "ramz",
        "later": "dertar",
        "verify": "sanjish",
        "bulletins": "xabarho",
        "petitions": "imzo",
        "rumour": "ovoza",
        "search": "justuju",
    }
    assert all(COMMANDS[name] is COMMANDS[twin] for name, twin in twins.items())
    assert set(COMMANDS) == {*twins, *twins.values(), "start", "back", "forget", "desk"}


def test_no_phrase_has_two_meanings() -> None:
    meanings: dict[str, set[str]] = {}
    for name in ("SAFE", "SAFE_IF_ASKED", *(intent.name for intent in phrases.Intent)):
        for phrase in getattr(phrase_lists, name, ()):
            meanings.setdefault(fold(phrase), set()).add(name)
    assert not {phrase: names for phrase, names in meanings.items() if len(names) > 1}


def test_no_phrase_holds_a_negation() -> None:
    negations = {fold(word) for word in ("не", "нет", "нест", "нестам", "на", "not", "no", "ни")}
    for name in ("SAFE", "HELP"):
        for phrase in getattr(phrase_lists, name):
            assert phrase == "на помощь" or not negations & set(words(phrase)), phrase


def test_every_listed_phrase_is_short_enough_to_match() -> None:
    for name in ("SAFE", "SAFE_IF_ASKED", *(intent.name for intent in phrases.Intent)):
        assert all(0 < len(words(phrase)) <= phrases.MOST_WORDS for phrase in getattr(phrase_lists, name, ()))


@settings(deadline=None)
@given(st.text(), st.booleans())
def test_any_text_can_be_read(text: str, asked: bool) -> None:  # noqa: FBT001
    understand(text, asked=asked)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([*"|/!.,?\n ", "ман", "дар", "амонам", "не", "🆘", "safe", "👍", "help"])).map(" ".join)
)
def test_no_mixture_of_words_with_a_negation_is_safe(text: str) -> None:
    if "не" in text.split():
        assert understand(text, asked=True) is not Intent.SAFE


def test_a_huge_text_is_not_looked_at() -> None:
    assert understand("ман дар амонам " * 100_000, asked=True) is None
    assert understand("/sos " + "at the bridge " * 100_000, asked=False) is Intent.HELP, "but a call is never too long"
    assert understand("/safe " + "at the bridge " * 100_000, asked=False) is None
    assert len(words("\ufdfa" * 1_000_000)) <= LONGEST * 4
