"""The keys of connections, as the database stores them."""

from langai_site.sealed_texts import SealedTexts, UnreadableKeyError

__all__ = ["UnreadableKeyError", "rotate", "seal", "unseal"]

_KEYS = SealedTexts("langai.connections")
seal, unseal, rotate = _KEYS.seal, _KEYS.unseal, _KEYS.rotate
