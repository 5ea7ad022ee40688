package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.SharedMemory;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.frontend.VhostClient;
import io.patchbay.vhost.ring.RingLayout;
import io.patchbay.vhost.wire.Feature;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.MessageDescriptor;
import io.patchbay.vhost.wire.ProtocolFeature;
import io.patchbay.vhost.wire.RegionDescription;
import io.patchbay.vhost.wire.Request;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What front ends say that are not here to be run, message by message and in the order of their sources: Cloud Hypervisor, crosvm, libkrun, Dragonball
 * (Kata Containers), OpenVMM and StratoVirt. Each starts a guest, and those that can do so start it again after its driver
 * has reset the device.
 */
@Timeout(60)
class OtherFrontEndsTest {

    private static final List<Fd> NO_FILES = List.of();
    private static final byte[] NOTHING = {};
    private static final long MQ = ProtocolFeature.VHOST_USER_PROTOCOL_F_MQ.mask();
    private static final long REPLY_ACK = ProtocolFeature.VHOST_USER_PROTOCOL_F_REPLY_ACK.mask();
    private static final long BIT_30 = Feature.VHOST_USER_F_PROTOCOL_FEATURES.mask();
    private static final int QUEUES = 2;
    private static final int MOST_REGIONS = 32;
    private static final long PLUGGED_BYTES = 1 << 20;

    private final GuestRig rig = GuestRig.adaptive();
    private final FrontEnd neighbour = rig.connect(1, FrontEndSettings.MODERN);
    private final List<FrontEnd> guests = new ArrayList<>();
    private VhostClient client = VhostClient.connect(rig.socket(0));

    OtherFrontEndsTest() throws Exception {}

    @AfterEach
    void close() throws Exception {
        client.close();
        guests.forEach(FrontEnd::close);
        rig.close();
    }

    /** A guest's driver, with memory and rings that nobody has used. */
    private FrontEnd driver(FrontEndSettings settings) {
        FrontEnd guest = FrontEnd.unconnected(settings, 100);
        guests.add(guest);
        return guest;
    }

    private void assertFramesPass(FrontEnd guest) {
        byte[] sent = GuestToGuestTest.frame(2, 1, 100, new Random(1));
        assertThat(guest.send(sent)).isTrue();
        assertThat(GuestRig.await(neighbour)).isEqualTo(sent);
        byte[] answer = GuestToGuestTest.frame(1, 2, 100, new Random(2));
        assertThat(neighbour.send(answer)).isTrue();
        assertThat(GuestRig.await(guest)).isEqualTo(answer);
    }

    private void tell(Request request) throws IOException {
        client.tell(request, NOTHING, NO_FILES);
    }

    private void tell(Request request, long number) throws IOException {
        client.tell(request, Message.number(number), NO_FILES);
    }

    private void tell(Request request, int index, int number) throws IOException {
        client.tell(request, Message.state(index, number), NO_FILES);
    }

    private void memory(FrontEnd guest) throws IOException {
        client.tell(Request.SET_MEM_TABLE, Message.memoryTable(List.of(guest.region())), List.of(guest.memoryFile()));
    }

    private void addresses(FrontEnd guest, int index) throws IOException {
        client.tell(Request.SET_VRING_ADDR, Message.addresses(guest.addresses(index)), NO_FILES);
    }

    private void call(FrontEnd guest, int index) throws IOException {
        client.tell(Request.SET_VRING_CALL, Message.number(index), List.of(guest.call(index)));
    }

    private void kick(FrontEnd guest, int index) throws IOException {
        client.tell(Request.SET_VRING_KICK, Message.number(index), List.of(guest.kick(index)));
    }

    private void stop(int index) throws IOException {
        client.exchange(Request.GET_VRING_BASE, Message.state(index, 0), NO_FILES);
    }

    /** Where the guest's driver stands, which several front ends give for where the device stands: all receive buffers are posted. */
    private static int availableIndex(int index, FrontEndSettings settings) {
        return index % 2 == 0 ? settings.queueSize() : 0;
    }

    private static long accepted(FrontEndSettings settings) {
        return settings.features() | BIT_30;
    }

    // Cloud Hypervisor 53: virtio-devices/src/vhost_user/vu_common_ctrl.rs

    private static final FrontEndSettings IN_ORDER = FrontEndSettings.MODERN.with(Feature.VIRTIO_F_IN_ORDER);

