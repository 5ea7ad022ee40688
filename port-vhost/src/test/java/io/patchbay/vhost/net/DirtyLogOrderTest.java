package io.patchbay.vhost.net;

import io.patchbay.core.port.QueueCounters;
import io.patchbay.vhost.frontend.DirtyLogReader;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.ring.SplitRingDescriptor;
import io.patchbay.vhost.wire.Feature;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Row 16: a page is in the log after it was written, and never before: a front end that looks in between copies what was there, and clears the bit. Buffers
 * lie so far apart that not all pages of a burst can be noted at once.
 */
@Timeout(120)
class DirtyLogOrderTest {

    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long V1 = Feature.VIRTIO_F_VERSION_1.mask();
    private static final long MRG = Feature.VIRTIO_NET_F_MRG_RXBUF.mask();
    private static final int BUFFERS = 64;
    private static final int FAR = 1 << 20;
    /** Buffers as far apart as this have their place among noted pages in common. */
    private static final int COMMON = 4;

    private static final int ROUNDS = 50;
    private static final int FRAMES = 10;
    private static final int FRAME_BYTES = 1300;

    static Stream<Arguments> ways() {
        return Stream.of(
                Arguments.of("a buffer a frame", V1, shape(2048, false)),
                Arguments.of("several chains a frame", V1 | MRG, shape(300, false)),
                Arguments.of("a chain of two buffers a frame", V1, shape(2048, true)));
    }

    /** Makes buffers so long; or every other group of {@link #COMMON} the beginnings of chains, in which the buffer of the next group comes second. */
    private static Consumer<MemorySegment> shape(int bytes, boolean chained) {
        return table -> {
            for (int i = 0; i < BUFFERS; i++) {
                boolean isFirst = chained && (i & COMMON) == 0;
                long flags = SplitRingDescriptor.FLAG_WRITE | (isFirst ? SplitRingDescriptor.FLAG_NEXT : 0);
                table.set(
                        U64,
                        (long) i * SplitRingDescriptor.DESCRIPTOR_BYTES + SplitRingDescriptor.DESCRIPTOR_REST,
                        (isFirst ? FRAME_BYTES / 2 : bytes) | flags << 32 | (long) (i + COMMON) << 48);
            }
        };
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("ways")
    void aCopyKeptFromTheLogIsExactAlsoIfBuffersLieFarApart(String name, long features, Consumer<MemorySegment> shape)
            throws Exception {
        Random random = new Random(16);
        try (GuestRig rig = GuestRig.adaptive()) {
            FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
            FrontEnd b = rig.connect(1, new FrontEndSettings(features, BUFFERS, FAR));
            shape.accept(b.descriptors().getFirst());
            b.send(GuestToGuestTest.frame(1, 2, 60, random));
            GuestRig.await(a);
            try (MigrationDestination destination = new MigrationDestination(b, features);
                    DirtyLogReader log = b.newLog()) {
                b.useLog(log);
                b.logWrites(true, true);
                destination.takeAll();
                for (int round = 1; round <= ROUNDS; round++) {
                    for (int i = 0; i < FRAMES; i++) {
                        a.send(GuestToGuestTest.frame(2, 1, FRAME_BYTES, random));
                    }
                    while (rig.delivered(1).get(QueueCounters.Count.FRAMES) < (long) round * FRAMES) {
                        destination.update(log);
                    }
                    long[] bases = {b.stop(0), b.stop(1)}; // answered when all of it is in the log
                    destination.update(log);
                    destination.assertSameWhereTheDeviceWrites();
                    b.start(0, bases[0]);
                    b.start(1, bases[1]);
                    b.logWrites(true, true);
                    GuestRig.awaitThat(
                            "all buffers are posted again", () -> b.receive().isEmpty());
                    a.reclaim();
                }
            }
        }
    }
}
