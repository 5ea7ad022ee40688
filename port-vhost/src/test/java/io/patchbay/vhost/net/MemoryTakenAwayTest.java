package io.patchbay.vhost.net;

import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.FileCalls;
import io.patchbay.core.linux.SharedMemory;
import io.patchbay.vhost.frontend.VhostClient;
import io.patchbay.vhost.wire.Feature;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.RegionDescription;
import io.patchbay.vhost.wire.Request;
import io.patchbay.vhost.wire.VringAddresses;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A front end takes guest memory away, and at once has the switch change something that it touches that memory for. */
@Timeout(60)
class MemoryTakenAwayTest {

    private static final List<Fd> NO_FILES = List.of();
    private static final int ROUNDS = 10;

    /** By which the regions that are added are found among all that is open. */
    private static final String ADDED = "patchbay-added-meanwhile";

    private static final RegionDescription RING = new RegionDescription(0, 1 << 16, 0x7000_0000L, 0);

    @Test
    @DisplayName("S11: memory is taken away, and the next table has more of it")
    void memoryThatIsGoneWhileMoreIsAddedLeavesNothingOpen() throws Exception {
        try (GuestRig rig = GuestRig.sleepy(2)) {
            for (int round = 0; round < ROUNDS; round++) {
                takeAwayAndAdd(rig.socket(0));
            }
            GuestRig.awaitThat("nothing of it is open or mapped", () -> open() == 0 && mapped() == 0);
        }
    }

    /** Ends with the connection, since the switch cannot go on with a ring that is nowhere. */
    private static void takeAwayAndAdd(String socket) throws IOException {
        try (Fd file = SharedMemory.createMemfd("guest", RING.size());
                Fd added = SharedMemory.createMemfd(ADDED, 4096);
                EventFd kick = EventFd.create();
                VhostClient client = VhostClient.connect(socket)) {
            startReceiving(client, file, kick);
            List<RegionDescription> table = new ArrayList<>(List.of(RING));
            List<Fd> files = new ArrayList<>(List.of(file));
            for (int i = 1; i < 8; i++) {
                long at = RING.size() + i * 8192L;
                table.add(new RegionDescription(at, 4096, at, 0));
                files.add(added);
            }
            FileCalls.truncate(file, 0);
            client.tell(Request.SET_MEM_TABLE, Message.memoryTable(table), files);
            awaitEnd(client);
        }
    }

    private static void startReceiving(VhostClient client, Fd file, EventFd kick) throws IOException {
        long features = Feature.mask(Feature.VIRTIO_F_VERSION_1, Feature.VHOST_USER_F_PROTOCOL_FEATURES);
        client.tell(Request.SET_FEATURES, Message.number(features), NO_FILES);
        client.tell(Request.SET_MEM_TABLE, Message.memoryTable(List.of(RING)), List.of(file));
        client.tell(Request.SET_VRING_NUM, Message.state(0, 64), NO_FILES);
        long at = RING.userAddress();
        VringAddresses addresses = new VringAddresses(0, 0, at, at + 8192, at + 4096, 0);
        client.tell(Request.SET_VRING_ADDR, Message.addresses(addresses), NO_FILES);
        client.tell(Request.SET_VRING_KICK, Message.number(0), List.of(kick.descriptor()));
        client.tell(Request.SET_VRING_ENABLE, Message.state(0, 1), NO_FILES);
        client.ask(Request.GET_FEATURES); // once it is answered the ring runs
    }

    private static void awaitEnd(VhostClient client) {
        GuestRig.awaitThat("the connection ends", () -> {
            try {
                client.ask(Request.GET_FEATURES);
                return false;
            } catch (IOException | RuntimeException e) {
                return true;
            }
        });
    }

    private static long open() {
        try (Stream<Path> links = Files.list(Path.of("/proc/self/fd"))) {
            return links.filter(link -> target(link).contains(ADDED)).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            return "closed meanwhile";
        }
    }

    private static long mapped() {
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            return maps.filter(line -> line.contains(ADDED)).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
