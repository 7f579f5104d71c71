"""XMP packets with the IPTC's digital source type: ISO 16684-1, and IPTC Photo Metadata Standard 2025.1.

https://iptc.org/std/photometadata/specification/IPTC-PhotoMetadata#digital-source-type
"""

from collections.abc import Mapping
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
IPTC_EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
MOST = 2**20  # characters of a packet that is read

_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="{rdf}">
  <rdf:Description rdf:about=""
    xmlns:Iptc4xmpExt="{iptc}"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    Iptc4xmpExt:DigitalSourceType={source}
    xmp:CreatorTool={tool}>
   <dc:description>
    <rdf:Alt>
     <rdf:li xml:lang="x-default">{words}</rdf:li>
    </rdf:Alt>
   </dc:description>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""


def xmp_packet(words: Mapping[str, str], tool: str) -> str:
    """A packet which says that a trained model made the picture, that ``tool`` ran it, and the words."""
    told = "; ".join(text if name == "Description" else f"{name}: {text}" for name, text in words.items())
    return _PACKET.format(
        rdf=RDF, iptc=IPTC_EXT, source=quoteattr(TRAINED), tool=quoteattr(plain(tool)), words=escape(plain(told))
    )


def source_type(packet: str | bytes) -> str | None:
    """The digital source type that a packet states, an address; None if it states none, or is no XMP.

    A packet needs no declarations, as of entities, with which small files grow large: one that has some is not read.
    """
    text = packet.decode("utf-8", "replace") if isinstance(packet, bytes) else packet
    if len(text) > MOST or "<!DOCTYPE" in text:
        return None
    try:
        tree = ElementTree.fromstring(text.strip("\x00 \r\n\t\ufeff"))
    except (ElementTree.ParseError, ValueError):
        return None
    name = f"{{{IPTC_EXT}}}DigitalSourceType"
    for description in tree.iter(f"{{{RDF}}}Description"):
        if name in description.attrib:
            return description.attrib[name]
        for element in description.iterfind(name):  # the other way in which RDF writes it
            return element.get(f"{{{RDF}}}resource") or (element.text or "").strip()
    return None


def plain(text: str) -> str:
    """Without control characters and halves of surrogate pairs, which XML and UTF-8 cannot hold."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
