"""Slugs keep the letters of every script and are stable."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snippets.repository.slug import slugify


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Apollo", "apollo"),
        ("  Apollo -- 11!  ", "apollo-11"),
        ("Ölçü & Straße", "ölçü-strasse"),
        ("Ｆｕｌｌ Ｗｉｄｔｈ", "full-width"),
        ("Cafe\u0301", "caf\u00e9"),
        ("Москва 2", "москва-2"),
        ("50㎐", "50hz"),
        ("हिन्दी भाषा", "हिन्दी-भाषा"),
        ("a/b?c#d%e", "a-b-c-d-e"),
        ("..", None),
        ("🚀", None),
        ("\u0301", None),
        ("", None),
    ],
)
def test_a_name_becomes_words_joined_by_hyphens(name: str, slug: str | None) -> None:
    if slug is None:
        with pytest.raises(ValueError, match="has no letter or digit"):
            slugify(name)
    else:
        assert slugify(name) == slug


def test_a_long_name_is_cut_between_words_where_that_is_possible() -> None:
    assert slugify("one two three", longest=7) == "one-two"
    assert slugify("one two three", longest=9) == "one-two"
    assert slugify("a" * 100) == "a" * 60
    with pytest.raises(ValueError, match="longest is 1 or more"):
        slugify("a", longest=0)


@given(st.text(), st.integers(1, 20))
def test_the_slug_of_a_slug_is_the_slug_and_safe_in_a_path(name: str, longest: int) -> None:
    try:
        slug = slugify(name, longest=longest)
    except ValueError:
        return
    assert slugify(slug, longest=longest) == slug
    assert 1 <= len(slug) <= longest
    assert unicodedata.is_normalized("NFC", slug)
    assert not set(slug) & set(" /?#%.\\\t\n\x00")
    assert unquote(quote(slug, safe="")) == slug