    private void cloudHypervisorConnects() throws IOException {
        tell(Request.SET_OWNER);
        assertThat(client.ask(Request.GET_FEATURES)).isNotZero();
        long protocol = client.ask(Request.GET_PROTOCOL_FEATURES)
                & ProtocolFeature.mask(
                        ProtocolFeature.VHOST_USER_PROTOCOL_F_MQ,
                        ProtocolFeature.VHOST_USER_PROTOCOL_F_CONFIGURE_MEM_SLOTS,
                        ProtocolFeature.VHOST_USER_PROTOCOL_F_REPLY_ACK,
                        ProtocolFeature.VHOST_USER_PROTOCOL_F_INFLIGHT_SHMFD,
                        ProtocolFeature.VHOST_USER_PROTOCOL_F_LOG_SHMFD,
                        ProtocolFeature.VHOST_USER_PROTOCOL_F_DEVICE_STATE,
                        ProtocolFeature.VHOST_USER_PROTOCOL_F_CONFIG);
        tell(Request.SET_PROTOCOL_FEATURES, protocol);
        client.negotiatedReplyAck();
        assertThat(client.ask(Request.GET_QUEUE_NUM)).isGreaterThanOrEqualTo(QUEUES);
    }

    private void cloudHypervisorActivates(FrontEnd guest, List<RegionDescription> regions, List<Fd> files)
            throws IOException {
        tell(Request.SET_FEATURES, accepted(IN_ORDER));
        client.tell(Request.SET_MEM_TABLE, Message.memoryTable(regions), files);
        for (int index = 0; index < QUEUES; index++) {
            tell(Request.SET_VRING_NUM, index, IN_ORDER.queueSize());
        }
        for (int index = 0; index < QUEUES; index++) {
            addresses(guest, index);
            tell(Request.SET_VRING_BASE, index, availableIndex(index, IN_ORDER));
            call(guest, index);
            kick(guest, index);
        }
        for (int index = 0; index < QUEUES; index++) {
            tell(Request.SET_VRING_ENABLE, index, 1);
        }
    }

    private void cloudHypervisorActivates(FrontEnd guest) throws IOException {
        cloudHypervisorActivates(guest, List.of(guest.region()), List.of(guest.memoryFile()));
    }

    private void everyQueueIsDisabledAndStopped() throws IOException {
        for (int index = 0; index < QUEUES; index++) {
            tell(Request.SET_VRING_ENABLE, index, 0);
            stop(index);
        }
    }

    @Test
    void cloudHypervisorStartsAGuestAndResetsIt() throws IOException {
        cloudHypervisorConnects();
        FrontEnd first = driver(IN_ORDER);
        cloudHypervisorActivates(first);
        assertFramesPass(first);

        everyQueueIsDisabledAndStopped();
        FrontEnd second = driver(IN_ORDER);
        cloudHypervisorActivates(second);
        assertFramesPass(second);
    }

    @Test
    void cloudHypervisorReconnectsAndDoesNotAskForProtocolFeatures() throws IOException {
        cloudHypervisorConnects();
        FrontEnd guest = driver(IN_ORDER);
        cloudHypervisorActivates(guest);
        assertFramesPass(guest);
        client.close();

        client = VhostClient.connect(rig.socket(0));
        tell(Request.SET_OWNER);
        client.ask(Request.GET_FEATURES);
        tell(Request.SET_PROTOCOL_FEATURES, MQ | REPLY_ACK);
        client.negotiatedReplyAck();
        cloudHypervisorActivates(guest);
        assertFramesPass(guest);
    }

    /** Memory that was plugged in while the guest ran is part of the table when it restarts: rust-vmm's crate gives as many regions as 32. */
    @Test
    void cloudHypervisorGivesATableOfMoreRegionsThanTheSpecificationHas() throws IOException {
        cloudHypervisorConnects();
        FrontEnd guest = driver(IN_ORDER);
        List<RegionDescription> regions = new ArrayList<>(List.of(guest.region()));
        List<Fd> files = new ArrayList<>(List.of(guest.memoryFile()));
        try (Fd plugged = SharedMemory.createMemfd("plugged", PLUGGED_BYTES)) {
            while (regions.size() < MOST_REGIONS) {
                long at = 0x1_0000_0000L + regions.size() * PLUGGED_BYTES;
                regions.add(new RegionDescription(at, PLUGGED_BYTES, 0x7e00_0000_0000L + at, 0));
                files.add(plugged);
            }
            cloudHypervisorActivates(guest, regions, files);
        }
        assertFramesPass(guest);
    }

    // crosvm: devices/src/virtio/vhost_user_frontend/mod.rs, third_party/vmm_vhost/src/backend_client.rs. It asks for
    // no answers.

