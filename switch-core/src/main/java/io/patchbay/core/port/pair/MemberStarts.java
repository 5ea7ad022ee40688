package io.patchbay.core.port.pair;

import io.patchbay.core.port.PortException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts the members of a pair: one that cannot start yet is tried again and again while the other carries frames, which is what there are two for.
 *
 * <p>Confined to whoever starts the pair, and then to the pair's thread.
 */
final class MemberStarts {

    private static final Logger LOG = LoggerFactory.getLogger(MemberStarts.class);

    /** How soon a member that could not start is tried again. */
    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final String pair;
    private final List<PairMember> waiting = new ArrayList<>();
    private long retryAt;

    MemberStarts(String pair) {
        this.pair = pair;
    }

    /**
     * Starts all members.
     *
     * @throws PortException if none can start
     */
    void begin(List<PairMember> members) throws PortException {
        List<PortException> refusals = new ArrayList<>();
        for (PairMember member : members) {
            try {
                member.port().start(member);
            } catch (PortException e) {
                waiting.add(member);
                refusals.add(e);
            }
        }
        if (refusals.size() == members.size()) {
            PortException all = new PortException("port " + pair + ": no member can start: "
                    + String.join(
                            "; ", refusals.stream().map(Throwable::getMessage).toList()));
            refusals.forEach(all::addSuppressed);
            throw all;
        }
        refusals.forEach(e -> LOG.warn("port {}: goes on without a member: {}", pair, e.getMessage()));
        retryAt = System.nanoTime() + RETRY_NANOS;
    }

    /** Starts what could not start before, if it is time to try, and gives the nanoseconds until it is again; {@link Long#MAX_VALUE} if all have started. */
    long step(long now) {
        if (!waiting.isEmpty() && now - retryAt >= 0) {
            waiting.removeIf(this::starts);
            retryAt = now + RETRY_NANOS;
        }
        return waiting.isEmpty() ? Long.MAX_VALUE : retryAt - now;
    }

    private boolean starts(PairMember member) {
        try {
            member.port().start(member);
            LOG.info("port {}: {} has started", pair, member.name());
            return true;
        } catch (PortException e) {
            LOG.debug("port {}: {} still cannot start", pair, member.name(), e);
            return false;
        } catch (RuntimeException e) {
            LOG.error("port {}: starting {} failed", pair, member.name(), e);
            return false;
        }
    }
}
