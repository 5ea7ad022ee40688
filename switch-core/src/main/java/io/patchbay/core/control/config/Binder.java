package io.patchbay.core.control.config;

import io.patchbay.core.port.SettingException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.exc.InputCoercionException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.type.LogicalType;

/** Makes settings records out of JSON objects, strictly, and reports what is wrong with an object, not the first thing only. */
final class Binder {

    private static final int LONGEST_VALUE_SHOWN = 80;

    private final JsonMapper mapper = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .withCoercionConfig(
                    LogicalType.Textual,
                    text -> text.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                            .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                            .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail))
            .build();

    private final Problems problems;

    Binder(Problems problems) {
        this.problems = problems;
    }

    /**
     * Binds an object.
     *
     * @param path where it stands
     * @param alsoAllowed keys that may stand there too and have been taken out before
     * @return empty if it has an error, which has been reported then
     */
    <T> Optional<T> bind(JsonNode node, Class<T> type, JsonPath path, List<String> alsoAllowed) {
        if (!(node instanceof ObjectNode object)) {
            problems.add(path, shown(node), "must be an object");
            return Optional.empty();
        }
        // The mapper stops at the first error. What is wrong is reported and taken away, then the rest is looked at;
        // only an object that lacks something it must have is looked at no further.
        ObjectNode rest = object.deepCopy();
        Sieve sieve = new Sieve(problems);
        sieve.object(rest, Shape.of(mapper, mapper.constructType(type)), path, alsoAllowed);
        Set<JsonPath> reported = new HashSet<>(sieve.reported());
        while (true) {
            try {
                T value = mapper.treeToValue(rest, type);
                return reported.isEmpty() ? Optional.of(value) : Optional.empty();
            } catch (JacksonException e) {
                Fault fault = Fault.of(e, rest, path);
                if (reported.add(fault.path())) {
                    report(fault, e);
                }
                Optional<JsonPath> taken = fault.takeAway();
                if (taken.isEmpty()) {
                    return Optional.empty();
                }
                reported.add(taken.get());
            }
        }
    }

    /** What the mapper stumbled over: a key of an object, which may be missing there, or an element; and what that stands in. */
    private record Fault(Optional<Fault> around, JsonNode holder, Optional<String> key, JsonPath path) {

        static Fault of(JacksonException error, JsonNode root, JsonPath path) {
            Fault fault = new Fault(Optional.empty(), root, Optional.empty(), path);
            for (JacksonException.Reference step : error.getPath()) {
                fault = fault.step(step);
            }
            Optional<SettingException> setting = setting(error);
            return setting.isPresent() ? fault.child(setting.get().setting()) : fault;
        }

        private Fault step(JacksonException.Reference step) {
            JsonNode inside = value();
            Optional<String> name = Optional.ofNullable(step.getPropertyName());
            JsonNode within = name.isPresent() ? inside : inside.path(step.getIndex());
            return new Fault(Optional.of(this), within, name, path.below(step));
        }

        private Fault child(String name) {
            return new Fault(Optional.of(this), value(), Optional.of(name), path.key(name));
        }

        JsonNode value() {
            return key.map(holder::path).orElse(holder);
        }

        /** Takes it away or, where that is not possible, what it stands in; gives what was taken, if that was possible. */
        Optional<JsonPath> takeAway() {
            if (key.isPresent() && holder instanceof ObjectNode object && object.remove(key.get()) != null) {
                return Optional.of(path);
            }
            return around.flatMap(Fault::takeAway);
        }
    }

    private void report(Fault fault, JacksonException error) {
        JsonNode value = fault.value();
        Optional<SettingException> setting = setting(error);
        if (setting.isPresent()) {
            String given = value.isMissingNode() ? setting.get().value() : shown(value);
            problems.add(fault.path(), given, "allowed: " + setting.get().allowed());
        } else if (value.isMissingNode()) {
            problems.add(
                    fault.path().parent().orElse(JsonPath.ROOT),
                    "the key " + JsonPath.quoted(fault.key().orElse("")),
                    "is missing");
        } else {
            problems.add(fault.path(), shown(value), "must be " + wanted(error));
        }
    }

    private static String wanted(JacksonException error) {
        Optional<Class<?>> type = switch (error) {
            case MismatchedInputException mismatch -> Optional.ofNullable(mismatch.getTargetType());
            case InputCoercionException coercion -> Optional.ofNullable(coercion.getTargetType());
            default -> Optional.empty();
        };
        return type.flatMap(Shape::called).orElse("something else: " + Wording.of(error));
    }

    /** A value as it stands in the file, if it is not too long. */
    static String shown(JsonNode value) {
        String text = value.toString();
        return text.length() <= LONGEST_VALUE_SHOWN ? text : text.substring(0, LONGEST_VALUE_SHOWN) + "...";
    }

    private static Optional<SettingException> setting(Throwable error) {
        for (Throwable t = error; t != null; t = t.getCause()) {
            if (t instanceof SettingException setting) {
                return Optional.of(setting);
            }
        }
        return Optional.empty();
    }
}
