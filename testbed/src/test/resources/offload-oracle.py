"""Makes random packets as a guest hands them over for segmentation, and what must come of them, with scapy.

Prints a line for each: type, gso_size, csum_start, csum_offset, the frame, the frames expected ("," between them), all binary in hex.
Type 0 is a checksum to be completed. Some packets are in a tunnel, which the type and the rest do not say. An IPv6 fragment's identification is 0x01020304 here; that of the code under test is random.
"""
import random
import struct
import sys

import logging
logging.getLogger("scapy").setLevel(logging.CRITICAL)
from scapy.all import (Dot1AD, Dot1Q, Ether, GRE, IP, IPOption, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop,
                       IPv6ExtHdrRouting, PadN, Raw, TCP, UDP, VXLAN, fragment)
from scapy.contrib.geneve import GENEVE, GeneveOptions

seed, count = int(sys.argv[1]), int(sys.argv[2])
rng = random.Random(seed)
NONE, TCPV4, UFO, TCPV6, USO, ECN = 0, 1, 3, 4, 5, 0x80


def link():
    tags = rng.choice([[], [], [Dot1Q(vlan=rng.randrange(1, 4095), prio=rng.randrange(8))], [Dot1AD(vlan=7), Dot1Q(vlan=9)]])
    packet = Ether(dst="02:00:00:00:00:01", src="02:00:00:00:00:02")
    for tag in tags:
        packet = packet / tag
    return packet


def network(version):
    if version == 4:
        options = rng.choice([[], [], [IPOption(b"\x94\x04\x00\x00")], [IPOption(b"\x01")] * 4])
        return IP(src="10.%d.0.1" % rng.randrange(256), dst="10.0.%d.2" % rng.randrange(256), id=rng.randrange(65536),
                  flags=rng.choice(["", "DF"]), tos=rng.randrange(256), options=options)
    packet = IPv6(src="fd00::%x" % rng.randrange(1, 65535), dst="fd00::%x" % rng.randrange(1, 65535), fl=rng.randrange(1 << 20))
    if rng.random() < .3:
        packet = packet / IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 4)])
    if rng.random() < .2:
        packet = packet / IPv6ExtHdrRouting(type=0, addresses=["fd00::aa", "fd00::bb"])  # segments left: 2, so ::bb counts
    if rng.random() < .3:
        packet = packet / IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 12)])
    return packet


def hexed(packet):
    return bytes(packet).hex()


def transport_at(frame, layer):
    """Where the layer begins in the frame."""
    return len(bytes(frame)) - len(bytes(frame[layer]))


