"""Whatever a host prints where the script's answer should be: it is read without an error, or it is a protocol error."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.context import AssetFacts, EndpointFacts
from scanners.protocols.inside.reading import read
from scanners.protocols.inside.sections import Section, Sections, cut
from scanners.wire import ProtocolError
from tests.rules.library import rulebook
from tests.scanners.test_inside_parsers import ANSWERS

WORDS = [*"=():,\\{}/\n", "ALL", "NOPASSWD:", "Defaults", "Inst", "[1]", "(2 security)", "chain x {", "0", "-1", "99999"]
TEXTS = st.text(max_size=400) | st.lists(st.sampled_from(WORDS)).map(" ".join)


@settings(deadline=None, max_examples=150)
@given(
    st.dictionaries(
        st.sampled_from(sorted(cut(ANSWERS["faulty"], "MARK"))), st.tuples(TEXTS, st.sampled_from([0, 0, 0, 1, None]))
    )
)
def test_any_text_is_read_without_an_error(texts: dict[str, tuple[str, int | None]]) -> None:
    read(Sections({name: Section(text, status) for name, (text, status) in texts.items()}))


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(sorted(ANSWERS)), st.data())
def test_mutilated_answers_are_read_without_an_error(name: str, data: st.DataObject) -> None:
    answer = bytearray(ANSWERS[name])
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(answer) - 1))
        answer[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=12))
    try:
        facts = read(cut(bytes(answer), "MARK"))
    except ProtocolError:
        return
    rulebook().judge(facts, EndpointFacts(), AssetFacts())


@settings(deadline=None)
@given(st.binary(max_size=500))
def test_bytes_without_marks_are_a_protocol_error(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        cut(data, "an-unguessable-mark")
