package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.frame.Burst;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FlowHashTest {

    private static final String MACS = "020000000002" + "020000000001";
    private static final String BACK = "020000000001" + "020000000002";
    private static final String TAG = "8100" + "0064";
    private static final String V4 = "0800" + "45000028" + "00014000" + "40060000";
    private static final String V4_FIRST = "0800" + "45000028" + "00012000" + "40060000";
    private static final String V4_LATER = "0800" + "45000028" + "000100b9" + "40060000";
    private static final String V4_ADDRESSES = "0a000001" + "0a000002";
    private static final String V4_BACK = "0a000002" + "0a000001";
    private static final String V6 = "86dd" + "60000000" + "00140640";
    private static final String V6_ADDRESSES = "20010db8000000000000000000000001" + "20010db8000000000000000000000002";
    private static final String V6_BACK = "20010db8000000000000000000000002" + "20010db8000000000000000000000001";
    private static final String PORTS = "1f90" + "0050";
    private static final String PORTS_BACK = "0050" + "1f90";
    private static final String REST = "00".repeat(16);
    private static final String[] PROTOCOLS = {"01", "06", "11", "84", "32"};

    /** The hash of a frame whose tail is cut into pieces of that many bytes. */
    private static int hash(byte[] frame, int piece) {
        Burst burst = new Burst();
        add(burst, frame, piece);
        return FlowHash.of(burst, 0);
    }

    private static void add(Burst burst, byte[] frame, int piece) {
        byte[] head = Arrays.copyOf(frame, Burst.HEAD_BYTES);
        for (int at = Burst.HEAD_BYTES; at < frame.length; at += piece) {
            // Each in memory of its own: who reads beside a piece finds nothing.
            MemorySegment memory =
                    MemorySegment.ofArray(Arrays.copyOfRange(frame, at, Math.min(at + piece, frame.length)));
            assertThat(burst.addSegment(memory, 0, (int) memory.byteSize())).isTrue();
        }
        ByteBuffer words = ByteBuffer.wrap(head).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        burst.endFrame(words.getLong(0), words.getLong(8), frame.length);
    }

    private static int hash(String... hex) {
        return hash(HexFormat.of().parseHex(String.join("", hex)), 4096);
    }

    @Test
    void bothDirectionsOfAConversationAreOne() {
        assertThat(hash(MACS, V4, V4_ADDRESSES, PORTS, REST)).isEqualTo(hash(BACK, V4, V4_BACK, PORTS_BACK, REST));
        assertThat(hash(MACS, V6, V6_ADDRESSES, PORTS, REST)).isEqualTo(hash(BACK, V6, V6_BACK, PORTS_BACK, REST));
        assertThat(hash(MACS, "0806", REST, REST)).isEqualTo(hash(BACK, "0806", REST, REST));
    }

    @Test
    void conversationsBetweenTheSamePortsOfOthersAndOtherPortsOfTheSameDiffer() {
        int one = hash(MACS, V4, V4_ADDRESSES, PORTS, REST);
        assertThat(hash(MACS, V4, "0a000001" + "0a000003", PORTS, REST)).isNotEqualTo(one);
        assertThat(hash(MACS, V4, V4_ADDRESSES, "1f91" + "0050", REST)).isNotEqualTo(one);
        assertThat(hash(MACS, V6, V6_ADDRESSES, "1f91" + "0050", REST))
                .isNotEqualTo(hash(MACS, V6, V6_ADDRESSES, PORTS, REST));
        assertThat(hash(MACS, "0806", REST, REST)).isNotEqualTo(hash("020000000003020000000001", "0806", REST, REST));
    }

    @Test
    void aTagDoesNotHideTheConversation() {
        assertThat(hash(MACS, TAG, V4, V4_ADDRESSES, PORTS, REST)).isEqualTo(hash(MACS, V4, V4_ADDRESSES, PORTS, REST));
        assertThat(hash(MACS, TAG, V6, V6_ADDRESSES, PORTS, REST)).isEqualTo(hash(MACS, V6, V6_ADDRESSES, PORTS, REST));
    }

    @Test
    void framesWithoutPortsAreOneWhateverTheyCarry() {
        String icmp = "0800" + "45000028" + "00014000" + "40010000";
        assertThat(hash(MACS, icmp, V4_ADDRESSES, "0800" + "1234", REST))
                .isEqualTo(hash(MACS, icmp, V4_ADDRESSES, "0000" + "ffff", REST));
        String other = "88b5" + "00".repeat(4);
        assertThat(hash(MACS, other, "11".repeat(60))).isEqualTo(hash(MACS, other, "22".repeat(60)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"06", "11", "84"})
    void conversationsOfTcpUdpAndSctpDifferByTheirPorts(String protocol) {
        String packet = "0800" + "45000028" + "00014000" + "40" + protocol + "0000";
        assertThat(hash(MACS, packet, V4_ADDRESSES, PORTS, REST))
                .isNotEqualTo(hash(MACS, packet, V4_ADDRESSES, "1f91" + "0050", REST));
    }

    @Test
    void allFragmentsOfAPacketAreOneWhateverStandsWhereThePortsWouldBe() {
        int first = hash(MACS, V4_FIRST, V4_ADDRESSES, PORTS, REST);
        assertThat(hash(MACS, V4_LATER, V4_ADDRESSES, "dead" + "beef", REST)).isEqualTo(first);
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 5, 7, 8, 13, 20, 100})
    void howAFrameIsCutDoesNotMatter(int piece) {
        for (String tag : new String[] {"", TAG}) {
            byte[] frame = HexFormat.of().parseHex(MACS + tag + V4 + V4_ADDRESSES + PORTS + REST);
            assertThat(hash(frame, Math.max(piece, 4))).isEqualTo(hash(frame, 4096));
        }
    }

    @Test
    void whatIsReadOfIpv4InOnePieceIsWhatIsReadInPieces() {
        assertThatPiecesDoNotMatter(34, (random, frame) -> {
            put(frame, 12, "0800" + (random.nextInt(4) > 0 ? "45" : "46"));
            put(frame, 20, random.nextBoolean() ? "4000" : "2001");
            put(frame, 23, PROTOCOLS[random.nextInt(PROTOCOLS.length)]);
        });
    }

    @Test
    void whatIsReadOfIpv6InOnePieceIsWhatIsReadInPieces() {
        assertThatPiecesDoNotMatter(54, (random, frame) -> {
            put(frame, 12, "86dd" + "60");
            put(frame, 20, PROTOCOLS[random.nextInt(PROTOCOLS.length)]);
        });
    }

    /** With random bytes where the packets say nothing else, and as much as {@code shortest} bytes or a little more. */
    private static void assertThatPiecesDoNotMatter(int shortest, BiConsumer<Random, byte[]> packets) {
        long seed = 20_261_129;
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            byte[] frame = new byte[shortest + random.nextInt(30)];
            random.nextBytes(frame);
            packets.accept(random, frame);
            assertThat(hash(frame, 6 + random.nextInt(16))).as("seed %d", seed).isEqualTo(hash(frame, 4096));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void framesOfABurstHaveTheNumbersTheyHaveByThemselves(boolean whole) {
        long seed = 20_261_130;
        Random random = new Random(seed);
        for (int round = 0; round < 500; round++) {
            List<byte[]> frames = IntStream.range(0, 1 + random.nextInt(Burst.CAPACITY))
                    .mapToObj(i -> frameOfAnyKind(random))
                    .toList();
            int[] all = new int[Burst.CAPACITY];

            FlowHash.ofAll(whole ? inOneMemory(frames) : inPieces(frames, random), all);

            assertThat(Arrays.copyOf(all, frames.size()))
                    .as("seed %d", seed)
                    .containsExactly(
                            frames.stream().mapToInt(frame -> hash(frame, 4096)).toArray());
        }
    }

    private static byte[] frameOfAnyKind(Random random) {
        byte[] frame = new byte[16 + random.nextInt(60)];
        random.nextBytes(frame);
        String[] types = {"080045", "080045", "080046", "8100000508004500", "86dd60", "0806"};
        put(frame, 12, types[random.nextInt(frame.length < 20 ? 3 : types.length)]);
        if (frame.length > 23 && random.nextBoolean()) {
            put(frame, 20, "4000");
            put(frame, 23, PROTOCOLS[random.nextInt(PROTOCOLS.length)]);
        }
        return frame;
    }

    private static Burst inOneMemory(List<byte[]> frames) {
        MemorySegment memory = MemorySegment.ofArray(new byte[Burst.CAPACITY * 100]);
        long[] at = new long[frames.size()];
        int[] lengths = new int[frames.size()];
        for (int i = 0; i < at.length; i++) {
            at[i] = 100L * i;
            lengths[i] = frames.get(i).length;
            MemorySegment.copy(frames.get(i), 0, memory, ValueLayout.JAVA_BYTE, at[i], lengths[i]);
        }
        Burst burst = new Burst();
        burst.addWhole(memory, at, lengths, 0, at.length, 0);
        return burst;
    }

    private static Burst inPieces(List<byte[]> frames, Random random) {
        Burst burst = new Burst();
        for (byte[] frame : frames) {
            add(burst, frame, 6 + random.nextInt(60));
        }
        return burst;
    }

    private static void put(byte[] frame, int at, String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        System.arraycopy(bytes, 0, frame, at, bytes.length);
    }

    @Test
    void framesOfAnyLengthAndContentHaveAHash() {
        long seed = 20_261_124;
        Random random = new Random(seed);
        Set<Integer> seen = new HashSet<>();
        for (int i = 0; i < 20_000; i++) {
            byte[] frame = new byte[14 + random.nextInt(60)];
            random.nextBytes(frame);
            byte[] type =
                    HexFormat.of().parseHex(random.nextBoolean() ? "0800" : random.nextBoolean() ? "86dd" : "8100");
            System.arraycopy(type, 0, frame, 12, 2);
            seen.add(hash(frame, 1 + random.nextInt(20)));
        }
        assertThat(seen).as("seed %d", seed).hasSizeGreaterThan(19_000);
    }

    @Test
    void aTableLearnsEachConversationOfABurst() {
        FlowTable flows = new FlowTable();
        flows.learn(new int[] {0, 0, 7, 7, 9, 0, 11}, 6, 3, 100);
        assertThat(IntStream.of(0, 7, 9, 11).map(flows::pair)).containsExactly(3, 3, 3, FlowTable.UNKNOWN);
    }

    @Test
    void aTableKeepsAConversationUntilItIsStale() {
        FlowTable flows = new FlowTable();
        int one = 0x1234_5678;
        int other = 0x0000_0678; // the same entry
        flows.learn(one, 3, 100);
        flows.learn(other, 5, 105);
        assertThat(flows.pair(one)).isEqualTo(3);
        assertThat(flows.pair(other)).isEqualTo(FlowTable.UNKNOWN);

        flows.learn(one, 4, 106);
        assertThat(flows.pair(one)).as("moved by the guest").isEqualTo(4);

        flows.learn(other, 5, 120);
        assertThat(flows.pair(other)).isEqualTo(5);
        assertThat(flows.pair(one)).isEqualTo(FlowTable.UNKNOWN);

        flows.clear();
        assertThat(flows.pair(other)).isEqualTo(FlowTable.UNKNOWN);
    }
}
