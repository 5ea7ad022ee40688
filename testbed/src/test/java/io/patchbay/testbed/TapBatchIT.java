package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.FrameBatch;
import io.patchbay.core.linux.NetDevice;
import io.patchbay.core.linux.PacketSocket;
import io.patchbay.core.linux.ReceiveBatch;
import io.patchbay.core.linux.TapFile;
import io.patchbay.core.linux.TapReader;
import io.patchbay.core.linux.TapWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Frames written to a tap and read from it many at once, by io_uring and without it: the same comes of it. */
class TapBatchIT {

    private static final String DEVICE = "pbtx0";

    @BeforeEach
    void peers() {
        Peers.needRoot();
        Peers.needPrograms("ip");
    }

    @AfterEach
    void remove() throws Exception {
        Shell.run("ip link del " + DEVICE + " 2>/dev/null; true");
    }

    private static TapFile open() throws Exception {
        TapFile tap = TapFile.open(DEVICE, false);
        Shell.run("sysctl -qw net.ipv6.conf." + DEVICE + ".disable_ipv6=1; ip link set " + DEVICE + " arp off up");
        return tap;
    }

    private static PacketSocket host() throws Exception {
        return PacketSocket.open(DEVICE, NetDevice.info(DEVICE).index(), PacketSocket.Options.DEFAULT);
    }

    private static FrameBatch frames(int count, int headerBytes) {
        return frames(count, headerBytes, -1);
    }

    /** Frames with their number in the source address and in their length; one of them may ask for a kind of segmentation that nobody knows. */
    private static FrameBatch frames(int count, int headerBytes, int refused) {
        FrameBatch batch = new FrameBatch();
        batch.clear();
        for (int i = 0; i < count; i++) {
            MemorySegment memory = Arena.ofAuto().allocate(headerBytes + 60L + i);
            memory.set(ValueLayout.JAVA_BYTE, headerBytes, (byte) 2);
            memory.set(ValueLayout.JAVA_BYTE, headerBytes + 6, (byte) 2);
            memory.set(ValueLayout.JAVA_BYTE, headerBytes + 11, (byte) i);
            memory.set(ValueLayout.JAVA_BYTE, headerBytes + 12, (byte) 0x88);
            memory.set(ValueLayout.JAVA_BYTE, headerBytes + 13, (byte) 0xb5);
            memory.set(ValueLayout.JAVA_BYTE, 1, (byte) (i == refused ? 99 : 0));
            batch.add(memory, 0, 20);
            batch.add(memory, 20, headerBytes + 40 + i);
            batch.end(headerBytes + 60 + i);
        }
        return batch;
    }

    private static List<Integer> numbers(ReceiveBatch batch, int from, int n) {
        List<Integer> numbers = new ArrayList<>();
        for (int i = from; i < from + n; i++) {
            int number = batch.memory().get(ValueLayout.JAVA_BYTE, batch.frameAt(i) + 11);
            assertThat(batch.result(i)).isEqualTo(batch.headerBytes() + 60 + number);
            numbers.add(number);
        }
        return numbers;
    }

    private static List<Integer> range(int from, int to) {
        return IntStream.range(from, to).boxed().toList();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void framesThatWaitAreReadInOrderAndThenThereIsNone(boolean ring) throws Exception {
        ReceiveBatch batch = new ReceiveBatch(TapFile.HEADER_BYTES);
        try (TapFile tap = open();
                TapReader reader = new TapReader(tap, batch, ring);
                PacketSocket host = host()) {
            assertThat(reader.hasRing()).isEqualTo(ring);
            assertThat(reader.read(0, 64)).isEqualTo(-Errno.EAGAIN);
            assertThat(host.send(frames(50, PacketSocket.HEADER_BYTES), 0)).isEqualTo(50);
            assertThat(reader.read(3, 10)).isEqualTo(10);
            assertThat(numbers(batch, 3, 10)).isEqualTo(range(0, 10));
            assertThat(reader.read(0, 64)).isEqualTo(40);
            assertThat(numbers(batch, 0, 40)).isEqualTo(range(10, 50));
            assertThat(reader.read(0, 64)).isEqualTo(-Errno.EAGAIN);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void framesOfABatchArriveInOrderAndOneThatIsRefusedDoesNotStopTheOthers(boolean ring) throws Exception {
        try (TapFile tap = open();
                TapWriter writer = new TapWriter(tap, ring);
                PacketSocket host = host()) {
            assertThat(writer.hasRing()).isEqualTo(ring);
            FrameBatch batch = frames(30, TapFile.HEADER_BYTES, 20);
            assertThat(writer.write(batch, 0)).isEqualTo(20);
            assertThat(writer.write(batch, 20)).isEqualTo(-Errno.EINVAL);
            assertThat(writer.write(batch, 21)).isEqualTo(9);
            ReceiveBatch received = new ReceiveBatch(PacketSocket.HEADER_BYTES);
            assertThat(host.reader(received).read(0, 64)).isEqualTo(29);
            List<Integer> all = new ArrayList<>(range(0, 30));
            all.remove(20);
            assertThat(numbers(received, 0, 29)).isEqualTo(all);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theDeviceGoesAsSoonAsItIsLetGoOf(boolean ring) throws Exception {
        ReceiveBatch batch = new ReceiveBatch(TapFile.HEADER_BYTES);
        TapFile tap = open();
        TapReader reader = new TapReader(tap, batch, ring);
        TapWriter writer = new TapWriter(tap, ring);
        assertThat(reader.read(0, 64)).isEqualTo(-Errno.EAGAIN);
        reader.close();
        writer.close();
        tap.close();
        assertThat(NetDevice.find(DEVICE)).isEmpty();
        open().close(); // and can be made again at once
    }
}
