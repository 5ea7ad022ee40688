package io.patchbay.core.control.config;

import io.patchbay.core.port.PortProvider;
import io.patchbay.core.port.pair.PairSettings;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Keeps pairs from having members that do not exist, cannot be members, or are somebody else's. */
final class Membership {

    private final Map<String, PortProvider<?>> providers;
    private final Problems problems;
    private final Map<String, String> types = new HashMap<>();
    private final List<Wish> wishes = new ArrayList<>();

    private record Wish(String pair, String member, JsonPath path) {}

    Membership(Map<String, PortProvider<?>> providers, Problems problems) {
        this.providers = providers;
        this.problems = problems;
    }

    /** There is a port of that name and type, whatever else may be wrong with it. */
    void declare(String port, String type) {
        types.putIfAbsent(port, type);
    }

    /** A pair wants its members. */
    void claim(String pair, PairSettings settings, JsonPath path) {
        for (int i = 0; i < settings.members().size(); i++) {
            wishes.add(new Wish(
                    pair, settings.members().get(i), path.key("members").element(i)));
        }
    }

    /** Looks at all wishes. After every port has been declared. */
    void check() {
        Map<String, Wish> taken = new HashMap<>();
        for (Wish wish : wishes) {
            String member = wish.member();
            String type = types.get(member);
            Wish other = taken.putIfAbsent(member, wish);
            if (type == null) {
                unknown(wish);
            } else if (type.equals(PairSettings.TYPE)) {
                problem(wish, "is a pair itself");
            } else if (other != null) {
                problem(wish, "is a member of " + JsonPath.quoted(other.pair()) + " already, at " + other.path());
            } else if (providers.containsKey(type) && !providers.get(type).canBeMember()) {
                problem(wish, "is of type " + type + "; allowed: " + String.join(", ", possibleTypes()));
            }
        }
    }

    private void unknown(Wish wish) {
        String meant = Spelling.closest(wish.member(), List.copyOf(types.keySet()))
                .map(close -> "; did you mean \"" + close + "\"?")
                .orElse("");
        problem(wish, "is the name of no port" + meant);
    }

    private List<String> possibleTypes() {
        return providers.values().stream()
                .filter(PortProvider::canBeMember)
                .map(PortProvider::type)
                .toList();
    }

    private void problem(Wish wish, String why) {
        problems.add(wish.path(), JsonPath.quoted(wish.member()), why);
    }
}
