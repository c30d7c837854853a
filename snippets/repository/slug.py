"""A name as a part of a URL, in any script.

Buys: the same slug for names that look the same: case, width and composition are folded.
Vowel signs of Indic scripts stay with their letters, where ``\\w`` would cut words apart.
Needs: a unique index: two names can have one slug.
Limits: letters keep their script, and a URL writes them percent-encoded; look-alikes of two
scripts differ. Symbols and emoji are left out.
"""

import unicodedata


def slugify(name: str, *, longest: int = 60) -> str:
    """Return ``name`` as words of letters, marks and digits, joined by hyphens.

    At most ``longest`` characters, cut between words where that is possible. The slug of a slug
    is the slug. Raises ValueError for a name without a letter or digit, and for ``longest``
    below 1. Sends nothing.
    """
    if longest < 1:
        raise ValueError(f"longest is 1 or more, not {longest}")
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    words = [""]
    for char in folded:
        kind = unicodedata.category(char)[0]
        if kind in "LN" or (kind == "M" and words[-1]):
            words[-1] += char
        elif words[-1]:
            words.append("")
    slug = "-".join(filter(None, words))
    if not slug:
        raise ValueError(f"the name {name!r} has no letter or digit to make a slug of")
    if len(slug) > longest:
        head = slug[: longest + 1].rpartition("-")[0]
        slug = head or slug[:longest]
    return slug
