package io.patchbay.core.control.config;

import io.patchbay.core.port.Claim;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Keeps two ports from having the same name, or wanting the same thing of the host. */
final class Uniqueness {

    private final Problems problems;
    private final Map<String, JsonPath> names = new HashMap<>();
    private final Map<String, String> owners = new HashMap<>();

    Uniqueness(Problems problems) {
        this.problems = problems;
    }

    void name(JsonPath path, String name) {
        JsonPath other = names.putIfAbsent(name, path);
        if (other != null) {
            problems.add(path, JsonPath.quoted(name), "is the name of another port already, at " + other);
        }
    }

    /** @param owner who claims, for errors */
    void claim(JsonPath path, String owner, List<Claim> claims) {
        for (Claim claim : claims) {
            String other = owners.putIfAbsent(claim.resource(), owner + " (" + path + ")");
            if (other != null) {
                problems.add(path.key(claim.setting()), claim.resource(), "is used by " + other + " already");
            }
        }
    }
}
