package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.wire.Feature;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a guest leaves undone in frames that go out of an uplink, in every combination of kinds, offloads of the interface, lengths and tags: on the far
 * side, behind an interface that does nothing for anybody, every checksum is right and no byte is missing.
 */
class UplinkOffloadIT {

    private static final int CSUM = 1;
    private static final int TSO4 = 1;
    private static final int TSO6 = 4;
    private static final List<String> OFFLOADS =
            List.of("tx on tso on gso on", "tx on tso off gso off", "tx off tso off gso off");

    private Namespace far;
    private Cable cable;

    /** switch - pbuv0 [ pbuv1 - bridge - pbuw0 - pbuw1 ], where pbuw0 has everything finished before. */
    @BeforeEach
    void makeCables() throws Exception {
        Peers.needRoot();
        Peers.needPrograms("ip", "ethtool", "python3");
        far = new Namespace("pbuf");
        far.run("sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1");
        cable = Cable.lay("pbuv0", far, "pbuv1", "mtu 9000");
        far.run("ip link add pbuw0 mtu 9000 type veth peer name pbuw1 mtu 9000"
                + " && ip link add pbufb type bridge && ip link set pbuv1 master pbufb && ip link set pbuw0 master pbufb"
                + " && ethtool -K pbuw0 tx off tso off gso off >/dev/null"
                + " && for d in pbuw0 pbuw1 pbufb; do ip link set $d arp off up; done");
    }

    @AfterEach
    void cut() throws Exception {
        cable.close();
        far.close();
        Shell.run("for d in pbuv9 pbub pbut; do ip link del $d 2>/dev/null; done; true");
    }

    private static String port(String kind) throws Exception {
        return switch (kind) {
            case "raw-socket" -> "{\"name\":\"up\",\"type\":\"raw-socket\",\"interface\":\"pbuv0\"}";
            case "raw-socket in bypass" ->
                "{\"name\":\"up\",\"type\":\"raw-socket\",\"interface\":\"pbuv0\",\"qdiscBypass\":true}";
            case "macvtap" -> {
                Shell.run("ip link add link pbuv0 name pbuv9 type macvtap mode passthru");
                yield "{\"name\":\"up\",\"type\":\"macvtap\",\"interface\":\"pbuv9\"}";
            }
            default -> {
                Shell.run(
                        "ip link add pbub type bridge && sysctl -qw net.ipv6.conf.pbub.disable_ipv6=1 && ip link set pbub arp off up"
                                + " && ip link set pbuv0 master pbub && ip tuntap add pbut mode tap"
                                + " && sysctl -qw net.ipv6.conf.pbut.disable_ipv6=1 && ip link set pbut mtu 9000 master pbub");
                yield "{\"name\":\"up\",\"type\":\"tap\",\"device\":\"pbut\"}";
            }
        };
    }

    @ParameterizedTest(name = "{0}, packets of {1}")
    @CsvSource({
        "raw-socket, 1500",
        "raw-socket, 9000",
        "raw-socket in bypass, 1500",
        "tap, 1500",
        "tap, 9000",
        "macvtap, 1500",
        "macvtap, 9000"
    })
    void whatIsLeftUndoneIsDoneOnTheFarSide(String kind, int packet) throws Exception {
        FrontEndSettings settings = FrontEndSettings.MODERN
                .with(Feature.VIRTIO_NET_F_CSUM, Feature.VIRTIO_NET_F_HOST_TSO4, Feature.VIRTIO_NET_F_HOST_TSO6)
                .withSizes(64, 66_000);
        try (SwitchUnderTest patchbay =
                        SwitchUnderTest.start(List.of(port(kind), SwitchUnderTest.guestPort(0)), "adaptive");
                PacketSockets sockets = new PacketSockets("pbuf", List.of("pbuw1"));
                FrontEnd guest = FrontEnd.connect(patchbay.socket(0), settings, 66_000)) {
            patchbay.awaitStatus("up", "up");
            for (String offloads : OFFLOADS) {
                Shell.run("ethtool -K pbuv0 " + offloads + " >/dev/null");
                for (boolean tagged : new boolean[] {false, true}) {
                    for (int version : new int[] {4, 6}) {
                        String what = offloads + ", tagged " + tagged + ", IPv" + version;
                        check(what + ", finished", guest, sockets, new Packet(version, tagged, packet, false, packet));
                        check(what + ", checksum", guest, sockets, new Packet(version, tagged, packet, true, packet));
                        check(what + ", segments", guest, sockets, new Packet(version, tagged, 30_000, true, packet));
                    }
                }
            }
            assertThat(patchbay.dropped("vm0", "bad_offload")).isZero();
            assertThat(patchbay.dropped("up", "uplink_error")).isZero();
        }
    }

    private static void check(String what, FrontEnd guest, PacketSockets sockets, Packet packet) throws Exception {
        sockets.collect();
        assertThat(guest.send(packet.header(), packet.frame())).as(what).isTrue();
        TreeMap<Integer, byte[]> pieces = new TreeMap<>();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(3);
        while (bytes(pieces) < packet.payload.length && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(2);
            for (PacketSockets.Arrival arrival : sockets.collect()) {
                if (packet.isOf(arrival.frame())) {
                    packet.verify(what, arrival.frame(), pieces);
                }
            }
        }
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        pieces.values().forEach(whole::writeBytes);
        assertThat(whole.toByteArray()).as(what).isEqualTo(packet.payload);
    }

    private static int bytes(TreeMap<Integer, byte[]> pieces) {
        return pieces.values().stream().mapToInt(piece -> piece.length).sum();
    }

