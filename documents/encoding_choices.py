"""Names the encodings in which a person can have a text file read, as Python's codecs and as people know them.

Pure, because the extraction process loads it. `documents.wording` draws the names.
"""

from langai_site.words import gettext_noop

# Whose letters each has, and how it is called in standards.
CHOICES = {
    "utf-8": ("", "UTF-8"),
    "utf-16": ("", "UTF-16"),
    "cp1252": (gettext_noop("Western European"), "windows-1252"),
    "iso8859-15": (gettext_noop("Western European"), "ISO 8859-15"),
    "mac-roman": (gettext_noop("Western European"), "Macintosh"),
    "cp850": (gettext_noop("Western European"), "DOS 850"),
    "cp437": (gettext_noop("Western European"), "DOS 437"),
    "cp1250": (gettext_noop("Central European"), "windows-1250"),
    "iso8859-2": (gettext_noop("Central European"), "ISO 8859-2"),
    "cp852": (gettext_noop("Central European"), "DOS 852"),
    "cp1257": (gettext_noop("Baltic"), "windows-1257"),
    "cp1251": (gettext_noop("Cyrillic"), "windows-1251"),
    "koi8-r": (gettext_noop("Cyrillic"), "KOI8-R"),
    "koi8-u": (gettext_noop("Ukrainian"), "KOI8-U"),
    "iso8859-5": (gettext_noop("Cyrillic"), "ISO 8859-5"),
    "cp866": (gettext_noop("Cyrillic"), "DOS 866"),
    "cp1253": (gettext_noop("Greek"), "windows-1253"),
    "iso8859-7": (gettext_noop("Greek"), "ISO 8859-7"),
    "cp1254": (gettext_noop("Turkish"), "windows-1254"),
    "mac-turkish": (gettext_noop("Turkish"), "Macintosh"),
    "cp857": (gettext_noop("Turkish"), "DOS 857"),
    "cp1255": (gettext_noop("Hebrew"), "windows-1255"),
    "cp1256": (gettext_noop("Arabic"), "windows-1256"),
    "iso8859-6": (gettext_noop("Arabic"), "ISO 8859-6"),
    "cp1258": (gettext_noop("Vietnamese"), "windows-1258"),
    "cp874": (gettext_noop("Thai"), "windows-874"),
    "gb18030": (gettext_noop("Chinese"), "GB 18030"),
    "big5hkscs": (gettext_noop("Chinese"), "Big5"),
    "cp932": (gettext_noop("Japanese"), "Shift JIS"),
    "euc_jis_2004": (gettext_noop("Japanese"), "EUC-JP"),
    "cp949": (gettext_noop("Korean"), "windows-949"),
}


# Those that are told apart by the letters of a text. UTF-8 and UTF-16 have marks and rules of their own.
LETTERS_TELL = [name for name in CHOICES if not name.startswith("utf")]