def pseudo(frame, layer, offset):
    """The frame with only the sum of the pseudo header in its checksum: the whole sum, less that of the segment."""
    data = bytearray(bytes(frame))
    at = transport_at(frame, layer)
    whole = ~struct.unpack_from("!H", data, at + offset)[0] & 0xffff
    data[at + offset:at + offset + 2] = b"\0\0"
    segment = bytes(data[at:]) + b"\0" * (len(data) - at & 1)
    rest = sum(struct.unpack("!%dH" % (len(segment) // 2), segment)) % 0xffff
    struct.pack_into("!H", data, at + offset, (whole - rest) % 0xffff)
    return bytes(data)


def show(kind, size, frame, layer, offset, expected):
    print(kind, size, transport_at(frame, layer), offset, pseudo(frame, layer, offset).hex(), ",".join(expected))


def tcp(version):
    options = rng.choice([[], [("NOP", None)] * 2 + [("Timestamp", (rng.randrange(1 << 32), 5))]])
    flags = rng.choice(["A", "PA", "FPA", "CA", "CEPA"])
    l2, l3 = link(), network(version)
    l4 = TCP(sport=rng.randrange(65536), dport=443, seq=rng.randrange(1 << 32), ack=7, flags=flags, options=options)
    payload = rng.randbytes(rng.randrange(1, 9000))
    size = rng.randrange(60, 1500)
    pieces = [payload[i:i + size] for i in range(0, len(payload), size)]
    expected = []
    for i, piece in enumerate(pieces):
        ip, segment = l3.copy(), l4.copy()
        if version == 4:
            ip.id = (l3.id + i) % 65536
        segment.seq = (l4.seq + i * size) % (1 << 32)
        kept = str(flags)
        if i > 0:
            kept = kept.replace("C", "")
        if i < len(pieces) - 1:
            kept = kept.replace("F", "").replace("P", "")
        segment.flags = kept
        expected.append(hexed(l2 / ip / segment / Raw(piece)))
    kind = (TCPV4 if version == 4 else TCPV6) | (ECN if "C" in flags else 0)
    show(kind, size, l2 / l3 / l4 / Raw(payload), TCP, 16, expected)


def uso(version):
    l2, l3, l4 = link(), network(version), UDP(sport=rng.randrange(65536), dport=443)
    payload = rng.randbytes(rng.randrange(1, 9000))
    size = rng.randrange(60, 1500)
    expected = []
    for i in range(0, len(payload), size):
        ip = l3.copy()
        if version == 4:
            ip.id = (l3.id + i // size) % 65536
        expected.append(hexed(l2 / ip / l4.copy() / Raw(payload[i:i + size])))
    show(USO, size, l2 / l3 / l4 / Raw(payload), UDP, 6, expected)


def ufo(version):
    l2, l3, l4 = link(), network(version), UDP(sport=rng.randrange(65536), dport=443)
    payload = rng.randbytes(rng.randrange(2000, 9000))
    size = rng.randrange(8, 200) * 8
    frame = l2 / l3 / l4 / Raw(payload)
    if version == 4:
        frame[IP].flags = 0
        # scapy cuts at the size it is given, which counts the payload of the IP packet
        expected = [hexed(f) for f in fragment(Ether(bytes(frame)), size)]
    else:
        data = bytes(frame)
        start, link_at = len(bytes(l2)) + 40, len(bytes(l2)) + 6
        if l3.haslayer(IPv6ExtHdrHopByHop):
            start, link_at = start + 8, start
        if l3.haslayer(IPv6ExtHdrRouting):
            start, link_at = start + 40, start
        divided = data[start:]
        expected = []
        for at in range(0, len(divided), size):
            more = at + size < len(divided)
            head = bytearray(data[:start])
            following = head[link_at]
            head[link_at] = 44
            piece = bytes(IPv6ExtHdrFragment(nh=following, offset=at // 8, m=int(more), id=0x01020304)) + divided[at:at + size]
            struct.pack_into("!H", head, len(bytes(l2)) + 4, start - len(bytes(l2)) - 40 + len(piece))
            expected.append((bytes(head) + piece).hex())
    show(UFO, size, frame, UDP, 6, expected)


def checksum(version):
    l2, l3 = link(), network(version)
    payload = rng.randbytes(rng.randrange(0, 2000))
    if rng.random() < .5:
        frame = l2 / l3 / UDP(sport=1, dport=2) / Raw(payload)
        show(NONE, 0, frame, UDP, 6, [hexed(frame)])
    else:
        frame = l2 / l3 / TCP(sport=1, dport=2, flags="PA") / Raw(payload)
        show(NONE, 0, frame, TCP, 16, [hexed(frame)])


def plain_network(version):
    if version == 4:
        return IP(src="10.1.0.1", dst="10.1.0.2", id=rng.randrange(65536), flags=rng.choice(["", "DF"]))
    return IPv6(src="fd00::%x" % rng.randrange(1, 65535), dst="fd00::2")


def tunnel(version):
    """TCP in VXLAN, Geneve, GRE or IP. The checksum of UDP or GRE in what is cut is that of the whole; whoever cuts it must not rely on it."""
    l2, outer = link(), plain_network(rng.choice([4, 6]))
    inner, l4 = network(version), TCP(sport=5, dport=443, seq=rng.randrange(1 << 32), ack=7, flags="PA")
    udp = UDP(sport=50000, dport=4789) if rng.random() < .5 else UDP(sport=50000, dport=4789, chksum=0)
    kind = rng.choice(["vxlan", "geneve", "gre", "ip"])
    if kind == "vxlan":
        between = [udp, VXLAN(vni=42, flags="Instance"), link()]
    elif kind == "geneve":
        udp.dport = 6081
        options = [GeneveOptions(classid=1, type=2, data=rng.randbytes(4 * rng.randrange(3)))] if rng.random() < .5 else []
        between = [udp, GENEVE(vni=42, proto=0x6558, options=options), link()]
    elif kind == "gre":
        between = [GRE(chksum_present=rng.randrange(2), key_present=rng.randrange(2), key=42)]
        between += [link()] if rng.random() < .5 else []
    else:
        between = []

    def put_in(outer, inner, l4, payload):
        packet = l2 / outer
        for layer in between:
            packet = packet / layer.copy()
        return packet / inner / l4 / Raw(payload)

    payload = rng.randbytes(rng.randrange(1, 9000))
    size = rng.randrange(60, 1500)
    expected = []
    for i in range(0, len(payload), size):
        pieces = [outer.copy(), inner.copy(), l4.copy()]
        for before, ip in zip([outer, inner], pieces):
            if ip.version == 4:
                ip.id = (before.id + i // size) % 65536
        pieces[2].seq = (l4.seq + i) % (1 << 32)
        pieces[2].flags = "PA" if i + size >= len(payload) else "A"
        expected.append(hexed(put_in(*pieces, payload[i:i + size])))
    show(TCPV4 if version == 4 else TCPV6, size, put_in(outer, inner, l4, payload), TCP, 16, expected)


for n in range(count):
    rng.choice([tcp, tcp, uso, ufo, checksum, tunnel, tunnel])(rng.choice([4, 6]))
