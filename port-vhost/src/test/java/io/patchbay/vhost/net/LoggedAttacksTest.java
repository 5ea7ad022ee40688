package io.patchbay.vhost.net;

import static io.patchbay.vhost.net.HostileGuest.RX;
import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.port.QueueCounters;
import io.patchbay.vhost.frontend.DirtyLogReader;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.ring.SplitRingDescriptor;
import io.patchbay.vhost.wire.Feature;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.ProtocolFeature;
import io.patchbay.vhost.wire.Request;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a guest can do with its rings while everything written to it is logged. */
@Timeout(60)
class LoggedAttacksTest {

    private static final int WRITE = SplitRingDescriptor.FLAG_WRITE;
    private static final int NEXT = SplitRingDescriptor.FLAG_NEXT;

    private GuestRig rig;
    private HostileGuest hostile;
    private FrontEnd a;
    private DirtyLogReader log;

    @BeforeEach
    void aHostileGuestThatIsLogged() throws Exception {
        rig = GuestRig.adaptive();
        a = rig.connect(0, FrontEndSettings.MODERN);
        hostile = HostileGuest.connect(rig.socket(1));
        log = DirtyLogReader.forMemoryUpTo(HostileGuest.Part.BUFFERS.guestAddress() + HostileGuest.PART_BYTES);
        hostile.client()
                .tell(
                        Request.SET_PROTOCOL_FEATURES,
                        Message.number(ProtocolFeature.VHOST_USER_PROTOCOL_F_LOG_SHMFD.mask()),
                        List.of());
        hostile.client().exchange(Request.SET_LOG_BASE, Message.log(log.description()), List.of(log.file()));
        hostile.client()
                .tell(
                        Request.SET_FEATURES,
                        Message.number(HostileGuest.DEFAULT_FEATURES | Feature.VHOST_F_LOG_ALL.mask()),
                        List.of());
        hostile.settle();
    }

    @AfterEach
    void close() throws Exception {
        hostile.close();
        log.close();
        rig.close();
    }

    private Set<Long> logged() {
        Set<Long> pages = new TreeSet<>();
        log.take(pages::add);
        return pages;
    }

    private static long page(int buffer) {
        return HostileGuest.buffer(buffer) >>> 12;
    }

    private void receiveOne() throws IOException {
        int before = hostile.usedIndex(RX);
        assertThat(a.send(GuestToGuestTest.frame(0x77, 1, 64, new Random(1)))).isTrue();
        GuestRig.awaitThat("it is delivered", () -> hostile.usedIndex(RX) == before + 1);
        hostile.settle();
    }

    @Test
    @DisplayName("S24 CVE-2019-14835: empty buffers, however many, put nothing into the log")
    void s24EmptyBuffersAreNotLogged() throws IOException {
        for (int i = 0; i < 200; i++) {
            hostile.descriptor(RX, i, HostileGuest.buffer(2 * i), 0, WRITE | NEXT, i + 1);
        }
        hostile.descriptor(RX, 200, HostileGuest.buffer(500), 2048, WRITE, 0);
        hostile.offer(RX, 0, 0);
        hostile.publish(RX, 1);
        receiveOne();

        assertThat(rig.delivered(1).get(QueueCounters.Count.FRAMES)).isEqualTo(1);
        assertThat(logged()).containsExactly(page(500));
    }

    @Test
    @DisplayName("S24 CVE-2019-14835: only what is written of a buffer is logged")
    void s24OnlyWhatIsWrittenIsLogged() throws IOException {
        hostile.descriptor(RX, 0, HostileGuest.buffer(10), 8, WRITE | NEXT, 1);
        hostile.descriptor(RX, 1, HostileGuest.buffer(20), 0, WRITE | NEXT, 2);
        hostile.descriptor(RX, 2, HostileGuest.buffer(30), 400_000, WRITE | NEXT, 3);
        hostile.descriptor(RX, 3, HostileGuest.buffer(300), 2048, WRITE, 0);
        hostile.offer(RX, 0, 0);
        hostile.publish(RX, 1);
        receiveOne();

        assertThat(logged()).containsExactly(page(10), page(30));
    }

    @Test
    @DisplayName("S24, S22: buffers that cannot be used come back and are not logged")
    void s24BuffersThatCannotBeUsedAreNotLogged() throws IOException {
        for (int i = 0; i < 10; i++) {
            hostile.descriptor(RX, i, HostileGuest.buffer(10 * i), i < 9 ? i % 2 * 11 : 2048, WRITE, 0);
            hostile.offer(RX, i, i);
        }
        hostile.publish(RX, 10);
        assertThat(a.send(GuestToGuestTest.frame(0x77, 1, 64, new Random(1)))).isTrue();
        GuestRig.awaitThat("all come back", () -> hostile.usedIndex(RX) == 10);
        hostile.settle();

        assertThat(logged()).containsExactly(page(90));
    }
}
