package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.SharedMemory;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.PortQueues;
import io.patchbay.vhost.memory.MemoryPool;
import io.patchbay.vhost.memory.MemoryRules;
import io.patchbay.vhost.session.RefusedException;
import io.patchbay.vhost.wire.Feature;
import io.patchbay.vhost.wire.LogDescription;
import io.patchbay.vhost.wire.ProtocolFeature;
import io.patchbay.vhost.wire.RegionDescription;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What becomes of what a front end has said and given, when it is refused, resets the device, or goes. */
class VhostNetDeviceTest {

    private static final long LIMIT = 1L << 40;

    private int forgotten;

    private final VhostNetDevice device = new VhostNetDevice(
            new PortContext() {

                private final PortCounters counters = new PortCounters();

                @Override
                public String name() {
                    return "vm1";
                }

                @Override
                public PortCounters counters() {
                    return counters;
                }

                @Override
                public void publish(PortQueues queues) {}

                @Override
                public void forgetAddresses() {
                    forgotten++;
                }

                @Override
                public void statusChanged() {}

                @Override
                public boolean inject(byte[] frame) {
                    return true;
                }
            },
            FeatureSettings.ALL,
            new MemoryRules(false, LIMIT, new MemoryPool(LIMIT, 100)));

    @AfterEach
    void leave() {
        device.disconnected();
    }

    private void wantWhatIsNotOffered() {
        assertThatThrownBy(() -> device.setFeatures(Feature.VIRTIO_F_SR_IOV.mask()))
                .isInstanceOf(RefusedException.class);
        assertThat(device.portStatus().reason()).contains("features rejected");
    }

    @Test
    void addressesLearntFromAGuestAreForgottenWhenItsFrontEndGoes() {
        device.disconnected();
        assertThat(forgotten).isOne();
    }

    @Test
    void theMtuOfAGuestIsForgottenWhenItsFrontEndGoes() throws Exception {
        device.setMtu(1500);
        device.disconnected();
        assertThat(device.view().mtu()).isZero();
    }

    @Test
    void memoryThatWasRefusedDoesNotKeepTheNextFrontEndDown() {
        RegionDescription tooLong = new RegionDescription(0, 8192, 0x1_0000, 0);
        assertThatThrownBy(() -> device.setMemoryTable(List.of(tooLong), List.of(SharedMemory.createMemfd("m", 4096))))
                .isInstanceOf(RefusedException.class);
        assertThat(device.portStatus().reason()).contains("memory not shared");
        device.disconnected();
        assertThat(device.portStatus().reason()).doesNotContain("memory not shared");
    }

    @Test
    void aResetMakesAnotherNegotiationPossible() {
        wantWhatIsNotOffered();
        device.resetDevice();
        assertThat(device.portStatus().reason()).doesNotContain("features rejected");
    }

    @Test
    void theFileOfALogThatIsRefusedIsClosed() {
        Fd file = SharedMemory.createMemfd("log", 4096);
        assertThatThrownBy(() -> device.setLogBase(new LogDescription(4096, 0), file))
                .isInstanceOf(RefusedException.class);
        assertThat(file.isOpen()).isFalse();
    }

    @Test
    void theFileOfALogTooSmallForTheGuestsMemoryIsClosed() throws Exception {
        device.setProtocolFeatures(ProtocolFeature.VHOST_USER_PROTOCOL_F_LOG_SHMFD.mask());
        device.setMemoryTable(
                List.of(new RegionDescription(1L << 30, 4096, 0x1_0000, 0)),
                List.of(SharedMemory.createMemfd("m", 4096)));
        Fd file = SharedMemory.createMemfd("log", 4096);
        assertThatThrownBy(() -> device.setLogBase(new LogDescription(8, 0), file))
                .isInstanceOf(RefusedException.class);
        assertThat(file.isOpen()).isFalse();
    }

    @Test
    void aLogIsClosedWhenItsFrontEndGoes() throws Exception {
        device.setProtocolFeatures(ProtocolFeature.VHOST_USER_PROTOCOL_F_LOG_SHMFD.mask());
        Fd file = SharedMemory.createMemfd("log", 4096);
        device.setLogBase(new LogDescription(4096, 0), file);
        device.disconnected();
        assertThat(file.isOpen()).isFalse();
    }

    @Test
    void theKickOfAQueueThatCannotBeStartedIsClosed() {
        Fd kick = EventFd.create().descriptor();
        assertThatThrownBy(() -> device.setVringKick(0, Optional.of(kick))).isInstanceOf(RefusedException.class);
        assertThat(kick.isOpen()).isFalse();
    }

    @Test
    void theKickOfAQueueThatThereIsNotIsClosed() {
        Fd kick = EventFd.create().descriptor();
        assertThatThrownBy(() -> device.setVringKick(2 * Virtqueues.MAX_PAIRS, Optional.of(kick)))
                .isInstanceOf(RefusedException.class);
        assertThat(kick.isOpen()).isFalse();
    }

    @Test
    void theSignalOfALogIsClosedWhenItsFrontEndGoes() throws Exception {
        Fd signal = EventFd.create().descriptor();
        device.setLogSignal(signal);
        device.disconnected();
        assertThat(signal.isOpen()).isFalse();
    }

    @Test
    void aGuestIsNotifiedOfWhatItWasOwedThroughTheDescriptorBefore() throws Exception {
        EventFd call = EventFd.create();
        device.setVringCall(1, Optional.of(call.descriptor()));
        assertThat(call.drain()).isTrue();
    }
}
