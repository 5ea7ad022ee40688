package io.patchbay.core.frame;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Random;

/** TCP and UDP packets as a guest hands them over whole: with every kind of header in between, and the sum of the pseudo header only. */
final class TestPackets {

    private TestPackets() {}

    /**
     * A packet, and where its parts begin. The builder says it, nobody parses for it.
     *
     * @param destination of the address that counts for the checksum
     */
    record Packet(
            byte[] frame,
            int version,
            boolean tcp,
            int network,
            int unfragmentable,
            int fragmentLink,
            int destination,
            int transport,
            int end) {

        int checksumOffset() {
            return tcp ? 16 : 6;
        }

        long offload(int gsoType, int gsoSize) {
            return Offload.of(Offload.FLAG_NEEDS_CSUM, gsoType, gsoSize, transport, checksumOffset());
        }

        /** The type that cuts this into packets. */
        int gsoType() {
            return !tcp ? Offload.GSO_UDP_L4 : version == 4 ? Offload.GSO_TCPV4 : Offload.GSO_TCPV6;
        }
    }

    /** A packet of random content, addresses, tags, options and extension headers, with that much payload. */
    static Packet random(Random random, int version, boolean tcp, int payload) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2});
        int tags = random.nextInt(3);
        for (int i = 0; i < tags; i++) {
            out.writeBytes(tags == 2 && i == 0 ? new byte[] {(byte) 0x88, (byte) 0xa8} : new byte[] {(byte) 0x81, 0});
            out.writeBytes(bytes(random, 2));
        }
        int transportBytes = tcp ? 20 + 4 * random.nextInt(11) : 8;
        int protocol = tcp ? 6 : 17;
        int network;
        int unfragmentable;
        int link = 0;
        int destination;
        if (version == 4) {
            out.writeBytes(new byte[] {8, 0});
            network = out.size();
            destination = network + 16;
            byte[] options = new byte[4 * random.nextInt(11)];
            boolean routed = random.nextBoolean();
            for (int i = 0; i < options.length; ) {
                // Half of them with the copied flag, all of them well formed. At most one route.
                int stops = Math.min((options.length - i - 3) / 4, 1 + random.nextInt(3));
                if (!routed && stops > 0 && random.nextBoolean()) {
                    routed = true;
                    int left = random.nextInt(stops + 1);
                    byte[] route = bytes(random, 3 + 4 * stops);
                    route[0] = (byte) (random.nextBoolean() ? 0x83 : 0x89);
                    route[1] = (byte) route.length;
                    route[2] = (byte) (4 + 4 * (stops - left));
                    System.arraycopy(route, 0, options, i, route.length);
                    i += route.length;
                    destination = left > 0 ? network + 20 + i - 4 : destination;
                    continue;
                }
                int n = Math.min(options.length - i, 1 + random.nextInt(7));
                options[i] = n == 1 ? (byte) 1 : (byte) (random.nextBoolean() ? 0x94 : 0x44);
                if (n > 1) {
                    options[i + 1] = (byte) n;
                }
                i += n;
            }
            ByteBuffer ip = ByteBuffer.allocate(20);
            ip.put((byte) (0x45 + options.length / 4)).put((byte) random.nextInt(256));
            ip.putShort((short) (20 + options.length + transportBytes + payload))
                    .putShort((short) random.nextInt());
            ip.putShort((short) 0x4000).put((byte) 64).put((byte) protocol).putShort((short) 0);
            ip.put(bytes(random, 8));
            out.writeBytes(ip.array());
            out.writeBytes(options);
            unfragmentable = out.size();
        } else {
            out.writeBytes(new byte[] {(byte) 0x86, (byte) 0xdd});
            network = out.size();
            ByteArrayOutputStream extensions = new ByteArrayOutputStream();
            int[] kinds = {0, 43, 60};
            int first = -1;
            int lastKindAt = -1;
            destination = network + 24;
            unfragmentable = network + 40;
            link = network + 6;
            for (int kind : kinds) {
                if (random.nextInt(3) != 0) {
                    continue;
                }
                int at = network + 40 + extensions.size();
                if (first < 0) {
                    first = kind;
                }
                byte[] header = extension(random, kind);
                byte[] before = extensions.toByteArray();
                if (lastKindAt >= 0) {
                    before[lastKindAt] = (byte) kind;
                    extensions.reset();
                    extensions.writeBytes(before);
                }
                lastKindAt = extensions.size();
                extensions.writeBytes(header);
                if (kind == 43 && header[3] != 0) {
                    destination = at + 8;
                }
                if (kind != 60) {
                    unfragmentable = network + 40 + extensions.size();
                    link = at;
                }
            }
            byte[] all = extensions.toByteArray();
            if (lastKindAt >= 0) {
                all[lastKindAt] = (byte) protocol;
            }
            ByteBuffer ip = ByteBuffer.allocate(40);
            ip.putInt(0x6000_0000 | random.nextInt(1 << 28)).putShort((short) (all.length + transportBytes + payload));
            ip.put((byte) (first < 0 ? protocol : first)).put((byte) 64).put(bytes(random, 32));
            out.writeBytes(ip.array());
            out.writeBytes(all);
        }
        int transport = out.size();
        byte[] header = bytes(random, transportBytes);
        if (tcp) {
            header[12] = (byte) (transportBytes / 4 << 4);
        }
        out.writeBytes(header);
        int end = out.size();
        out.writeBytes(bytes(random, payload));
        return new Packet(out.toByteArray(), version, tcp, network, unfragmentable, link, destination, transport, end);
    }

    private static byte[] extension(Random random, int kind) {
        if (kind == 43) {
            byte[] route = bytes(random, 24 + 16 * random.nextInt(2));
            route[1] = (byte) (route.length / 8 - 1);
            route[2] = 4;
            route[3] = (byte) random.nextInt(2);
            return route;
        }
        byte[] options = new byte[8 * (1 + random.nextInt(3))];
        options[1] = (byte) (options.length / 8 - 1);
        options[2] = 1;
        options[3] = (byte) (options.length - 4);
        return options;
    }

    private static byte[] bytes(Random random, int n) {
        byte[] bytes = new byte[n];
        random.nextBytes(bytes);
        return bytes;
    }
}
