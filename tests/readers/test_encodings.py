"""UTF-16 with a mark is read as UTF-8; its units can be counted again from what was made of them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from clerk_logscan.readers.encodings import as_utf8, utf16_size


@given(
    st.text(st.characters(codec=None, categories=["L", "Zs", "Cc", "Cs", "So"])),
    st.sampled_from([("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")]),
    st.integers(1, 9),
)
@settings(max_examples=200, deadline=None)
def test_utf16_is_transcoded_whatever_the_chunks(text: str, kind: tuple[str, bytes], size: int) -> None:
    """Lone surrogates, which attackers write, are kept apart."""
    data = kind[1] + ("x" + text).encode(kind[0], "surrogatepass")
    chunks, encoding = as_utf8(data[at : at + size] for at in range(0, len(data), size))
    made = b"".join(chunks)
    assert encoding == kind[0]
    assert made.decode("utf-8", "surrogatepass").encode(kind[0], "surrogatepass") == data[2:]
    assert utf16_size(made) == len(data) - 2


def test_what_has_no_utf16_mark_is_left_as_it_is() -> None:
    """A UTF-8 mark and other bytes stay: offsets count them."""
    for data in (b"\xef\xbb\xbfone\n", b"\xff\xfe\0\0", b"", b"\xff", b"plain\n"):
        chunks, encoding = as_utf8(iter([data]))
        assert (b"".join(chunks), encoding) == (data, None)
