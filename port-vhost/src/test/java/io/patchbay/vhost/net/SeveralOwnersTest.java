package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.linux.UnixSocket;
import io.patchbay.vhost.wire.Feature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is offered where a port has had several virtual machines that still live. */
@Timeout(60)
class SeveralOwnersTest {

    private static final Feature MRG = Feature.VIRTIO_NET_F_MRG_RXBUF;
    private static final Feature CSUM = Feature.VIRTIO_NET_F_CSUM;
    private static final Feature V1 = Feature.VIRTIO_F_VERSION_1;
    private static final long ALL = Feature.mask(MRG, CSUM, V1);

    @TempDir
    private Path directory;

    private final List<Process> machines = new ArrayList<>();

    /** A process to be offered something. */
    private Process machine() throws IOException {
        machines.add(new ProcessBuilder("sleep", "100").start());
        return machines.getLast();
    }

    @AfterEach
    void endAll() throws InterruptedException {
        for (Process machine : machines) {
            end(machine);
        }
    }

    private static void end(Process machine) throws InterruptedException {
        machine.destroyForcibly().waitFor();
    }

    private Path file() {
        return directory.resolve("vm.json");
    }

    /** As after a start of the switch. */
    private FeatureOffer started(Feature... disabled) {
        List<String> names = List.of(disabled).stream().map(Feature::name).toList();
        return new FeatureOffer("vm", ALL, new FeatureSettings(names), Optional.of(file()));
    }

    private static long ask(FeatureOffer offer, Process machine) {
        offer.connected(new UnixSocket.Peer((int) machine.pid(), 0, 0));
        return offer.offer();
    }

    private static void use(FeatureOffer offer, Process machine) {
        offer.acknowledged(ask(offer, machine));
    }

    @Test
    void aVirtualMachineKeepsItsOfferWhenOneBeforeItEnds() throws Exception {
        Process first = machine();
        Process second = machine();
        FeatureOffer offer = started();
        use(offer, first);
        use(offer, second);
        end(first);

        FeatureOffer later = started(MRG);

        assertThat(later.kept()).containsExactly(MRG.name());
        assertThat(ask(later, second)).isEqualTo(ALL);
    }

    @Test
    void aVirtualMachineKeepsItsOfferWhenOneAfterItEnds() throws Exception {
        Process first = machine();
        Process second = machine();
        FeatureOffer offer = started();
        use(offer, first);
        use(offer, second);
        end(second);

        assertThat(ask(started(MRG), first)).isEqualTo(ALL);
    }

    @Test
    void whatAnyWasOfferedIsOfferedAsLongAsThatOneLives() throws Exception {
        Process first = machine();
        Process second = machine();
        OfferState.of(List.of(holder(second, CSUM, V1), holder(first, MRG, V1))).write(file());

        FeatureOffer offer = started(MRG, CSUM);
        assertThat(offer.offered()).isEqualTo(ALL);

        end(first);
        assertThat(ask(offer, second)).isEqualTo(Feature.mask(CSUM, V1));
        end(second);
        assertThat(ask(offer, machine())).isEqualTo(V1.mask());
    }

    private static OfferState.Holder holder(Process machine, Feature... offered) {
        List<String> names = List.of(offered).stream().map(Feature::name).toList();
        return new OfferState.Holder(PeerProcess.of((int) machine.pid()), names, List.of());
    }

    @Test
    void whoOnlyAsksWhileAVirtualMachineLivesIsNotRemembered() throws Exception {
        Process machine = machine();
        Process probe = machine();
        FeatureOffer offer = started();
        use(offer, machine);
        ask(offer, probe);
        end(machine);

        assertThat(ask(started(MRG), probe)).isEqualTo(ALL & ~MRG.mask());
    }

    @Test
    void whoHasGoneIsForgottenWhenSomethingIsWritten() throws Exception {
        Process first = machine();
        Process second = machine();
        FeatureOffer offer = started();
        use(offer, first);
        end(first);
        use(offer, second);

        assertThat(OfferState.read(file()).orElseThrow().holders())
                .extracting(OfferState.Holder::process)
                .containsExactly(PeerProcess.of((int) second.pid()));
    }

    @Test
    void noMoreAreRememberedThanThereIsRoomFor() throws Exception {
        FeatureOffer offer = started();
        for (int i = 0; i <= FeatureOffer.MAX_HOLDERS; i++) {
            use(offer, machine());
        }

        assertThat(OfferState.read(file()).orElseThrow().holders())
                .hasSize(FeatureOffer.MAX_HOLDERS)
                .extracting(OfferState.Holder::process)
                .startsWith(PeerProcess.of((int) machines.getLast().pid()))
                .doesNotContain(PeerProcess.of((int) machines.getFirst().pid()));
    }

    @Test
    void aFileOfAVersionThatKnewOfOneIsUnderstood() throws Exception {
        Process machine = machine();
        PeerProcess process = PeerProcess.of((int) machine.pid()).orElseThrow();
        Files.writeString(file(), """
                {
                  "version" : 1,
                  "process" : { "bootId" : "%s", "pid" : %d, "startTicks" : %d },
                  "offered" : [ "VIRTIO_NET_F_MRG_RXBUF" ],
                  "acknowledged" : [ "VIRTIO_NET_F_MRG_RXBUF" ],
                  "queuePairs" : 32,
                  "memorySlots" : 509
                }
                """.formatted(process.bootId(), process.pid(), process.startTicks()));

        assertThat(started(MRG).offered()).isEqualTo(ALL);
    }

    @Test
    void suchAVersionFindsTheLatest() throws Exception {
        FeatureOffer offer = started();
        use(offer, machine());
        use(offer, machine());

        assertThat(OfferState.read(file()).orElseThrow().process())
                .isEqualTo(PeerProcess.of((int) machines.getLast().pid()));
    }
}
