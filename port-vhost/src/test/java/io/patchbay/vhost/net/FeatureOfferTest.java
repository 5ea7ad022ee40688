package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.linux.UnixSocket;
import io.patchbay.core.port.SettingException;
import io.patchbay.vhost.wire.Feature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FeatureOfferTest {

    private static final Feature MRG = Feature.VIRTIO_NET_F_MRG_RXBUF;
    private static final Feature TSO = Feature.VIRTIO_NET_F_HOST_TSO4;
    private static final Feature CSUM = Feature.VIRTIO_NET_F_CSUM;
    private static final Feature V1 = Feature.VIRTIO_F_VERSION_1;
    private static final long ALL = Feature.mask(MRG, TSO, CSUM, V1, Feature.VIRTIO_NET_F_HOST_ECN);

    private static final UnixSocket.Peer ME =
            new UnixSocket.Peer((int) ProcessHandle.current().pid(), 0, 0);

    @TempDir
    private Path directory;

    private Path file() {
        return directory.resolve("ports").resolve("vm.json");
    }

    private FeatureOffer started(long supported, String... disabled) {
        return new FeatureOffer("vm", supported, new FeatureSettings(List.of(disabled)), Optional.of(file()));
    }

    private FeatureOffer offeredToMe(long supported, String... disabled) {
        FeatureOffer offer = started(supported, disabled);
        offer.connected(ME);
        offer.offer();
        return offer;
    }

    /** As if the virtual machine that was offered something had ended since. */
    private void killTheVirtualMachine() throws IOException {
        OfferState state = OfferState.read(file()).orElseThrow();
        PeerProcess process = state.process().orElseThrow();
        PeerProcess gone = new PeerProcess(process.bootId(), process.pid(), process.startTicks() - 1);
        OfferState.of(List.of(new OfferState.Holder(Optional.of(gone), state.offered(), state.acknowledged())))
                .write(file());
    }

    @Test
    void whatIsDisabledIsNotOffered() {
        assertThat(offeredToMe(ALL, MRG.name()).offered()).isEqualTo(ALL & ~MRG.mask());
    }

    @Test
    void whatNeedsADisabledFeatureGoesWithIt() {
        assertThat(offeredToMe(ALL, CSUM.name()).offered()).isEqualTo(Feature.mask(MRG, V1));
    }

    @Test
    void aFeatureTheSwitchDoesNotHaveMayBeDisabled() {
        assertThat(offeredToMe(ALL, Feature.VIRTIO_NET_F_RSS.name()).offered()).isEqualTo(ALL);
    }

    @Test
    void aVirtualMachineThatRunsGoesOnBeingOfferedWhatWasDisabledMeanwhile() {
        offeredToMe(ALL).acknowledged(ALL);

        FeatureOffer later = offeredToMe(ALL, MRG.name());

        assertThat(later.offered()).isEqualTo(ALL);
        assertThat(later.kept()).containsExactly(MRG.name());
        assertThat(offeredToMe(ALL, MRG.name()).offered())
                .as("and after one more restart")
                .isEqualTo(ALL);
    }

    @Test
    void theNextVirtualMachineIsNotOfferedWhatIsDisabled() throws IOException {
        offeredToMe(ALL);
        killTheVirtualMachine();

        FeatureOffer later = offeredToMe(ALL, MRG.name());

        assertThat(later.offered()).isEqualTo(ALL & ~MRG.mask());
        assertThat(later.kept()).isEmpty();
    }

    @Test
    void aVirtualMachineThatCannotBeSeenIsTakenToRun() throws IOException {
        UnixSocket.Peer elsewhere = new UnixSocket.Peer(0, 0, 0);
        FeatureOffer first = started(ALL);
        first.connected(elsewhere);
        first.offer();

        FeatureOffer later = started(ALL, MRG.name());
        later.connected(elsewhere);

        assertThat(later.offer()).isEqualTo(ALL);
        assertThat(OfferState.read(file()).orElseThrow().process()).isEmpty();
    }

    @Test
    void somebodyElseDoesNotTakeAwayWhatAVirtualMachineThatRunsWasOffered() {
        offeredToMe(ALL);
        FeatureOffer later = started(ALL, MRG.name());
        later.connected(new UnixSocket.Peer(1, 0, 0)); // a probe, say, while the virtual machine is away
        later.offer();

        assertThat(offeredToMe(ALL, MRG.name()).offered()).isEqualTo(ALL);
    }

    @Test
    void whatThisVersionCannotDoIsNamedAndNotOffered() {
        offeredToMe(ALL);

        FeatureOffer older = started(ALL & ~MRG.mask());

        assertThat(older.lost()).containsExactly(MRG.name());
        older.connected(ME);
        assertThat(older.offer()).isEqualTo(ALL & ~MRG.mask());
    }

    @Test
    void whatANewVersionCanDoIsOfferedToo() {
        offeredToMe(ALL & ~MRG.mask());
        assertThat(offeredToMe(ALL).offered()).isEqualTo(ALL);
    }

    @Test
    void whatTheGuestUsesIsWrittenDown() throws IOException {
        FeatureOffer offer = offeredToMe(ALL);
        offer.acknowledged(V1.mask());
        offer.acknowledged(MRG.mask());

        OfferState state = OfferState.read(file()).orElseThrow();
        assertThat(state.acknowledged()).containsExactly(MRG.name(), V1.name());
        assertThat(state.queuePairs()).isEqualTo(32);
        assertThat(state.memorySlots()).isEqualTo(509);
        assertThat(directory.resolve("ports")).isDirectoryNotContaining("glob:**.new");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "[]", "{\"version\": 1}", "{\"version\": 7}", "\0\0\0\0"})
    void aStateThatCannotBeReadIsReplaced(String content) throws IOException {
        Files.createDirectories(directory.resolve("ports"));
        Files.writeString(file(), content);

        assertThat(offeredToMe(ALL, MRG.name()).offered()).isEqualTo(ALL & ~MRG.mask());
        assertThat(OfferState.read(file()).orElseThrow().offered()).doesNotContain(MRG.name());
    }

    @Test
    void aStateThatCannotBeWrittenIsSaidAndTheOfferStands() throws IOException {
        Files.writeString(directory.resolve("ports"), "a file where a directory should be");

        FeatureOffer offer = offeredToMe(ALL);

        assertThat(offer.offered()).isEqualTo(ALL);
        assertThat(offer.trouble()).contains(file().toString(), "cannot be written");
    }

    @Test
    void aStateThatCouldNotBeWrittenIsWrittenWhenThatIsPossible() throws IOException {
        Path inTheWay = directory.resolve("ports");
        Files.writeString(inTheWay, "a file where a directory should be");
        FeatureOffer offer = offeredToMe(ALL);

        Files.delete(inTheWay);
        offer.offer();

        assertThat(offer.trouble()).isEmpty();
        assertThat(OfferState.read(file()).orElseThrow().offered()).contains(MRG.name());
    }

    @Test
    void aStateThatIsNotThereIsNoError() throws IOException {
        assertThat(OfferState.read(file())).isEmpty();
    }

    @Test
    void aStateOfAnotherVersionIsNotUnderstood() throws IOException {
        offeredToMe(ALL);
        Files.writeString(file(), Files.readString(file()).replaceFirst("\"version\" *: *1", "\"version\" : 2"));

        assertThatThrownBy(() -> OfferState.read(file()))
                .isInstanceOf(IOException.class)
                .hasMessage("it has version 2 instead of 1");
        assertThat(offeredToMe(ALL, MRG.name()).offered()).isEqualTo(ALL & ~MRG.mask());
    }

    @Test
    void nothingIsWrittenIfNothingChanges() throws IOException {
        FeatureOffer offer = offeredToMe(ALL);
        Object before = Files.readAttributes(file(), "unix:ino").get("ino");
        offer.connected(ME);
        offer.offer();
        assertThat(Files.readAttributes(file(), "unix:ino").get("ino")).isEqualTo(before);
    }

    @ParameterizedTest
    @CsvSource({
        "VIRTIO_NET_F_MRG_RXBUFS, VIRTIO_NET_F_MRG_RXBUF",
        "mrg_rxbuf, VIRTIO_NET_F_MRG_RXBUF",
        "VIRTIO_NET_F_EVENT_IDX, VIRTIO_F_EVENT_IDX",
        "PACKED, VIRTIO_F_RING_PACKED"
    })
    void aMisspeltFeatureIsAnErrorThatSuggestsTheRightOne(String wrong, String right) {
        assertThatThrownBy(() -> new FeatureSettings(List.of(wrong)))
                .isInstanceOfSatisfying(SettingException.class, e -> {
                    assertThat(e.value()).isEqualTo(wrong);
                    assertThat(e.allowed()).contains("did you mean " + right + "?");
                });
    }

    @Test
    void aWordThatIsLikeNoFeatureIsAnErrorWithAnExample() {
        assertThatThrownBy(() -> new FeatureSettings(List.of("OFFLOADING_OF_EVERYTHING")))
                .isInstanceOfSatisfying(
                        SettingException.class,
                        e -> assertThat(e.allowed()).endsWith(", such as VIRTIO_NET_F_MRG_RXBUF"));
    }

    @Test
    void vhostUserItselfCannotBeDisabled() {
        assertThatThrownBy(() -> new FeatureSettings(List.of("VHOST_USER_F_PROTOCOL_FEATURES")))
                .isInstanceOf(SettingException.class);
    }
}
