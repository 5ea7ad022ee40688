package io.patchbay.vhost.net;

import io.patchbay.core.linux.UnixSocket;
import io.patchbay.vhost.wire.Feature;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which features a port offers, and to whom.
 *
 * <p>A virtual machine cannot lose a feature while it runs: QEMU leaves the guest without a link when it connects again and a feature is
 * missing that its guest uses. So what a front end was offered is offered for as long as its process lives, over restarts of the switch too
 * ({@link OfferState}), whatever the configuration says by then; a feature that was disabled goes with the next virtual machine. Only a
 * version of the switch that cannot do something any more takes it away. Both are said in the log and by {@code port show}.
 *
 * <p>Confined to the device's lock.
 */
final class FeatureOffer {

    private static final Logger LOG = LoggerFactory.getLogger(FeatureOffer.class);

    private final String port;
    private final long supported;
    private final long configured;
    private final Optional<Path> file;
    private Optional<OfferState> remembered = Optional.empty();
    private Optional<UnixSocket.Peer> peer = Optional.empty();
    private long kept;
    private List<String> lost = List.of();
    private String announced = "";
    private String trouble = "";

    /**
     * @param supported all the device can do
     * @param disabled what the configuration forbids
     * @param file where it is remembered what was offered; not remembered over restarts if absent
     */
    FeatureOffer(String port, long supported, FeatureSettings disabled, Optional<Path> file) {
        this.port = port;
        this.supported = supported;
        this.configured = Feature.removed(supported, disabled.mask());
        this.file = file;
        recall();
    }

    private void recall() {
        if (file.isEmpty()) {
            return;
        }
        try {
            remembered = OfferState.read(file.get());
            reckon();
        } catch (IOException e) {
            LOG.warn(
                    "port {}: what was offered before is not known, since {} cannot be used: {}; a guest that runs may refuse to come back if"
                            + " features were disabled meanwhile",
                    port,
                    file.get(),
                    e.getMessage());
        }
    }

    /** A conversation begins. */
    void connected(UnixSocket.Peer who) {
        peer = Optional.of(who);
        reckon();
    }

    /** What the front end is offered, which is remembered from now on. */
    long offer() {
        reckon();
        Optional<PeerProcess> process =
                owner().isPresent() ? owner().flatMap(OfferState::process) : peer.flatMap(p -> PeerProcess.of(p.pid()));
        List<String> acknowledged = owner().map(OfferState::acknowledged).orElse(List.of());
        remember(process, acknowledged);
        return offered();
    }

    /** The features on offer. */
    long offered() {
        return configured | kept;
    }

    /** The guest makes use of features. */
    void acknowledged(long features) {
        if (owner().isEmpty()) {
            long _ = offer(); // it has not asked what there is
        }
        long before = mask(remembered.map(OfferState::acknowledged).orElse(List.of()));
        if ((features & ~before) != 0) {
            remember(remembered.flatMap(OfferState::process), Feature.names(before | features));
        }
    }

    /** Features that are disabled but still on offer to a virtual machine that knows them. */
    List<String> kept() {
        return Feature.names(kept);
    }

    /** Features a virtual machine that runs was offered, and this version does not have. */
    List<String> lost() {
        return lost;
    }

    /** What keeps the offer from being remembered; empty if nothing does. */
    String trouble() {
        return trouble;
    }

    VhostDetails.Offer view() {
        return new VhostDetails.Offer(Feature.names(supported & ~offered()), kept(), lost, trouble);
    }

    /** What was remembered, as long as it concerns a process that lives, or may live. */
    private Optional<OfferState> owner() {
        return remembered.filter(
                state -> state.process().map(PeerProcess::isAlive).orElse(true));
    }

    private void reckon() {
        List<String> before = owner().map(OfferState::offered).orElse(List.of());
        kept = mask(before) & supported & ~configured;
        List<String> gone = new ArrayList<>(before);
        gone.removeAll(Feature.names(supported));
        lost = List.copyOf(gone);
        announce();
    }

    private void announce() {
        String text = "";
        if (kept != 0) {
            text = "goes on offering " + kept()
                    + " to the virtual machine that runs, although the configuration disables"
                    + " it; it is gone for the next one";
        }
        if (!lost.isEmpty()) {
            text += (text.isEmpty() ? "" : "; ") + "this version has not " + lost
                    + ", which the virtual machine that runs was offered: it will refuse to come back until it is"
                    + " started anew, if its guest uses it";
        }
        if (!text.equals(announced) && !text.isEmpty()) {
            LOG.warn("port {}: {}", port, text);
        }
        announced = text;
    }

    private void remember(Optional<PeerProcess> process, List<String> acknowledged) {
        OfferState state = new OfferState(
                OfferState.VERSION,
                process,
                Feature.names(offered()),
                acknowledged,
                Virtqueues.MAX_PAIRS,
                Virtqueues.MAX_MEMORY_SLOTS);
        if (file.isEmpty() || (trouble.isEmpty() && remembered.equals(Optional.of(state)))) {
            remembered = Optional.of(state);
            return;
        }
        remembered = Optional.of(state);
        try {
            state.write(file.get());
            trouble = "";
        } catch (IOException e) {
            String why = file.get() + " cannot be written: " + e;
            if (!why.equals(trouble)) {
                LOG.warn("port {}: what is offered will not be known after a restart of the switch: {}", port, why);
            }
            trouble = why;
        }
    }

    private static long mask(List<String> names) {
        return names.stream()
                .flatMap(name -> Feature.of(name).stream())
                .mapToLong(feature -> feature.mask())
                .reduce(0, (a, b) -> a | b);
    }
}
