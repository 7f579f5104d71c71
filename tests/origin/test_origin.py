import io
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from allaprima.images import encode_png
from allaprima.origin import Origin
from allaprima.origin.xmp import TRAINED, source_type, xmp_packet

DC = "{http://purl.org/dc/elements/1.1/}"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
ORIGIN = Origin(model_sha256="ab" * 32, seed=7, truncation=0.7, label="ψ & <fish>")


def test_words_have_what_is_known_and_nothing_else() -> None:
    assert ORIGIN.words() == {
        "Software": "allaprima",
        "Description": "synthetic picture, painted by a trained model",
        "Digital source type": TRAINED,
        "Model SHA-256": "ab" * 32,
        "Seed": "7",
        "Truncation": "0.7",
        "Class": "ψ & <fish>",
    }
    assert set(Origin(model_sha256="ab").words()) == {"Software", "Description", "Digital source type", "Model SHA-256"}
    assert Origin(model_sha256="ab", seed=0, truncation=0.0, label=0).words()["Class"] == "0"
    assert Origin(model_sha256="ab", more={"Mixed layers": "coarse"}).words()["Mixed layers"] == "coarse"


def test_folders_of_the_user_are_not_told() -> None:
    assert Origin(model_sha256="ab", truncation="0.5@/home/eve/secret/centres.npz").words()["Truncation"] == (
        "0.5@centres.npz"
    )
    assert Origin(model_sha256="ab", truncation="0.5@class").words()["Truncation"] == "0.5@class"


def test_the_packet_is_xml_with_the_iptcs_names() -> None:
    tree = ElementTree.fromstring(ORIGIN.xmp().removeprefix("\ufeff"))
    assert tree.tag == "{adobe:ns:meta/}xmpmeta"
    description = tree.find(f"{RDF}RDF/{RDF}Description")
    assert description is not None
    assert description.attrib["{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"] == (
        "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    )
    assert description.attrib["{http://ns.adobe.com/xap/1.0/}CreatorTool"] == "allaprima"
    words = description.findtext(f"{DC}description/{RDF}Alt/{RDF}li")
    assert words is not None
    assert words.startswith("synthetic picture, painted by a trained model; Model SHA-256: abab")
    assert words.endswith("Seed: 7; Truncation: 0.7; Class: ψ & <fish>")
    assert source_type(ORIGIN.xmp()) == TRAINED


def test_another_reader_finds_all_of_it_in_a_png() -> None:
    data = encode_png(np.zeros((3, 4, 3), np.uint8), texts=ORIGIN.texts())
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert image.text == ORIGIN.texts()  # type: ignore[attr-defined]
    at = data.index(b"XML:com.adobe.xmp")
    assert data[at - 4 : at] == b"iTXt"
    assert data[at + 17 : at + 22] == b"\0\0\0\0\0"  # not compressed, no language, no translated keyword
    assert data.count(b"tEXt") == 6
    assert data.count(b"iTXt") == 2  # the packet, and the class, which Latin-1 cannot say


def test_the_same_call_gives_the_same_bytes() -> None:
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    assert encode_png(pixels, texts=ORIGIN.texts()) == encode_png(pixels, texts=ORIGIN.texts())


@pytest.mark.parametrize("strange", ["\x00", "\x1b[31m", "\ud800"])
def test_signs_that_xml_cannot_hold_do_not_break_it(strange: str) -> None:
    packet = xmp_packet({"Class": f"a{strange}b"}, f"tool{strange}")
    assert source_type(packet.encode("utf-8")) == TRAINED


def test_a_name_of_a_file_that_is_no_text_is_told_as_far_as_it_is_one() -> None:
    texts = Origin(model_sha256="ab", truncation="0.5@caf\udce9\n.npz").texts()
    assert texts["Truncation"] == "0.5@caf??.npz"
    assert encode_png(np.zeros((2, 2), np.uint8), texts=texts)


# Packets of others.


def packet_with(inner: str, head: str = "") -> str:
    names = (
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:i="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    )
    return f'{head}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {names}>{inner}</rdf:RDF></x:xmpmeta>'


@pytest.mark.parametrize(
    "inner",
    [
        "<rdf:Description><i:DigitalSourceType>http://a/b</i:DigitalSourceType></rdf:Description>",
        '<rdf:Description><i:DigitalSourceType rdf:resource="http://a/b"/></rdf:Description>',
        '<rdf:Description/><rdf:Description i:DigitalSourceType="http://a/b"/>',
    ],
)
def test_all_ways_to_write_the_source_are_read(inner: str) -> None:
    assert source_type(packet_with(inner)) == "http://a/b"
    assert source_type(packet_with(inner).encode() + b"\0 ") == "http://a/b"


@pytest.mark.parametrize("text", ["", "no xml", "<a>", packet_with("<rdf:Description/>"), "\x00", "<a/>" * 2])
def test_packets_without_it_state_nothing(text: str) -> None:
    assert source_type(text) is None


def test_declarations_of_entities_are_not_read() -> None:
    """Ten lines of them make gigabytes ("billion laughs")."""
    bomb = '<!DOCTYPE x [<!ENTITY a "http://a/b">]>'
    inner = "<rdf:Description><i:DigitalSourceType>&a;</i:DigitalSourceType></rdf:Description>"
    assert source_type(packet_with(inner, bomb)) is None
    assert source_type(packet_with("<rdf:Description/>" + " " * 2**20)) is None
