package io.patchbay.core.control.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What was found wrong so far. */
final class Problems {

    private final Locations locations;
    private final List<ConfigProblem> found = new ArrayList<>();

    Problems(Locations locations) {
        this.locations = locations;
    }

    void add(JsonPath path, String what, String why) {
        found.add(locations.problem(path, what, why));
    }

    void unknownKey(JsonPath at, String key, List<String> allowed) {
        String meant = Spelling.closest(key, allowed)
                .map(close -> "did you mean \"" + close + "\"? ")
                .orElse("");
        add(at, "unknown key " + JsonPath.quoted(key), meant + "allowed: " + String.join(", ", allowed));
    }

    /** @throws ConfigException with everything found, in the order of the text, if anything was */
    void throwIfAny() throws ConfigException {
        if (!found.isEmpty()) {
            throw new ConfigException(found.stream()
                    .sorted(Comparator.comparingInt(ConfigProblem::line).thenComparingInt(ConfigProblem::column))
                    .toList());
        }
    }
}
