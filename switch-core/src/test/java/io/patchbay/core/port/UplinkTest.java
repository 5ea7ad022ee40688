package io.patchbay.core.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.linux.NetDevice;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class UplinkTest {

    private static final NetDevice.Link UP = link(true, true);

    private static NetDevice.Link link(boolean up, boolean carrier) {
        return new NetDevice.Link(7, NetDevice.ARPHRD_ETHER, new byte[] {2, 0, 0, 0, 0, 1}, 1500, up, carrier);
    }

    /** A device that is as the test says. */
    private static final class FakeDevice implements UplinkDevice {

        private volatile Optional<NetDevice.Link> link = Optional.of(UP);
        private volatile boolean there = true;
        private volatile boolean hasCable;
        private volatile boolean cable = true;
        private volatile Optional<String> refusal = Optional.empty();
        private volatile Runnable trouble = () -> {};
        private final AtomicInteger attached = new AtomicInteger();
        private final AtomicInteger released = new AtomicInteger();
        private final PortQueues queues = new PortQueues(List.of(), Optional.of((burst, frames, count) -> {}));

        @Override
        public String describe() {
            return "device fake0";
        }

        @Override
        public Optional<String> namespace() {
            return Optional.empty();
        }

        @Override
        public Optional<NetDevice.Link> look() {
            return link;
        }

        @Override
        public Attachment attach(PortContext context, boolean enabled, Runnable whenTrouble) throws PortException {
            if (refusal.isPresent()) {
                throw new PortException(refusal.get());
            }
            there = true;
            trouble = whenTrouble;
            attached.incrementAndGet();
            return new Attachment() {

                @Override
                public PortQueues queues() {
                    return enabled ? queues : PortQueues.NONE;
                }

                @Override
                public boolean setEnabled(boolean wanted) {
                    cable = !hasCable || wanted;
                    return hasCable;
                }

                @Override
                public boolean isThere() {
                    return there;
                }

                @Override
                public void close() {
                    released.incrementAndGet();
                }
            };
        }

        void goAway() {
            link = Optional.empty();
            there = false;
            trouble.run();
        }

        void comeBack() {
            link = Optional.of(UP);
            trouble.run();
        }
    }

    /** The switch, as far as a port sees it. */
    private static final class Recorder implements PortContext {

        private final PortCounters counters = new PortCounters();
        private final List<PortQueues> published = new CopyOnWriteArrayList<>();
        private final AtomicInteger forgotten = new AtomicInteger();
        private final AtomicInteger told = new AtomicInteger();

        @Override
        public String name() {
            return "up";
        }

        @Override
        public PortCounters counters() {
            return counters;
        }

        @Override
        public void publish(PortQueues queues) {
            published.add(queues);
        }

        @Override
        public void forgetAddresses() {
            forgotten.incrementAndGet();
        }

        @Override
        public void statusChanged() {
            told.incrementAndGet();
        }

        @Override
        public boolean inject(byte[] frame) {
            throw new AssertionError("an uplink injects nothing");
        }
    }

    private final FakeDevice device = new FakeDevice();
    private final Recorder context = new Recorder();
    private final Uplink uplink = new Uplink("up", device);

    @AfterEach
    void close() {
        uplink.close();
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    @Test
    void aDeviceInUseIsPublishedAndSaysHowItStands() throws Exception {
        uplink.start(context);
        assertThat(context.published).containsExactly(device.queues);
        assertThat(uplink.status()).isEqualTo(PortStatus.up("device fake0 is up"));
        assertThat(uplink.details())
                .isEqualTo(new Uplink.Details(
                        "device fake0",
                        "",
                        "02:00:00:00:00:01",
                        1500,
                        true,
                        true,
                        new Uplink.Room("drop", 0, 0, 0, 0)));
    }

    @Test
    void aDeviceThatIsDownOrHasNoCarrierIsReported() throws Exception {
        uplink.start(context);
        device.link = Optional.of(link(false, false));
        device.trouble.run();
        await(() -> uplink.status().equals(PortStatus.down("device fake0 is down")));
        device.link = Optional.of(link(true, false));
        device.trouble.run();
        await(() -> uplink.status().equals(PortStatus.down("device fake0 has no carrier")));
        assertThat(device.released).as("a device that is down is kept").hasValue(0);
    }

    @Test
    void aDeviceThatHasGoneIsLetGoOfAndWhatWasLearntBehindItForgotten() throws Exception {
        uplink.start(context);
        device.goAway();
        await(() -> uplink.status().equals(PortStatus.down("device fake0 has gone; waiting for it to return")));
        assertThat(context.published).containsExactly(device.queues, PortQueues.NONE);
        assertThat(context.forgotten).hasValue(1);
        assertThat(device.released).hasValue(1);
    }

    @Test
    void aDeviceThatReturnsIsTakenIntoUseAgain() throws Exception {
        uplink.start(context);
        device.goAway();
        await(() -> !uplink.status().up());
        device.comeBack();
        await(() -> uplink.status().up());
        assertThat(context.published).containsExactly(device.queues, PortQueues.NONE, device.queues);
        assertThat(device.attached).hasValue(2);
    }

    @Test
    void aDeviceThatIsReplacedAtOnceIsTakenIntoUseAgain() throws Exception {
        uplink.start(context);
        device.there = false;
        device.trouble.run();
        await(() -> device.attached.get() == 2);
        await(() -> uplink.status().up());
        assertThat(device.released).hasValue(1);
    }

    @Test
    void aDeviceThatReturnsButCannotBeUsedYetIsTriedAgain() throws Exception {
        uplink.start(context);
        device.goAway();
        await(() -> !uplink.status().up());
        device.refusal = Optional.of("busy");
        device.comeBack();
        await(() -> uplink.status().reason().contains("busy"));
        device.refusal = Optional.empty();
        await(() -> uplink.status().up()); // and nobody has told it to look
    }

    @Test
    void aDeviceThatWasRenamedOrMovedIsKept() throws Exception {
        uplink.start(context);
        device.link = Optional.empty();
        device.trouble.run();
        await(() -> uplink.status().reason().contains("renamed"));
        assertThat(uplink.status().up()).isTrue();
        assertThat(device.released).hasValue(0);
    }

    @Test
    void aPortThatIsNotEnabledHoldsItsDeviceAndCarriesNothing() throws Exception {
        uplink.setEnabled(false);
        uplink.start(context);
        assertThat(context.published).containsExactly(PortQueues.NONE);
        assertThat(device.attached).hasValue(1);
    }

    @Test
    void aDeviceWithoutACableOfOursIsLetGoOfAndTakenAgainAsThePortIsShutAndOpened() throws Exception {
        uplink.start(context);
        uplink.setEnabled(false);
        assertThat(context.published).containsExactly(device.queues, PortQueues.NONE, PortQueues.NONE);
        assertThat(device.released).hasValue(1);
        uplink.setEnabled(true);
        assertThat(context.published.getLast()).isEqualTo(device.queues);
        assertThat(device.released).hasValue(2);
        assertThat(uplink.status().up()).isTrue();
    }

    @Test
    void aDeviceWhoseCableIsOursIsKeptAsThePortIsShutAndOpened() throws Exception {
        device.hasCable = true;
        uplink.start(context);
        uplink.setEnabled(false);
        assertThat(device.cable).isFalse();
        uplink.setEnabled(true);
        assertThat(device.cable).isTrue();
        assertThat(context.published).containsExactly(device.queues);
        assertThat(device.attached).hasValue(1);
        assertThat(device.released).hasValue(0);
    }

    @Test
    void aPortThatIsShutWhileItsDeviceIsAwayTakesItWithoutOpeningIt() throws Exception {
        uplink.start(context);
        device.goAway();
        await(() -> !uplink.status().up());
        uplink.setEnabled(false);
        device.comeBack();
        await(() -> device.attached.get() == 2);
        assertThat(context.published).containsExactly(device.queues, PortQueues.NONE, PortQueues.NONE);
    }

    @Test
    void aPortThatFailedTriesAgainWhenItIsShutAndOpened() throws Exception {
        uplink.start(context);
        uplink.fault(new IllegalStateException("no more"));
        uplink.setEnabled(false);
        assertThat(uplink.status().reason()).contains("no more");
        uplink.setEnabled(true);
        assertThat(uplink.status()).isEqualTo(PortStatus.up("device fake0 is up"));
        assertThat(context.published.getLast()).isEqualTo(device.queues);
    }

    @Test
    void whoeverWatchesIsToldWhenTheLinkGoesAndComes() throws Exception {
        uplink.start(context);
        int before = context.told.get();
        device.link = Optional.of(link(true, false));
        device.trouble.run();
        await(() -> context.told.get() == before + 1);
        assertThat(uplink.status().up()).isFalse();
        device.comeBack();
        await(() -> context.told.get() == before + 2);
        assertThat(uplink.status().up()).isTrue();
    }

    @Test
    void aPortThatAWorkerCouldNotGoOnWithStaysDown() throws Exception {
        uplink.start(context);
        uplink.fault(new IllegalStateException("no more"));
        device.trouble.run();
        device.comeBack();
        TimeUnit.MILLISECONDS.sleep(20);
        assertThat(uplink.status().reason()).contains("no more");
        assertThat(context.published).containsExactly(device.queues, PortQueues.NONE);
        assertThat(device.attached).hasValue(1);
        assertThat(device.released).hasValue(1);
    }

    @Test
    void aDeviceThatCannotBeUsedAtTheStartIsRefusedByThePortsName() {
        device.refusal = Optional.of("cannot use device fake0: too blue");
        assertThatThrownBy(() -> uplink.start(context))
                .isInstanceOf(PortException.class)
                .hasMessage("port up: cannot use device fake0: too blue");
        assertThat(context.published).isEmpty();
    }

    @Test
    void nothingStaysBehind() throws Exception {
        uplink.start(context);
        uplink.close();
        long before = descriptors();
        for (int i = 0; i < 20; i++) {
            Uplink another = new Uplink("passing", device);
            another.start(context);
            another.close();
            another.close();
        }
        assertThat(descriptors()).isEqualTo(before);
        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .doesNotContain("uplink-passing");
        assertThat(device.released.get()).isEqualTo(device.attached.get());
    }

    private static long descriptors() throws Exception {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }
}
