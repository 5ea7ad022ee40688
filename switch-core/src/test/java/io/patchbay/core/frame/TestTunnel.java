package io.patchbay.core.frame;

import io.patchbay.core.frame.TestPackets.Packet;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A tunnel, and packets put into it: each frame is built anew from what is inside, nothing is found and changed. */
final class TestTunnel {

    enum Kind {
        VXLAN(17),
        GENEVE(17),
        GRE(47),
        IP_IN_IP(0);

        private final int protocol;

        Kind(int protocol) {
            this.protocol = protocol;
        }
    }

    private final Kind kind;
    private final int version;
    private final boolean checksum;
    private final boolean tagged;
    private final int id;
    private final byte[] addresses;
    private final byte[] extension;
    private final byte[] shim;

    /**
     * @param version of the IP outside
     * @param checksum whether UDP or GRE has one
     */
    TestTunnel(Random random, Kind kind, int version, boolean checksum) {
        this.kind = kind;
        this.version = version;
        this.checksum = checksum;
        tagged = random.nextBoolean();
        id = random.nextInt(65_536);
        addresses = bytes(random, version == 4 ? 8 : 32);
        // What the kernel puts before a packet in an IPv6 tunnel: how often it may be put into others.
        boolean limited = version == 6 && random.nextBoolean();
        extension = limited ? new byte[] {(byte) 0, 0, 4, 1, 4, 1, 1, 0} : new byte[0];
        shim = shim(random);
    }

    private static byte[] bytes(Random random, int n) {
        byte[] bytes = new byte[n];
        random.nextBytes(bytes);
        return bytes;
    }

    private byte[] shim(Random random) {
        return switch (kind) {
            case VXLAN ->
                ByteBuffer.allocate(8).putInt(0x0800_0000).putInt(42 << 8).array();
            case GENEVE -> {
                int options = random.nextInt(5);
                ByteBuffer geneve = ByteBuffer.allocate(8 + 4 * options);
                geneve.put((byte) options)
                        .put((byte) 0)
                        .putShort((short) 0x6558)
                        .putInt(42 << 8);
                yield geneve.put(bytes(random, 4 * options)).array();
            }
            case GRE -> {
                boolean key = random.nextBoolean();
                ByteBuffer gre = ByteBuffer.allocate(4 + (checksum ? 4 : 0) + (key ? 4 : 0));
                gre.putShort((short) ((checksum ? 0x8000 : 0) | (key ? 0x2000 : 0)));
                gre.putShort((short) 0x6558);
                if (key) {
                    gre.putInt(gre.capacity() - 4, 42);
                }
                yield gre.array();
            }
            case IP_IN_IP -> new byte[0];
        };
    }

    /** Where the IP header outside begins. */
    int network() {
        return tagged ? 18 : 14;
    }

    /** Where what is in the tunnel begins. */
    int inside() {
        return transport() + (kind.protocol == 17 ? 8 : 0) + shim.length;
    }

    /** Where UDP or GRE begins. */
    int transport() {
        return network() + (version == 4 ? 20 : 40) + extension.length;
    }

    /** What the kernel says of this packet when it has put it in here. */
    long offload(Packet packet, int gsoType, int gsoSize) {
        int start = inside() + packet.transport() - dropped(packet);
        return Offload.of(Offload.FLAG_NEEDS_CSUM, gsoType, gsoSize, start, packet.checksumOffset());
    }

    /** Bytes of the frame that do not go into the tunnel. */
    private int dropped(Packet packet) {
        return kind == Kind.IP_IN_IP ? packet.network() : 0;
    }

    /** The packet in here whole, with what the kernel leaves to whoever cuts it. */
    byte[] whole(Packet packet) {
        return wrap(packet, packet.frame(), 0, false);
    }

    /** What must come of it. */
    List<byte[]> segments(Packet packet, int size) {
        List<byte[]> segments = new ArrayList<>();
        for (byte[] segment : ReferenceOffload.segments(packet, size)) {
            segments.add(wrap(packet, segment, segments.size(), true));
        }
        return segments;
    }

    private byte[] wrap(Packet packet, byte[] frame, int piece, boolean finished) {
        int bytes = frame.length - dropped(packet);
        ByteBuffer b = ByteBuffer.allocate(inside() + bytes);
        b.put(new byte[] {2, 0, 0, 0, 0, 3, 2, 0, 0, 0, 0, 4});
        if (tagged) {
            b.putInt(0x8100_2005);
        }
        b.put(ip(packet, inside() - transport() + bytes, piece));
        if (kind.protocol == 17) {
            b.putShort((short) 40_000).putShort((short) 4789).putShort((short) (8 + shim.length + bytes));
            b.putShort((short) 0);
        }
        b.put(shim).put(frame, dropped(packet), bytes);
        if (checksum && kind != Kind.IP_IN_IP) {
            complete(b.array(), finished);
        }
        return b.array();
    }

    private byte[] ip(Packet packet, int payload, int piece) {
        int protocol = kind != Kind.IP_IN_IP ? kind.protocol : packet.version() == 4 ? 4 : 41;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (version == 4) {
            ByteBuffer ip = ByteBuffer.allocate(20);
            ip.putShort((short) 0x4500).putShort((short) (20 + payload)).putShort((short) (id + piece));
            ip.putShort((short) 0x4000).putShort((short) (0x4000 | protocol)).putShort((short) 0);
            ip.put(addresses);
            ip.putShort(10, (short) ~ReferenceOffload.sum(ip.array(), 0, 20, 0));
            out.writeBytes(new byte[] {8, 0});
            out.writeBytes(ip.array());
        } else {
            ByteBuffer ip = ByteBuffer.allocate(40);
            ip.putInt(0x6000_1234).putShort((short) (extension.length + payload));
            ip.put((byte) (extension.length == 0 ? protocol : 60))
                    .put((byte) 64)
                    .put(addresses);
            out.writeBytes(new byte[] {(byte) 0x86, (byte) 0xdd});
            out.writeBytes(ip.array());
            if (extension.length > 0) {
                extension[0] = (byte) protocol;
                out.writeBytes(extension);
            }
        }
        return out.toByteArray();
    }

    private void complete(byte[] frame, boolean finished) {
        ByteBuffer b = ByteBuffer.wrap(frame);
        int at = transport();
        if (kind == Kind.GRE) {
            b.putShort(at + 4, (short) (finished ? ~ReferenceOffload.sum(frame, at, frame.length, 0) : 0));
            return;
        }
        int sum = ReferenceOffload.sum(addresses, 0, addresses.length, 17);
        sum = ReferenceOffload.sum(frame, at + 4, at + 6, sum);
        int whole = ~ReferenceOffload.sum(frame, at, frame.length, sum) & 0xffff;
        b.putShort(at + 6, (short) (!finished ? sum : whole == 0 ? 0xffff : whole));
    }
}
