package io.patchbay.core.control.config;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Takes out of an object, before it is bound, what the mapper would not notice, or not always: keys that are not known, and {@code null}, which is no
 * value of anything.
 */
final class Sieve {

    private final Problems problems;
    private final Set<JsonPath> reported = new HashSet<>();

    Sieve(Problems problems) {
        this.problems = problems;
    }

    /** What was taken out, and has been reported. */
    Set<JsonPath> reported() {
        return reported;
    }

    /** @param alsoAllowed keys that may stand there too and have been taken out before */
    void object(ObjectNode object, Shape settings, JsonPath path, List<String> alsoAllowed) {
        Map<String, Shape> known = settings.keys();
        for (String key : List.copyOf(object.propertyNames())) {
            JsonPath at = path.key(key);
            Shape shape = known.get(key);
            if (shape == null) {
                problems.unknownKey(
                        at,
                        key,
                        Stream.concat(known.keySet().stream(), alsoAllowed.stream())
                                .sorted()
                                .toList());
                reported.add(at);
                object.remove(key);
            } else if (!isSound(object.path(key), shape, at)) {
                reported.add(at);
                object.remove(key);
            }
        }
    }

    /** Looks into a value; whether there is no null in it that would be in the mapper's way. */
    private boolean isSound(JsonNode value, Shape shape, JsonPath at) {
        if (value.isNull()) {
            problems.add(at, "null", "must be " + shape.called());
            return false;
        }
        boolean sound = true;
        if (value instanceof ObjectNode object && shape.isRecord()) {
            object(object, shape, at, List.of());
        } else if (value.isArray() && shape.element().isPresent()) {
            for (int i = 0; i < value.size(); i++) {
                sound &= isSound(value.path(i), shape.element().get(), at.element(i));
            }
        }
        return sound;
    }
}
