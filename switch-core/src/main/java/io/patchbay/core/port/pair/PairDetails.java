package io.patchbay.core.port.pair;

import java.util.List;

/**
 * What {@code port show} says of a pair.
 *
 * @param active the member that carries frames; empty if none can
 * @param primary the member that is preferred; empty if none is
 * @param failOvers how often another member than before became active
 * @param lastFailOver when, ISO 8601; empty if never
 * @param announcements frames that told the network where a station is to be reached
 */
public record PairDetails(
        String mode,
        String active,
        String primary,
        boolean failBack,
        int holdDownMillis,
        long failOvers,
        String lastFailOver,
        long announcements,
        List<Member> members) {

    /** @param role {@code active} or {@code backup} */
    public record Member(String name, String role, String state, String reason) {}
}
