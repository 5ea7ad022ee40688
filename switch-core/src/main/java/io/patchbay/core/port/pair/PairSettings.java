package io.patchbay.core.port.pair;

import io.patchbay.core.port.SettingChecks;
import io.patchbay.core.port.SettingException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/**
 * Settings of an {@code active-backup} port.
 *
 * @param members names of the two ports it is made of; those are no ports of the switch themselves
 * @param primary the member to be preferred; if absent, the first is taken to begin with and none is preferred later
 * @param failBack whether to go back to the primary once it can be used again; default true. Only with a primary
 * @param holdDownMillis how long the primary must have been usable before that, 0 to 3600000; default 5000. Only with a primary
 */
public record PairSettings(
        List<String> members, Optional<String> primary, Optional<Boolean> failBack, Optional<Integer> holdDownMillis) {

    /** The word in the configuration's {@code type}. */
    public static final String TYPE = "active-backup";

    static final int MEMBERS = 2;
    private static final int DEFAULT_HOLD_DOWN = 5000;
    private static final int MAX_HOLD_DOWN = 3_600_000;

    public PairSettings {
        members = List.copyOf(members);
        if (members.size() != MEMBERS || new HashSet<>(members).size() != MEMBERS) {
            throw SettingException.of("members", members, "the names of two ports");
        }
        if (primary.isPresent() && !members.contains(primary.get())) {
            throw SettingException.of("primary", primary.get(), "a member: " + String.join(", ", members));
        }
        if (failBack.isPresent() && primary.isEmpty()) {
            throw SettingException.of("failBack", failBack.get(), "only with a \"primary\"");
        }
        if (holdDownMillis.isPresent() && primary.isEmpty()) {
            throw SettingException.of("holdDownMillis", holdDownMillis.get(), "only with a \"primary\"");
        }
        SettingChecks.range("holdDownMillis", holdDownMillis, 0, MAX_HOLD_DOWN);
    }

    /** Two members of which none is preferred. */
    public static PairSettings of(String first, String second) {
        return new PairSettings(List.of(first, second), Optional.empty(), Optional.empty(), Optional.empty());
    }

    boolean failsBack() {
        return primary.isPresent() && failBack.orElse(true);
    }

    int holdDown() {
        return holdDownMillis.orElse(DEFAULT_HOLD_DOWN);
    }

    ActiveMember policy() {
        return new ActiveMember(
                primary.map(members::indexOf).orElse(ActiveMember.NONE), failsBack(), holdDown() * 1_000_000L);
    }
}
