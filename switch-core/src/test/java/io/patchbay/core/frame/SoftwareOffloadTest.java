package io.patchbay.core.frame;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.frame.TestPackets.Packet;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SoftwareOffloadTest {

    private static final int ROUNDS = 400;

    private final Burst burst = new Burst();
    private final OffloadCheck check = OffloadCheck.ofGuest(OffloadSet.ALL);

    /** Everything that comes of the last frame of the burst. */
    private List<byte[]> output() {
        SoftwareOffload software = burst.offloads().software();
        software.start(burst, burst.count() - 1);
        List<byte[]> frames = new ArrayList<>();
        while (software.next()) {
            frames.add(bytes(software.out(), 0));
        }
        return frames;
    }

    private static byte[] bytes(Burst burst, int frame) {
        MemorySegment copy = Arena.ofAuto().allocate(burst.length(frame));
        burst.copyFrame(frame, copy, 0);
        return copy.toArray(ValueLayout.JAVA_BYTE);
    }

    private void add(Packet packet, long offload, Random random) {
        burst.clear();
        TestFrames.add(burst, packet.frame(), random);
        assertThat(check.accept(burst, offload)).isTrue();
    }

    @ParameterizedTest(name = "IPv{0}, TCP {1}")
    @CsvSource({"4, true", "6, true", "4, false", "6, false"})
    void segmentsAreThoseOfTheReferenceWhateverTheHeaders(int version, boolean tcp) {
        for (long seed = 0; seed < ROUNDS; seed++) {
            Random random = new Random(seed);
            Packet packet = TestPackets.random(random, version, tcp, random.nextInt(9000));
            int size = 1 + random.nextInt(random.nextBoolean() ? 64 : 3000);
            size = Math.max(size, packet.frame().length / OffloadCheck.MAX_SEGMENTS + 1);
            int ecn = tcp && random.nextBoolean() ? Offload.GSO_ECN : 0;
            add(packet, packet.offload(packet.gsoType() | ecn, size), random);
            List<byte[]> expected = ReferenceOffload.segments(packet, size);
            assertThat(output()).as("seed %d", seed).containsExactlyElementsOf(expected);
            assertThat(burst.offloads().extraFrames()).as("seed %d", seed).isEqualTo(expected.size() - 1);
            assertThat(burst.offloads().headerLength(0)).as("seed %d", seed).isEqualTo(packet.end());
        }
    }

    @ParameterizedTest(name = "IPv{0}")
    @ValueSource(ints = {4, 6})
    void fragmentsAreThoseOfTheReferenceWhateverTheHeaders(int version) {
        for (long seed = 0; seed < ROUNDS; seed++) {
            Random random = new Random(seed);
            Packet packet = TestPackets.random(random, version, false, random.nextInt(9000));
            int size = 8 + random.nextInt(3000);
            add(packet, packet.offload(Offload.GSO_UDP, size), random);
            List<byte[]> fragments = output();
            int id = fragments.size() == 1
                    ? 0
                    : ByteBuffer.wrap(fragments.getFirst()).getInt(packet.unfragmentable() + 4);
            List<byte[]> expected = ReferenceOffload.fragments(packet, size, id);
            assertThat(fragments).as("seed %d", seed).containsExactlyElementsOf(expected);
            assertThat(burst.offloads().extraFrames()).as("seed %d", seed).isEqualTo(expected.size() - 1);
        }
    }

    @Test
    void aFrameThatIsBegunAnewIsCutTheSameAndEachHasAnIdentificationOfItsOwn() {
        Packet packet = TestPackets.random(new Random(4), 6, false, 4000);
        List<List<byte[]>> fragments = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            add(packet, packet.offload(Offload.GSO_UDP, 1000), new Random(4));
            fragments.add(output());
            assertThat(output()).containsExactlyElementsOf(fragments.getLast());
        }
        assertThat(fragments.getFirst().getFirst())
                .isNotEqualTo(fragments.getLast().getFirst());
    }

    @Test
    void aChecksumIsCompletedOverWhatTheRequestNames() {
        for (long seed = 0; seed < ROUNDS; seed++) {
            Random random = new Random(seed);
            byte[] frame = TestFrames.frame(1, 2, 40 + random.nextInt(3000), random);
            frame[12] = 8;
            int start = 14 + random.nextInt(frame.length - 16);
            int offset = random.nextInt(frame.length - start - 1);
            burst.clear();
            TestFrames.add(burst, frame, random);
            assertThat(check.accept(burst, Offload.checksum(start, offset))).isTrue();
            assertThat(output())
                    .as("seed %d", seed)
                    .containsExactly(ReferenceOffload.checksummed(frame, start, offset));
        }
    }

    @Test
    void aChecksumOfZeroIsSentAsTheOtherZero() {
        byte[] frame = new byte[60];
        frame[12] = 8;
        frame[20] = (byte) 0xff;
        frame[21] = (byte) 0xff;
        TestFrames.add(burst, frame, new Random(1));
        assertThat(check.accept(burst, Offload.checksum(20, 6))).isTrue();
        assertThat(ByteBuffer.wrap(output().getFirst()).getShort(26)).isEqualTo((short) 0xffff);
    }

    @ParameterizedTest(name = "gso_type {0}")
    @ValueSource(ints = {Offload.GSO_UDP_L4, Offload.GSO_UDP})
    void aDatagramIsNeverSentAsOneWithoutAChecksum(int type) {
        Packet packet = TestPackets.random(new Random(3), 4, false, 100);
        int field = packet.transport() + packet.checksumOffset();
        ByteBuffer frame = ByteBuffer.wrap(packet.frame()).putShort(packet.end(), (short) 0);
        add(packet, packet.offload(type, 1000), new Random(3));
        short sum = ByteBuffer.wrap(output().getFirst()).getShort(field);
        frame.putShort(packet.end(), sum); // now all of it sums up to 0

        add(packet, packet.offload(type, 1000), new Random(3));
        assertThat(ByteBuffer.wrap(output().getFirst()).getShort(field)).isEqualTo((short) 0xffff);
    }

    @Test
    void anOptionThatPassesTheEndOfItsHeaderIsLeftAsItIs() {
        byte[] frame = TestFrames.frame(1, 2, 2042, new Random(4));
        ByteBuffer.wrap(frame).putShort(12, (short) 0x0800).put(14, (byte) 0x47).putShort(20, (short) 0);
        frame[23] = 17;
        frame[34] = 0x44; // for the first fragment only, of 40 bytes where there are 8
        frame[35] = 40;
        TestFrames.add(burst, frame, new Random(4));
        assertThat(check.accept(burst, Offload.of(Offload.FLAG_NEEDS_CSUM, Offload.GSO_UDP, 1000, 42, 6)))
                .isTrue();
        assertThat(Arrays.copyOfRange(output().getLast(), 34, 42)).isEqualTo(Arrays.copyOfRange(frame, 34, 42));
    }

    @ParameterizedTest(name = "IPv{0}, TCP {1}")
    @CsvSource({"4, true", "6, true", "4, false", "6, false"})
    void theLargestPacketsAreCutToo(int version, boolean tcp) {
        Random random = new Random(9);
        Packet headers = TestPackets.random(random, version, tcp, 0);
        int longest = Math.min(65_535 + headers.network(), EthernetDescriptor.MAX_FRAME_BYTES);
        Packet packet = TestPackets.random(new Random(9), version, tcp, longest - headers.end());
        int size = tcp ? 1448 : 1472;
        add(packet, packet.offload(packet.gsoType(), size), random);
        assertThat(output()).containsExactlyElementsOf(ReferenceOffload.segments(packet, size));
    }

    @Test
    void whatTheSenderChangesAfterTheCheckIsCutByTheHeadersThatWereChecked() {
        Random random = new Random(4);
        Packet packet = TestPackets.random(random, 4, true, 4000);
        byte[] bytes = packet.frame();
        MemorySegment memory = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_BYTE, bytes);
        burst.addSegment(memory, 16, bytes.length - 16);
        burst.endFrame(memory.get(Burst.WORD, 0), memory.get(Burst.WORD, 8), bytes.length);
        assertThat(check.accept(burst, packet.offload(Offload.GSO_TCPV4, 1000))).isTrue();
        memory.asSlice(0, packet.end()).fill((byte) 0xee);
        assertThat(output()).containsExactlyElementsOf(ReferenceOffload.segments(packet, 1000));
        assertThat(bytes(burst, 0)).isEqualTo(bytes);
    }

    @Test
    void aChecksumFitsThePayloadThatIsSentEvenIfItsSenderChangesItMeanwhile() {
        Random random = new Random(4);
        byte[] frame = TestFrames.frame(1, 2, 1000, random);
        frame[12] = 8;
        MemorySegment memory = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_BYTE, frame);
        burst.addSegment(memory, 16, frame.length - 16);
        burst.endFrame(memory.get(Burst.WORD, 0), memory.get(Burst.WORD, 8), frame.length);
        assertThat(check.accept(burst, Offload.checksum(34, 16))).isTrue();
        SoftwareOffload software = burst.offloads().software();
        software.start(burst, 0);
        memory.fill((byte) 0x55);
        assertThat(software.next()).isTrue();
        assertThat(bytes(software.out(), 0)).isEqualTo(ReferenceOffload.checksummed(frame, 34, 16));
    }

    @Test
    void nothingIsAllocatedPerFrame() {
        Random random = new Random(4);
        Packet packet = TestPackets.random(random, 6, true, 60_000);
        long offload = packet.offload(Offload.GSO_TCPV6, 1400);
        var threads = (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
        MemorySegment memory = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_BYTE, packet.frame());
        long allocated = Long.MAX_VALUE;
        // Escape analysis has its say once the code is compiled.
        for (int round = 0; round < 300 && allocated > 2000; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 20; i++) {
                burst.clear();
                burst.addSegment(memory, 16, packet.frame().length - 16);
                burst.endFrame(memory.get(Burst.WORD, 0), memory.get(Burst.WORD, 8), packet.frame().length);
                check.accept(burst, offload);
                SoftwareOffload software = burst.offloads().software();
                software.start(burst, 0);
                while (software.next()) {
                    Thread.onSpinWait();
                }
            }
            allocated = threads.getCurrentThreadAllocatedBytes() - before;
        }
        assertThat(allocated).as("bytes for 20 frames of 60,000 bytes").isLessThan(2000);
    }
}
