package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.FileCalls;
import io.patchbay.core.linux.IoVector;
import io.patchbay.core.linux.NetDevice;
import io.patchbay.core.linux.PacketSocket;
import io.patchbay.core.linux.ReceiveBatch;
import io.patchbay.core.linux.TapFile;
import io.patchbay.core.linux.TapReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.IntBinaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The Linux bridge as judge: the same frames into the same ports of both, and the same must come out of each port.
 *
 * <p>Our ports are taps, spoken to through packet sockets on them; the bridge's are taps too, spoken to by their descriptors.
 */
class BridgeOracleIT {

    private static final int PORTS = 4;
    private static final int FRAMES = 300;
    private static final byte[] EXPERIMENTAL = {(byte) 0x88, (byte) 0xb5};

    @BeforeEach
    void peers() {
        Peers.needRoot();
        Peers.needPrograms("ip");
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 20_261_124})
    void everyPortDeliversWhatTheLinuxBridgeDelivers(long seed) throws Exception {
        List<Sent> frames = frames(seed);
        List<String> ours = throughPatchbay(frames);
        assertThat(ours).as("some frames must have been delivered").hasSizeGreaterThan(FRAMES / 2);
        assertThat(ours).containsExactlyElementsOf(throughLinuxBridge(frames));
    }

    private record Sent(int port, byte[] frame) {}

    /** Frames among a few stations, some of them moving, with every kind of address and tag a bridge may meet. */
    private static List<Sent> frames(long seed) {
        Random random = new Random(seed);
        List<Sent> frames = new ArrayList<>();
        for (int i = 0; i < FRAMES; i++) {
            int length = 60 + random.nextInt(1400);
            byte[] frame = new byte[length];
            random.nextBytes(frame);
            System.arraycopy(address(random), 0, frame, 0, 6);
            System.arraycopy(address(random), 0, frame, 6, 6);
            int type = 12;
            for (int tags = random.nextInt(8) - 5; tags > 0; tags--) {
                System.arraycopy(new byte[] {(byte) 0x81, 0}, 0, frame, type, 2);
                type += 4;
            }
            System.arraycopy(EXPERIMENTAL, 0, frame, type, 2);
            frames.add(new Sent(random.nextInt(PORTS), frame));
        }
        return frames;
    }

    private static byte[] address(Random random) {
        return switch (random.nextInt(20)) {
            case 0 -> bytes("ffffffffffff");
            case 1 -> bytes("01005e000001");
            case 2 -> bytes("333300000001");
            case 3 -> bytes("0180c200000e"); // link-local: never forwarded
            case 4 -> bytes("000000000000");
            default -> bytes("0200000000" + "%02x".formatted(random.nextInt(12)));
        };
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex);
    }

    private static List<String> throughPatchbay(List<Sent> frames) throws Exception {
        List<String> taps = IntStream.range(0, PORTS).mapToObj(i -> "pbto" + i).toList();
        try (SwitchUnderTest patchbay = SwitchUnderTest.start(0, taps, "adaptive")) {
            List<Endpoint> endpoints = new ArrayList<>();
            try {
                for (String tap : taps) {
                    Shell.run("sysctl -qw net.ipv6.conf." + tap + ".disable_ipv6=1");
                    PacketSocket socket =
                            PacketSocket.open(tap, NetDevice.info(tap).index(), PacketSocket.Options.DEFAULT);
                    ReceiveBatch batch = new ReceiveBatch(PacketSocket.HEADER_BYTES);
                    endpoints.add(new Endpoint(socket.number(), batch, socket.reader(batch)::read, socket));
                }
                return exchange(frames, endpoints);
            } finally {
                for (Endpoint endpoint : endpoints) {
                    endpoint.close();
                }
            }
        }
    }

    private static List<String> throughLinuxBridge(List<Sent> frames) throws Exception {
        List<Endpoint> endpoints = new ArrayList<>();
        Shell.run("ip link del pbtbr 2>/dev/null; ip link add pbtbr type bridge mcast_snooping 0");
        try {
            for (int i = 0; i < PORTS; i++) {
                TapFile tap = TapFile.open("pbtb" + i, false);
                ReceiveBatch batch = new ReceiveBatch(TapFile.HEADER_BYTES);
                endpoints.add(new Endpoint(tap.number(), batch, new TapReader(tap, batch, false)::read, tap));
                Shell.run("sysctl -qw net.ipv6.conf.pbtb" + i + ".disable_ipv6=1; ip link set pbtb" + i
                        + " master pbtbr up");
            }
            Shell.run("sysctl -qw net.ipv6.conf.pbtbr.disable_ipv6=1; ip link set pbtbr up");
            TimeUnit.MILLISECONDS.sleep(300);
            return exchange(frames, endpoints);
        } finally {
            for (Endpoint endpoint : endpoints) {
                endpoint.close();
            }
            Shell.run("ip link del pbtbr");
        }
    }

    /** Sends one frame after another, each when the one before has arrived wherever it goes; what came out where, in order. */
    private static List<String> exchange(List<Sent> frames, List<Endpoint> endpoints) throws Exception {
        endpoints.forEach(Endpoint::received); // what the devices said when they came up
        List<String> all = new ArrayList<>();
        for (int i = 0; i < frames.size(); i++) {
            Sent sent = frames.get(i);
            endpoints.get(sent.port()).send(sent.frame());
            TreeMap<Integer, List<String>> arrived = new TreeMap<>();
            // A round without news is over; the machine may be busy, so silence is waited out.
            for (int quiet = 0; quiet < 3; quiet++) {
                TimeUnit.MILLISECONDS.sleep(2);
                for (int p = 0; p < endpoints.size(); p++) {
                    List<String> news = endpoints.get(p).received();
                    if (!news.isEmpty()) {
                        arrived.computeIfAbsent(p, x -> new ArrayList<>()).addAll(news);
                        quiet = 0;
                    }
                }
            }
            int number = i;
            arrived.forEach(
                    (port, got) -> got.forEach(frame -> all.add("frame " + number + " at " + port + ": " + frame)));
        }
        return all;
    }

    /** One end of a cable. */
    private record Endpoint(int fd, ReceiveBatch batch, IntBinaryOperator reader, AutoCloseable owner) {

        void send(byte[] frame) {
            int headerBytes = batch.headerBytes();
            MemorySegment memory = Arena.ofAuto().allocate(headerBytes + frame.length);
            MemorySegment.copy(frame, 0, memory, ValueLayout.JAVA_BYTE, headerBytes, frame.length);
            IoVector vector = new IoVector(1);
            vector.set(0, memory, 0, memory.byteSize());
            assertThat(FileCalls.writev(fd, vector, 0, 1)).isEqualTo(memory.byteSize());
        }

        /** Frames of the test that have come, in hex; whatever else the host sends is left out. */
        List<String> received() {
            List<String> frames = new ArrayList<>();
            for (int n = reader.applyAsInt(0, 1); n != -Errno.EAGAIN; n = reader.applyAsInt(0, 1)) {
                assertThat(n).isOne();
                String hex = HexFormat.of()
                        .formatHex(batch.memory()
                                .asSlice(batch.frameAt(0), batch.result(0) - batch.headerBytes())
                                .toArray(ValueLayout.JAVA_BYTE));
                if (batch.tag(0) != ReceiveBatch.NO_TAG) {
                    hex = hex.substring(0, 24) + "%08x".formatted(batch.tag(0)) + hex.substring(24);
                }
                if (hex.indexOf("88b5") >= 0) {
                    frames.add(hex);
                }
            }
            return frames;
        }

        void close() throws Exception {
            owner.close();
        }
    }
}