    private void crosvmConnects() throws IOException {
        tell(Request.SET_OWNER);
        client.ask(Request.GET_FEATURES);
        client.ask(Request.GET_PROTOCOL_FEATURES);
        tell(Request.SET_PROTOCOL_FEATURES, MQ | REPLY_ACK);
        client.ask(Request.GET_QUEUE_NUM);
    }

    private void crosvmActivates(FrontEnd guest) throws IOException {
        memory(guest);
        for (int index = 0; index < QUEUES; index++) {
            tell(Request.SET_VRING_NUM, index, FrontEndSettings.MODERN.queueSize());
            addresses(guest, index);
            tell(Request.SET_VRING_BASE, index, 0);
            call(guest, index);
            kick(guest, index);
            tell(Request.SET_VRING_ENABLE, index, 1);
        }
    }

    @Test
    void crosvmStartsAGuestAndResetsItWithoutRepeatingFeatures() throws IOException {
        crosvmConnects();
        FrontEnd first = driver(FrontEndSettings.MODERN);
        tell(Request.SET_FEATURES, accepted(FrontEndSettings.MODERN));
        crosvmActivates(first);
        assertFramesPass(first);

        everyQueueIsDisabledAndStopped();
        FrontEnd second = driver(FrontEndSettings.MODERN);
        crosvmActivates(second);
        assertFramesPass(second);
    }

    @Test
    void crosvmIsToldInAWayItUnderstandsThatThereIsNoConfiguration() throws IOException {
        crosvmConnects();
        byte[] request = new byte[MessageDescriptor.CONFIGURATION_BYTES + 2];
        assertThat(client.exchange(Request.GET_CONFIG, request, NO_FILES))
                .as("offset, size and flags, and no bytes")
                .isEqualTo(new byte[MessageDescriptor.CONFIGURATION_BYTES]);
    }

    // libkrun 2026: src/devices/src/virtio/vhost_user/device.rs. It asks for no answers, and on a reset only disables.

    private void libkrunConnects() throws IOException {
        client.ask(Request.GET_FEATURES);
        client.ask(Request.GET_PROTOCOL_FEATURES);
        tell(Request.SET_PROTOCOL_FEATURES, MQ);
    }

    private void libkrunActivates(FrontEnd guest, FrontEndSettings settings) throws IOException {
        tell(Request.SET_OWNER);
        memory(guest);
        tell(Request.SET_FEATURES, accepted(settings));
        for (int index = 0; index < QUEUES; index++) {
            tell(Request.SET_VRING_NUM, index, settings.queueSize());
            tell(Request.SET_VRING_BASE, index, 0);
            addresses(guest, index);
            kick(guest, index);
            call(guest, index);
            tell(Request.SET_VRING_ENABLE, index, 1);
        }
    }

    static Stream<FrontEndSettings> nextDrivers() {
        return Stream.of(
                FrontEndSettings.MODERN,
                FrontEndSettings.MODERN.withSizes(128, 2048),
                FrontEndSettings.MODERN.with(Feature.VIRTIO_F_RING_PACKED));
    }

    @Test
    void libkrunGivesPackedRingsTheBaseOfSplitOnes() throws IOException {
        FrontEndSettings packed = FrontEndSettings.MODERN.with(Feature.VIRTIO_F_RING_PACKED);
        libkrunConnects();
        FrontEnd guest = driver(packed);
        libkrunActivates(guest, packed);
        assertFramesPass(guest);
    }

    @ParameterizedTest
    @MethodSource("nextDrivers")
    void libkrunResetsAGuestByDisablingItsQueues(FrontEndSettings next) throws IOException {
        libkrunConnects();
        FrontEnd firmware = driver(FrontEndSettings.MODERN);
        libkrunActivates(firmware, FrontEndSettings.MODERN);
        assertFramesPass(firmware);

        for (int index = 0; index < client.ask(Request.GET_QUEUE_NUM); index++) {
            tell(Request.SET_VRING_ENABLE, index, 0);
        }
        FrontEnd system = driver(next);
        libkrunActivates(system, next);
        assertFramesPass(system);
    }

    // Dragonball: src/dragonball/dbs_virtio_devices/src/vhost/vhost_user/connection.rs. It asks for no answers.

