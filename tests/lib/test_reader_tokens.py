"""Tokens in mails: they name a reader of a printing, and nobody can make one."""

import string

from hypothesis import given
from hypothesis import strategies as st

from newsroom.lib.links import ReaderToken, reader_token

readers = st.builds(ReaderToken, st.integers(0, 2**32 - 1), st.integers(0, 2**40 - 1))


@given(readers)
def test_a_token_names_its_reader_in_both_spellings(reader: ReaderToken):
    assert reader_token(reader.text) == reader_token(reader.hex) == reader_token(reader.hex.upper()) == reader
    assert len(reader.text) == 27
    assert set(reader.text) <= set(string.ascii_letters + string.digits + "-_")


@given(readers, st.integers(0, 26), st.sampled_from(string.ascii_letters + string.digits + "-_"))
def test_no_other_spelling_opens_anything(reader: ReaderToken, place: int, letter: str):
    changed = reader.text[:place] + letter + reader.text[place + 1 :]
    assert changed == reader.text or reader_token(changed) is None


@given(st.text(max_size=60))
def test_anything_else_is_nobody(words: str):
    assert reader_token(words) is None
