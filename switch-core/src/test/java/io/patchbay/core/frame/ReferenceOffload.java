package io.patchbay.core.frame;

import io.patchbay.core.frame.TestPackets.Packet;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Offloads done as a textbook would: arrays, one 16-bit word after another, nothing shared with the code under test. */
final class ReferenceOffload {

    private ReferenceOffload() {}

    /** The one's complement sum of 16-bit words, folded, not complemented. */
    static int sum(byte[] bytes, int from, int to, int start) {
        int sum = start;
        for (int i = from; i < to; i += 2) {
            sum += (bytes[i] & 0xff) << 8 | (i + 1 < to ? bytes[i + 1] & 0xff : 0);
            if (sum > 0xffff) {
                sum -= 0xffff;
            }
        }
        return sum;
    }

    static byte[] checksummed(byte[] frame, int start, int offset) {
        byte[] done = frame.clone();
        int checksum = ~sum(done, start, done.length, 0) & 0xffff;
        ByteBuffer.wrap(done).putShort(start + offset, (short) (checksum == 0 ? 0xffff : checksum));
        return done;
    }

    /** Puts length and checksums right, of a packet whose headers are where those of {@code p} are. */
    private static void finish(byte[] packet, Packet p, boolean transportToo) {
        ByteBuffer b = ByteBuffer.wrap(packet);
        if (transportToo) {
            int n = packet.length - p.transport();
            if (!p.tcp()) {
                b.putShort(p.transport() + 4, (short) n);
            }
            b.putShort(p.transport() + p.checksumOffset(), (short) 0);
            int addressBytes = p.version() == 4 ? 4 : 16;
            int source = p.version() == 4 ? p.network() + 12 : p.network() + 8;
            int sum = sum(packet, source, source + addressBytes, p.tcp() ? 6 : 17);
            sum = sum(packet, p.destination(), p.destination() + addressBytes, sum);
            sum = sum(new byte[] {(byte) (n >> 8), (byte) n}, 0, 2, sum);
            sum = ~sum(packet, p.transport(), packet.length, sum) & 0xffff;
            b.putShort(p.transport() + p.checksumOffset(), (short) (sum == 0 && !p.tcp() ? 0xffff : sum));
        }
        if (p.version() == 4) {
            b.putShort(p.network() + 2, (short) (packet.length - p.network()));
            b.putShort(p.network() + 10, (short) 0);
            b.putShort(p.network() + 10, (short) ~sum(packet, p.network(), p.unfragmentable(), 0));
        } else {
            b.putShort(p.network() + 4, (short) (packet.length - p.network() - 40));
        }
    }

    /** TSO and USO. */
    static List<byte[]> segments(Packet p, int size) {
        List<byte[]> segments = new ArrayList<>();
        byte[] whole = p.frame();
        int at = p.end();
        do {
            int n = Math.min(size, whole.length - at);
            byte[] segment = Arrays.copyOf(whole, p.end() + n);
            System.arraycopy(whole, at, segment, p.end(), n);
            ByteBuffer b = ByteBuffer.wrap(segment);
            if (p.version() == 4) {
                b.putShort(p.network() + 4, (short) (b.getShort(p.network() + 4) + segments.size()));
            }
            if (p.tcp()) {
                b.putInt(p.transport() + 4, b.getInt(p.transport() + 4) + at - p.end());
                int flags = segment[p.transport() + 13];
                if (!segments.isEmpty()) {
                    flags &= ~0x80;
                }
                if (at + n < whole.length) {
                    flags &= ~0x09;
                }
                segment[p.transport() + 13] = (byte) flags;
            }
            finish(segment, p, true);
            segments.add(segment);
            at += n;
        } while (at < whole.length);
        return segments;
    }

    /** UFO. */
    static List<byte[]> fragments(Packet p, int size, int ipv6Id) {
        byte[] whole = p.frame().clone();
        finish(whole, p, true);
        int step = size / 8 * 8;
        int total = whole.length - p.unfragmentable();
        if (total <= step) {
            return List.of(whole);
        }
        List<byte[]> fragments = new ArrayList<>();
        for (int offset = 0; offset < total; offset += step) {
            int n = Math.min(step, total - offset);
            boolean more = offset + n < total;
            int extra = p.version() == 4 ? 0 : 8;
            byte[] fragment = Arrays.copyOf(whole, p.unfragmentable() + extra + n);
            System.arraycopy(whole, p.unfragmentable() + offset, fragment, p.unfragmentable() + extra, n);
            ByteBuffer b = ByteBuffer.wrap(fragment);
            if (p.version() == 4) {
                b.putShort(p.network() + 6, (short) (offset / 8 | (more ? 0x2000 : 0)));
                for (int o = p.network() + 20; offset > 0 && o < p.unfragmentable(); ) {
                    int bytes = fragment[o] == 1 ? 1 : fragment[o + 1];
                    if (fragment[o] > 0) {
                        Arrays.fill(fragment, o, o + bytes, (byte) 1);
                    }
                    o += bytes;
                }
            } else {
                b.put(p.unfragmentable(), fragment[p.fragmentLink()]);
                b.put(p.unfragmentable() + 1, (byte) 0);
                b.putShort(p.unfragmentable() + 2, (short) (offset | (more ? 1 : 0)));
                b.putInt(p.unfragmentable() + 4, ipv6Id);
                fragment[p.fragmentLink()] = 44;
            }
            finish(fragment, p, false);
            fragments.add(fragment);
        }
        return fragments;
    }
}
