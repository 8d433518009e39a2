"""Detects national identity numbers whose digits can be checked, by python-stdnum's rules for each country.

If form and check could match by chance, a word beside the number must name it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module

from langai_site.detectors.namings import NAMINGS
from langai_site.detectors.regexes import compiled, near
from langai_site.detectors.types import Detection, confidential

_DATE = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_DAY_FIRST = r"(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])"


@dataclass(frozen=True)
class NationalId:
    """`module`: python-stdnum's, below `stdnum`. `words`: a pattern that must match nearby; "" if none is needed."""

    module: str
    shape: str
    words: str = ""

    @property
    def kind(self) -> str:
        return "national_id_" + self.module.partition(".")[0].rstrip("_")

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return compiled(rf"\b(?:{self.shape})\b")

    @cached_property
    def _near(self) -> re.Pattern[str] | None:
        return compiled(self.words) if self.words else None

    def found(self, text: str) -> Iterator[tuple[int, str]]:
        """Yield where the numbers start, and only their digits and letters."""
        if self._near and not self._near.search(text):
            return
        for match in self._pattern.finditer(text):
            start, end = match.span()
            if self._stands_alone(text, start, end) and self._is_valid(match.group()):
                yield start, re.sub(r"[^0-9A-Za-z]", "", match.group()).upper()

    def _stands_alone(self, text: str, start: int, end: int) -> bool:
        """Return whether it is not a part of a longer number or word, and near a word that names it."""
        before, after = text[max(start - 1, 0) : start], text[end : end + 1]
        if before in _JOINS or (after in _JOINS and text[end + 1 : end + 2].isalnum()):
            return False
        return not self._near or near(self._near, text, start, end)

    def _is_valid(self, number: str) -> bool:
        return bool(import_module(f"stdnum.{self.module}").is_valid(number))


_JOINS = frozenset("-./_")

