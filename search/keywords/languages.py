# ruff: noqa: RUF001 - letters of other scripts belong here
"""Pure: guesses the language of a text in Latin letters by its small words and letters, and lists all small words."""

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from search.keywords.letters import CHUNK, folded
from search.questions.lexicon import LANGUAGES

# What joins words to one.
_JOINED = re.compile("[-'\u2019]")
# Languages in Latin letters, with their stemmers; other texts are stemmed by their script.
STEMMERS: Mapping[str, str] = {
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "id": "indonesian",
    "it": "italian",
    "nb": "norwegian",
    "nl": "dutch",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "sv": "swedish",
    "tr": "turkish",
}
# Languages assumed for a text that shows none, such as a table or a list of names.
COMMON = ("en", "de", "fr", "es", "it", "pt", "nl")

# Small words of the languages that search/questions/lexicon.py does not have.
_MORE: Mapping[str, str] = {
    "cs": """a aby ale ani až bez bude být byl byla bylo co do ho i já jak jako je jeho jen ještě ji jsem jsou já k
        kde když kdo který která které mezi na nebo než o od po pod podle pro protože před při s se si tak také tím
        to tom tento tato u už v ve více všech z za ze že""",
    "da": """af alle at blev blive den denne der deres det dette dig din du efter eller en end er et for fra før
        han hans har havde hun hvad hvem hvis hvor hvordan hvornår i ikke jeg kan kun man med men mig min mod må når
        nogle og også om op os over på sig sin skal som til ud under var ved vi vil være været år""",
    "fi": """ei ennen entä että he hän ja jos joka jotka kanssa kuin kuinka kun kuka me mikä milloin minä missä miten
        mitä mukaan mutta myös ne niin niiden nyt oli olla on ovat se sekä sen sitä tai tämä tämän vain voi voidaan""",
    "hu": """a az azt csak de egy ez ezt és hogy hogyan hol ha hány ki kell csak is jó lehet meg mely melyik mert mi
        mikor mint minden mit nem olyan s sem szerint van vagy valamint volt után alatt között""",
    "id": """ada adalah agar akan antara apa apakah atau bagaimana bahwa bisa dan dalam dapat dari dengan di harus ini
        itu juga kami karena kapan ke kepada lebih mana mereka oleh pada saya sebagai setiap siapa sudah telah tidak
        untuk yang""",
    "nb": """alle at av ble bli den denne der deres det dette du eller en enn er et etter for fra før han hans har
        hva hvem hvis hvor hvordan hvilke hun i ikke jeg kan med men mot må når og også om opp oss over på seg sin
        skal som til under ut var ved vi vil være vært år""",
    "pl": """a aby ale albo był była było być co czy dla do gdzie go ich i ile ja jak jakie jako je jego jej jest
        jeśli już kiedy kto która które który lub ma może można na nad nie niż o od oraz po pod podczas przed przez
        przy są się tak także tego ten to tym w we wszystkie z za ze że""",
    "ro": """a ai al ale am aceasta acest această au ca că care ce cel cei cine cum când cât dar de despre din după
        este eu fi fie fost în între la lui mai nu o pe pentru prin sau se sunt și şi un unei unui unde""",
    "sv": """alla att av bli blev de dem den denna det detta dig din du där efter eller en ett från för före ha han
        hans har hade hon hur i icke inte jag kan kommer man med men mot måste mycket när och också om oss på sig
        sin ska skall som till under upp ut vad var varför vem vi vid vilka vilken vill är över""",
    "tr": """ama ancak bir biz bu bunu çok da daha de değil diye en gibi göre hangi her hem için ile ise kaç kadar
        kim mı mi mu nasıl ne neden nedir nerede o olan olarak sonra şu ve veya ya zaman""",
}
# More small words of the languages that it has: they are frequent in texts, or point at something, and so tell texts
# of these languages apart.
_OF_TEXTS: Mapping[str, str] = {
    "en": "they their them its it this these those he she his her than then such also only each other into per upon",
    "de": "dies diese dieser dieses diesem diesen sowie bzw wurde wurden worden jeder jede jedes als beim sowie ihrer",
    "fr": "ces dont cette étaient été sera seront ainsi chaque lorsque elle ils elles leurs",
    "es": "sus está según cada durante ellos estos esta estas fueron será serán ante",
    "it": "questo questa quello essere sono viene vengono ogni tra fra degli sua loro stato",
    "pt": "este esta seu foram pelos pelas cada deve deverá durante entre sido também",
    "nl": "deze dit zijn werd werden elke iedere tijdens tussen hun zich dient wordt",
    "ru": "это этот эта эти этого тот та те он она оно они его её ее них который которая которые также был была были",
    "ar": "هذا هذه ذلك تلك هو هي هم منه منها عنه عنها فيه فيها له لها به بها عليه عليها التي الذي ايضا كما",
}
# Languages with so many words in common that the stems of either work for both.
_ALIKE = frozenset(("da", "nb"))
_LETTERS: Mapping[str, Sequence[str]] = {
    "ß": ("de",),
    "ü": ("de", "tr", "hu"),
    "ö": ("de", "sv", "fi", "hu", "tr"),
    "ä": ("de", "sv", "fi"),
    "å": ("sv", "da", "nb"),
    "ø": ("da", "nb"),
    "æ": ("da", "nb"),
    "ñ": ("es",),
    "¿": ("es",),
    "¡": ("es",),
    "ã": ("pt",),
    "õ": ("pt",),
    "ç": ("fr", "pt", "tr"),
    "è": ("fr", "it"),
    "ê": ("fr", "pt"),
    "œ": ("fr",),
    "ł": ("pl",),
    "ż": ("pl",),
    "ě": ("cs",),
    "ř": ("cs",),
    "ů": ("cs",),
    "ő": ("hu",),
    "ű": ("hu",),
    "ğ": ("tr",),
    "\u0131": ("tr",),
    "ş": ("tr", "ro"),
    "ș": ("ro",),
    "ț": ("ro",),
    "ă": ("ro",),
}
# A word that several languages share counts a part for each. A text is assigned to a language only if it has at least
# ENOUGH of its words and AHEAD times as many as of any other language.
ENOUGH, AHEAD = 1.0, 1.3