    private void dragonballActivates(FrontEnd guest) throws IOException {
        tell(Request.SET_OWNER);
        client.ask(Request.GET_FEATURES);
        tell(Request.SET_FEATURES, accepted(FrontEndSettings.MODERN));
        client.ask(Request.GET_PROTOCOL_FEATURES);
        tell(Request.SET_PROTOCOL_FEATURES, MQ);
        client.ask(Request.GET_QUEUE_NUM);
        for (int index = 0; index < QUEUES; index++) {
            call(guest, index);
        }
        memory(guest);
        for (int index = 0; index < QUEUES; index++) {
            tell(Request.SET_VRING_NUM, index, FrontEndSettings.MODERN.queueSize());
        }
        for (int index = 0; index < QUEUES; index++) {
            tell(Request.SET_VRING_BASE, index, 0);
        }
        for (int index = 0; index < QUEUES; index++) {
            addresses(guest, index);
        }
        for (int index = 0; index < QUEUES; index++) {
            kick(guest, index);
        }
        for (int index = 0; index < QUEUES; index++) {
            call(guest, index);
        }
        for (int index = 0; index < QUEUES; index++) {
            tell(Request.SET_VRING_ENABLE, index, 1);
        }
    }

    @Test
    void dragonballSetsFeaturesBeforeItAsksForThoseOfTheProtocol() throws IOException {
        client.ask(Request.GET_FEATURES);
        FrontEnd guest = driver(FrontEndSettings.MODERN);
        dragonballActivates(guest);
        assertFramesPass(guest);
    }

    // OpenVMM: vm/devices/virtio/vhost_user_frontend/src/lib.rs. It accepts all that is offered until it knows its
    // guest's wishes, logging too.

    private void openvmmConnects() throws IOException {
        tell(Request.SET_FEATURES, client.ask(Request.GET_FEATURES) | BIT_30);
        client.ask(Request.GET_PROTOCOL_FEATURES);
        tell(Request.SET_PROTOCOL_FEATURES, MQ | REPLY_ACK | ProtocolFeature.VHOST_USER_PROTOCOL_F_RESET_DEVICE.mask());
        tell(Request.SET_OWNER);
        client.ask(Request.GET_QUEUE_NUM);
        client.negotiatedReplyAck();
    }

    private void openvmmActivates(FrontEnd guest, FrontEndSettings settings) throws IOException {
        tell(Request.SET_FEATURES, accepted(settings));
        long base = RingLayout.of(settings.features()).freshBase();
        for (int index = 0; index < QUEUES; index++) {
            tell(Request.SET_VRING_NUM, index, settings.queueSize());
            addresses(guest, index);
            tell(Request.SET_VRING_BASE, index, (int) base);
            kick(guest, index);
            call(guest, index);
            tell(Request.SET_VRING_ENABLE, index, 1);
        }
    }

    @Test
    void openvmmAcceptsEverythingUntilItKnowsItsGuestAndResetsTheDevice() throws IOException {
        FrontEndSettings packed = FrontEndSettings.MODERN.with(Feature.VIRTIO_F_RING_PACKED);
        openvmmConnects();
        FrontEnd first = driver(packed);
        memory(first);
        openvmmActivates(first, packed);
        assertFramesPass(first);

        everyQueueIsDisabledAndStopped();
        tell(Request.RESET_DEVICE);
        FrontEnd second = driver(FrontEndSettings.MODERN);
        memory(second);
        openvmmActivates(second, FrontEndSettings.MODERN);
        assertFramesPass(second);
    }

    // StratoVirt: virtio/src/vhost/user/client.rs. It accepts no protocol features, enables all the same, and connects
    // anew on a reset.

    private void stratovirtActivates(FrontEnd guest) throws IOException {
        tell(Request.SET_OWNER);
        tell(Request.SET_FEATURES, FrontEndSettings.MODERN.features());
        memory(guest);
        for (int index = 0; index < QUEUES; index++) {
            tell(Request.SET_VRING_NUM, index, FrontEndSettings.MODERN.queueSize());
        }
        for (int index = 0; index < QUEUES; index++) {
            addresses(guest, index);
            tell(Request.SET_VRING_BASE, index, availableIndex(index, FrontEndSettings.MODERN));
            kick(guest, index);
            call(guest, index);
        }
        for (int index = 0; index < QUEUES; index++) {
            tell(Request.SET_VRING_ENABLE, index, 1);
        }
    }

    @Test
    void stratovirtStartsAGuestAndConnectsAnewToResetIt() throws IOException {
        client.ask(Request.GET_FEATURES);
        FrontEnd first = driver(FrontEndSettings.MODERN);
        stratovirtActivates(first);
        assertFramesPass(first);

        client.close();
        client = VhostClient.connect(rig.socket(0));
        client.ask(Request.GET_FEATURES);
        FrontEnd second = driver(FrontEndSettings.MODERN);
        stratovirtActivates(second);
        assertFramesPass(second);
    }
}