# Strict forms first: a number that several countries' rules allow is reported once.
NATIONAL_IDS = (
    NationalId(
        "it.codicefiscale",
        r"[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]",
    ),
    NationalId("mx.curp", rf"[A-Z]{{4}}[0-9]{{2}}{_DATE}[HMX][A-Z]{{5}}[0-9A-Z][0-9]"),
    NationalId("fi.hetu", rf"{_DAY_FIRST}[0-9]{{2}}[-+A-FU-Y][0-9]{{3}}[0-9A-Y]"),
    NationalId("pt.cc", r"[0-9]{8} ?[0-9] ?[A-Z]{2}[0-9]"),
    NationalId(
        "fr.nir",
        r"[12][ .]?[0-9]{2}[ .]?[0-9]{2}[ .]?[0-9][0-9AB][ .]?[0-9]{3}[ .]?[0-9]{3}[ .]?[0-9]{2}",
    ),
    NationalId("ch.ssn", r"756[. ]?[0-9]{4}[. ]?[0-9]{4}[. ]?[0-9]{2}"),
    NationalId("cn.ric", rf"[1-9][0-9]{{5}}(?:19|20)[0-9]{{2}}{_DATE}[0-9]{{3}}[0-9X]"),
    NationalId("be.nn", r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}[.-][0-9]{2}"),
    NationalId("br.cpf", r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}"),
    NationalId("cl.rut", r"[0-9]{1,2}\.[0-9]{3}\.[0-9]{3}-[0-9K]"),
    NationalId("ar.cuit", r"2[03479]-[0-9]{8}-[0-9]"),
    NationalId("kr.rrn", rf"[0-9]{{2}}{_DATE}-[0-9]{{7}}"),
    NationalId("th.pin", r"[1-8]-[0-9]{4}-[0-9]{5}-[0-9]{2}-[0-9]"),
    NationalId(
        "us.ssn",
        r"[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}",
        r"\bssn\b|social.security|taxpayer",
    ),
    NationalId(
        "ca.sin",
        r"[0-9]{3}[- ]?[0-9]{3}[- ]?[0-9]{3}",
        r"\bsin\b|\bnas\b|social insurance|assurance sociale",
    ),
    NationalId("gb.nhs", r"[0-9]{3}[- ]?[0-9]{3}[- ]?[0-9]{4}", r"\bnhs\b"),
    NationalId("ie.pps", r"[0-9]{7}[A-W][A-IW]?", r"\bpps\b|\bppsn\b|personal public service"),
    NationalId("de.idnr", r"[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}", r"steuer|\bidnr|\btin\b|tax id"),
    NationalId("at.vnr", r"[0-9]{4}[ -]?[0-9]{6}", r"\bsvnr|\bsv-n|versicherungsn|\bvsnr"),
    NationalId("es.dni", r"[0-9]{8}[- ]?[A-Z]", r"\bdni\b|\bnif\b|identidad|identificaci"),
    NationalId("es.nie", r"[XYZ][- ]?[0-9]{7}[- ]?[A-Z]", r"\bnie\b|\bnif\b|extranjer|identidad"),
    NationalId("nl.bsn", r"[0-9]{9}|[0-9]{4}[. ][0-9]{2}[. ][0-9]{3}", r"\bbsn\b|burgerservice|sofi-?num"),
    NationalId("be.nn", r"[0-9]{11}", r"rijksregister|registre national|\bnrn\b|\binsz\b|\bniss\b"),
    NationalId("pl.pesel", r"[0-9]{11}", r"\bpesel"),
    NationalId("cz.rc", r"[0-9]{6}/?[0-9]{4}", r"rodn[eé]|\br\.? ?č"),
    NationalId("ro.cnp", r"[1-9][0-9]{12}", r"\bcnp\b|cod numeric"),
    NationalId("hr.oib", r"[0-9]{11}", r"\boib\b|osobni identifikacijski"),
    NationalId("si.emso", r"[0-9]{13}", r"emšo|emso\b|jmbg"),
    NationalId("bg.egn", r"[0-9]{10}", r"\begn\b|егн"),
    NationalId("gr.amka", r"[0-9]{11}", r"\bamka\b|αμκα"),
    NationalId("ee.ik", r"[1-8][0-9]{10}", r"isikukood|personal code|\bik\b"),
    NationalId("lt.asmens", r"[1-9][0-9]{10}", r"asmens kod|personal code"),
    NationalId("no.fodselsnummer", r"[0-9]{6} ?[0-9]{5}", r"f(?:ø|o|oe)dselsn|\bfnr\b|personn"),
    NationalId(
        "se.personnummer",
        r"(?:[0-9]{2})?[0-9]{6}[-+]?[0-9]{4}",
        r"person-?n|samordningsn|\bpnr\b",
    ),
    NationalId("dk.cpr", rf"{_DAY_FIRST}[0-9]{{2}}-?[0-9]{{4}}", r"\bcpr\b|personnummer"),
    NationalId("is_.kennitala", r"[0-9]{6}-?[0-9]{4}", r"kennital|\bkt\b"),
    NationalId("tr.tckimlik", r"[1-9][0-9]{10}", r"kimlik|\btckn?\b|\bt\.c\."),
    NationalId("il.idnr", r"[0-9]{8}-?[0-9]", r"teudat zehut|\btz\b|תעודת זהות|ת\.ז"),
    NationalId("za.idnr", r"[0-9]{6} ?[0-9]{4} ?[0-9]{2} ?[0-9]", r"\bid\b|identity"),
    NationalId("br.cpf", r"[0-9]{11}", r"\bcpf\b"),
    NationalId("in_.aadhaar", r"[2-9][0-9]{3}[ -]?[0-9]{4}[ -]?[0-9]{4}", r"aadh?aar|uidai|आधार"),
    NationalId("jp.in_", r"[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}", r"マイナンバー|個人番号|my ?number"),
)


def find(text: str) -> Iterable[Detection]:
    taken: set[int] = set()
    numbers: dict[tuple[str, str], set[str]] = {}
    for each in NATIONAL_IDS:
        for start, number in each.found(text):
            if start not in taken:
                taken.add(start)
                numbers.setdefault((each.kind, each.module), set()).add(number)
    for (kind, module), found in numbers.items():
        yield from confidential(kind, len(found), NAMINGS[module])