def language_of(words: Collection[str], text: str) -> str:
    """Return the language of a text in Latin letters, from its words in lower case; "" if it is not clear."""
    small = _languages_by_word()
    found: dict[str, float] = {}
    for word in small.keys() & words:
        _count(found, small[word])
    if not text.isascii():
        for letter in _LETTERS.keys() & set(text.lower()):
            _count(found, _LETTERS[letter])
    best = max(found, key=lambda language: found[language], default="")
    if not best or found[best] < ENOUGH:
        return ""
    others = [count for language, count in found.items() if language != best and not {language, best} <= _ALIKE]
    return best if found[best] >= AHEAD * max(others, default=0) else ""


def small_count(text: str, language: str) -> int:
    """Return how many different small words of a language a text in Latin letters has."""
    small = _languages_by_word()
    chunks = {chunk.lower() for chunk in CHUNK.findall(text)}
    # "Puis-je" and "d'un" have small words in them.
    words = chunks.union(*(_JOINED.split(chunk) for chunk in chunks))
    return sum(language in small[word] for word in small.keys() & words)


def _count(found: dict[str, float], languages: Sequence[str]) -> None:
    for language in languages:
        found[language] = found.get(language, 0) + 1 / len(languages)


@lru_cache(maxsize=1)
def _languages_by_word() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for language in STEMMERS:
        for word in (LANGUAGES[language].small if language in LANGUAGES else frozenset()) | _more(language):
            found.setdefault(word.casefold(), []).append(language)
    return found


def _more(language: str) -> frozenset[str]:
    return frozenset((_MORE.get(language, "") + " " + _OF_TEXTS.get(language, "")).split())


@lru_cache(maxsize=len(LANGUAGES) + len(_MORE))
def small_words(language: str) -> frozenset[str]:
    """Return the folded words that say little about the subject of a question."""
    words = LANGUAGES[language].small if language in LANGUAGES else frozenset()
    return frozenset(map(folded, words | _more(language)))
