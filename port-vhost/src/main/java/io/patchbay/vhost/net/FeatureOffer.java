package io.patchbay.vhost.net;

import io.patchbay.core.linux.UnixSocket;
import io.patchbay.vhost.net.OfferState.Holder;
import io.patchbay.vhost.session.RefusedException;
import io.patchbay.vhost.wire.Feature;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
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
 * <p>A port may have had several virtual machines that still live. Each counts that has made use of features; one that has only asked may be a
 * probe, and counts if nobody else does.
 *
 * <p>Confined to the device's lock.
 */
final class FeatureOffer {

    private static final Logger LOG = LoggerFactory.getLogger(FeatureOffer.class);

    /** More that live at once than any port has; beyond them the oldest is forgotten, or a front end could fill the file. */
    static final int MAX_HOLDERS = 16;

    private final String port;
    private final long supported;
    private final long configured;
    private final Optional<Path> file;
    /** Whom something was offered, the latest first; some may have gone since. */
    private List<Holder> remembered = List.of();

    private Optional<PeerProcess> peer = Optional.empty();
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
            remembered = OfferState.read(file.get()).map(OfferState::holders).orElse(List.of());
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
        peer = PeerProcess.of(who.pid());
        reckon();
    }

    /** What the front end is offered, which is remembered from now on unless it may be a probe. */
    long offer() {
        reckon();
        List<Holder> present = present();
        Optional<Holder> known = known(present);
        if (known.isPresent() || present.isEmpty()) {
            remember(present, known.map(Holder::acknowledged).orElse(List.of()));
        }
        return offered();
    }

    /** The features on offer. */
    long offered() {
        return configured | kept;
    }

    /** Refuses features that are not on offer. */
    void check(long features) throws RefusedException {
        long unknown = features & ~offered();
        if (unknown != 0) {
            throw new RefusedException("the front end wants " + Feature.names(unknown) + ", which is not offered");
        }
    }

    /** The guest makes use of features, all of which are on offer; from now on its front end is remembered. */
    void acknowledged(long features) {
        List<Holder> present = present();
        Optional<Holder> known = known(present);
        long before = mask(known.map(Holder::acknowledged).orElse(List.of()));
        if (known.isEmpty() || (features & ~before) != 0) {
            remember(present, Feature.names(before | features));
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

    /** What was remembered of processes that live, or may live. */
    private List<Holder> present() {
        return remembered.stream().filter(Holder::isThere).toList();
    }

    /** The front end that is served, if it is one of them. */
    private Optional<Holder> known(List<Holder> present) {
        return present.stream().filter(this::isPeer).findFirst();
    }

    private boolean isPeer(Holder holder) {
        return holder.process().equals(peer);
    }

    private void reckon() {
        List<String> before = present().stream()
                .flatMap(holder -> holder.offered().stream())
                .distinct()
                .toList();
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

    /** Remembers what the front end that is served is offered, and others that are there. */
    private void remember(List<Holder> present, List<String> acknowledged) {
        List<Holder> holders = Stream.concat(
                        Stream.of(new Holder(peer, Feature.names(offered()), acknowledged)),
                        present.stream().filter(holder -> !isPeer(holder)))
                .limit(MAX_HOLDERS)
                .toList();
        boolean same = remembered.equals(holders);
        remembered = holders;
        if (file.isEmpty() || (same && trouble.isEmpty())) {
            return;
        }
        try {
            OfferState.of(holders).write(file.get());
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
