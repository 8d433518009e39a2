"""Names the encodings in which a person can have a text file read, as Python's codecs and as people know them."""

CHOICES = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Western European (windows-1252)",
    "iso8859-15": "Western European (ISO 8859-15)",
    "mac-roman": "Western European (Macintosh)",
    "cp850": "Western European (DOS 850)",
    "cp437": "Western European (DOS 437)",
    "cp1250": "Central European (windows-1250)",
    "iso8859-2": "Central European (ISO 8859-2)",
    "cp852": "Central European (DOS 852)",
    "cp1257": "Baltic (windows-1257)",
    "cp1251": "Cyrillic (windows-1251)",
    "koi8-r": "Cyrillic (KOI8-R)",
    "koi8-u": "Ukrainian (KOI8-U)",
    "iso8859-5": "Cyrillic (ISO 8859-5)",
    "cp866": "Cyrillic (DOS 866)",
    "cp1253": "Greek (windows-1253)",
    "iso8859-7": "Greek (ISO 8859-7)",
    "cp1254": "Turkish (windows-1254)",
    "cp1255": "Hebrew (windows-1255)",
    "cp1256": "Arabic (windows-1256)",
    "iso8859-6": "Arabic (ISO 8859-6)",
    "cp1258": "Vietnamese (windows-1258)",
    "cp874": "Thai (windows-874)",
    "gb18030": "Chinese (GB 18030)",
    "big5hkscs": "Chinese (Big5)",
    "cp932": "Japanese (Shift JIS)",
    "euc_jis_2004": "Japanese (EUC-JP)",
    "cp949": "Korean (windows-949)",
}


# Those that are told apart by the letters of a text. UTF-8 and UTF-16 have marks and rules of their own.
LETTERS_TELL = [name for name in CHOICES if not name.startswith("utf")]


def name_of(encoding: str) -> str:
    """Return an encoding's name for people; one that is not a choice keeps its technical name."""
    return CHOICES.get(encoding, encoding)