    /** A TCP packet as a guest's driver hands it over. */
    private static final class Packet {

        private static final byte[] ADDRESSES = {2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1};
        private static final int TCP = 20;

        private final int version;
        private final boolean tagged;
        private final boolean unfinished;
        private final int largest;
        private final byte[] payload;

        /**
         * @param bytes of the packet, without Ethernet header and tag
         * @param unfinished whether the guest leaves its checksum, and its segmentation if it is longer than that, to others
         * @param largest packet of the link
         */
        Packet(int version, boolean tagged, int bytes, boolean unfinished, int largest) {
            this.version = version;
            this.tagged = tagged;
            this.unfinished = unfinished;
            this.largest = largest;
            this.payload = new byte[bytes - ipBytes() - TCP];
            new Random(bytes).nextBytes(payload);
        }

        private int ipBytes() {
            return version == 4 ? 20 : 40;
        }

        private int ipAt() {
            return tagged ? 18 : 14;
        }

        private int tcpAt() {
            return ipAt() + ipBytes();
        }

        private int type() {
            return version == 4 ? 0x0800 : 0x86dd;
        }

        byte[] header() {
            ByteBuffer header = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
            if (unfinished) {
                int mss = largest - ipBytes() - TCP;
                boolean segmented = payload.length > mss;
                header.put((byte) CSUM).put((byte) (segmented ? version == 4 ? TSO4 : TSO6 : 0));
                header.putShort((short) (tcpAt() + TCP)).putShort((short) (segmented ? mss : 0));
                header.putShort((short) tcpAt()).putShort((short) 16);
            }
            return header.array();
        }

        byte[] frame() {
            ByteBuffer frame = ByteBuffer.allocate(tcpAt() + TCP + payload.length);
            frame.put(ADDRESSES);
            if (tagged) {
                frame.putShort((short) 0x8100).putShort((short) 0x2005);
            }
            frame.putShort((short) type());
            if (version == 4) {
                frame.putShort((short) 0x4500)
                        .putShort((short) (20 + TCP + payload.length))
                        .putInt(0x0001_4000);
                frame.putShort((short) 0x4006)
                        .putShort((short) 0)
                        .putInt(0x0a4f_0001)
                        .putInt(0x0a4f_0002);
                frame.putShort(ipAt() + 10, (short) ~sum(frame.array(), ipAt(), 20, 0));
            } else {
                frame.putInt(0x6000_0000)
                        .putShort((short) (TCP + payload.length))
                        .putShort((short) 0x0640);
                frame.putLong(0xfd00_0000_0000_0000L)
                        .putLong(1)
                        .putLong(0xfd00_0000_0000_0000L)
                        .putLong(2);
            }
            frame.putShort((short) 4000)
                    .putShort((short) 5000)
                    .putInt(0)
                    .putInt(1)
                    .putInt(0x5010_0100)
                    .putInt(0);
            frame.put(payload);
            // What is left undone begins with the sum of the addresses, protocol and length.
            int pseudo = pseudoHeader(frame.array(), TCP + payload.length);
            int checksum = unfinished ? pseudo : ~sum(frame.array(), tcpAt(), TCP + payload.length, pseudo);
            frame.putShort(tcpAt() + 16, (short) checksum);
            return frame.array();
        }

        private int pseudoHeader(byte[] frame, int tcpBytes) {
            int addresses = version == 4 ? 8 : 32;
            return sum(frame, ipAt() + ipBytes() - addresses, addresses, 6 + tcpBytes);
        }

        /** The 16-bit one's complement sum. */
        private static int sum(byte[] bytes, int from, int count, int start) {
            long sum = start;
            for (int i = 0; i < count; i++) {
                int octet = bytes[from + i] & 0xff;
                sum += (i & 1) == 0 ? (long) octet << 8 : octet;
            }
            while (sum >>> 16 != 0) {
                sum = (sum & 0xffff) + (sum >>> 16);
            }
            return (int) sum;
        }

        /** Whether a frame is of this packet, and not one with which a kernel looks for its neighbours. */
        boolean isOf(byte[] frame) {
            return frame.length > tcpAt() + TCP
                    && Arrays.equals(frame, 0, ADDRESSES.length, ADDRESSES, 0, ADDRESSES.length)
                    && (ByteBuffer.wrap(frame).getShort(ipAt() - 2) & 0xffff) == type();
        }

        /** Adds what a frame on the far side carries, by its sequence number. */
        void verify(String what, byte[] frame, TreeMap<Integer, byte[]> pieces) {
            ByteBuffer bytes = ByteBuffer.wrap(frame);
            int tcpBytes =
                    version == 4 ? (bytes.getShort(ipAt() + 2) & 0xffff) - 20 : bytes.getShort(ipAt() + 4) & 0xffff;
            assertThat(frame.length - ipAt())
                    .as("%s: no packet is too long", what)
                    .isLessThanOrEqualTo(largest);
            if (tagged) {
                assertThat(bytes.getInt(12)).as("%s: its tag", what).isEqualTo(0x8100_2005);
            }
            if (version == 4) {
                assertThat(sum(frame, ipAt(), 20, 0))
                        .as("%s: checksum of the IP header", what)
                        .isEqualTo(0xffff);
            }
            assertThat(sum(frame, tcpAt(), tcpBytes, pseudoHeader(frame, tcpBytes)))
                    .as("%s: checksum of TCP", what)
                    .isEqualTo(0xffff);
            int first = tcpAt() + TCP;
            pieces.put(bytes.getInt(tcpAt() + 4), Arrays.copyOfRange(frame, first, tcpAt() + tcpBytes));
        }
    }
}
