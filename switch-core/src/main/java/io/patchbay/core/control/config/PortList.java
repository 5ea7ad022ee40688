package io.patchbay.core.control.config;

import io.patchbay.core.port.PortProvider;
import io.patchbay.core.port.pair.PairSettings;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads the {@code ports} of a configuration. */
final class PortList {

    private static final List<String> LIMIT_KEYS = List.of("addresses", "floodLimit");

    /** Keys of every port. */
    private static final List<String> KEYS = Stream.concat(Stream.of("name", "type", "enabled"), LIMIT_KEYS.stream())
            .toList();

    private static final String NAME_RULE = "[A-Za-z0-9][A-Za-z0-9._-]{0,62}";

    private final Map<String, PortProvider<?>> providers;
    private final Binder binder;
    private final Uniqueness uniqueness;
    private final Problems problems;
    private final Membership membership;
    /** Ports with limits, and where they stand. */
    private final Map<String, JsonPath> limited = new HashMap<>();

    private final List<Config.PortConfig> ports = new ArrayList<>();
    private final List<Config.PairConfig> pairs = new ArrayList<>();

    PortList(Map<String, PortProvider<?>> providers, Binder binder, Uniqueness uniqueness, Problems problems) {
        this.providers = providers;
        this.binder = binder;
        this.uniqueness = uniqueness;
        this.problems = problems;
        this.membership = new Membership(providers, problems);
    }

    List<Config.PortConfig> ports() {
        return ports;
    }

    List<Config.PairConfig> pairs() {
        return pairs;
    }

    void read(ObjectNode root) {
        JsonNode list = root.get("ports");
        if (list == null) {
            problems.add(JsonPath.ROOT, "the key \"ports\"", "is missing; it holds an array of objects");
            return;
        }
        JsonPath path = JsonPath.ROOT.key("ports");
        if (!list.isArray()) {
            problems.add(path, Binder.shown(list), "must be an array of objects");
            return;
        }
        if (list.size() > Config.MAX_PORTS) {
            problems.add(path, list.size() + " ports", "allowed: at most " + Config.MAX_PORTS);
            return;
        }
        for (int i = 0; i < list.size(); i++) {
            port(list.get(i), path.element(i));
        }
        membership.check();
        refuseLimitsOfMembers();
    }

    /** Frames of a member come from the pair. */
    private void refuseLimitsOfMembers() {
        for (Config.PairConfig pair : pairs) {
            for (String member : pair.settings().members()) {
                if (limited.containsKey(member)) {
                    problems.add(
                            Objects.requireNonNull(limited.get(member)),
                            "the port " + JsonPath.quoted(member),
                            "cannot have \"addresses\" or a \"floodLimit\" as a member of the pair "
                                    + JsonPath.quoted(pair.name()) + ", which can");
                }
            }
        }
    }

    private void port(JsonNode node, JsonPath path) {
        if (!(node instanceof ObjectNode object)) {
            problems.add(path, Binder.shown(node), "must be an object");
            return;
        }
        Optional<String> name = text(object, "name", path);
        if (name.isPresent() && !name.get().matches(NAME_RULE)) {
            problems.add(path.key("name"), JsonPath.quoted(name.get()), "allowed: " + NAME_RULE);
        }
        name.ifPresent(n -> uniqueness.name(path.key("name"), n));
        Optional<String> type = text(object, "type", path);
        boolean enabled = flag(object, "enabled", true, path);
        ObjectNode common = object.deepCopy();
        common.retain(LIMIT_KEYS);
        Optional<PortLimits> bound = binder.bind(common, PortLimits.class, path, List.of());
        PortLimits limits = bound.orElse(PortLimits.NONE); // what is wrong with them has been reported
        if (type.isEmpty()) {
            misspelt("type", object, path);
            return;
        }
        name.ifPresent(n -> membership.declare(n, type.get()));
        ObjectNode own = object.deepCopy();
        own.remove(KEYS);
        String called = name.orElse(path.toString());
        if (!common.isEmpty()) {
            limited.put(called, path);
        }
        PortProvider<?> provider = providers.get(type.get());
        if (type.get().equals(PairSettings.TYPE)) {
            pair(called, enabled, limits, own, path);
        } else if (provider != null) {
            port(called, enabled, limits, provider, own, path);
        } else {
            unknownType(type.get(), path.key("type"));
        }
    }

    /** Without a type it is not known which keys there may be, but which one was meant to be it. */
    private void misspelt(String missing, ObjectNode object, JsonPath path) {
        object.propertyNames().stream()
                .filter(key -> !KEYS.contains(key))
                .filter(key -> Spelling.closest(key, KEYS).equals(Optional.of(missing)))
                .forEach(key -> problems.add(
                        path.key(key), "unknown key " + JsonPath.quoted(key), "did you mean \"" + missing + "\"?"));
    }

    private void pair(String name, boolean enabled, PortLimits limits, ObjectNode own, JsonPath path) {
        binder.bind(own, PairSettings.class, path, KEYS).ifPresent(settings -> {
            membership.claim(name, settings, path);
            pairs.add(new Config.PairConfig(name, enabled, limits, settings));
        });
    }

    private <S extends Record> void port(
            String name, boolean enabled, PortLimits limits, PortProvider<S> provider, ObjectNode own, JsonPath path) {
        binder.bind(own, provider.settings(), path, KEYS).ifPresent(settings -> {
            uniqueness.claim(path, "port " + JsonPath.quoted(name), provider.claims(settings));
            ports.add(new Config.PortConfig(
                    name, provider.type(), enabled, limits, settings, () -> provider.create(name, settings)));
        });
    }

    private void unknownType(String type, JsonPath path) {
        List<String> kinds = Stream.concat(providers.keySet().stream(), Stream.of(PairSettings.TYPE))
                .sorted()
                .toList();
        String meant = Spelling.closest(type, kinds)
                .map(close -> "did you mean \"" + close + "\"? ")
                .orElse("");
        problems.add(path, JsonPath.quoted(type), meant + "allowed: " + String.join(", ", kinds));
    }

    private boolean flag(ObjectNode object, String key, boolean usual, JsonPath path) {
        JsonNode value = object.get(key);
        if (value == null) {
            return usual;
        }
        if (!value.isBoolean()) {
            problems.add(path.key(key), Binder.shown(value), "must be true or false");
            return usual;
        }
        return value.booleanValue();
    }

    private Optional<String> text(ObjectNode object, String key, JsonPath path) {
        JsonNode value = object.get(key);
        if (value == null) {
            problems.add(path, "the key " + JsonPath.quoted(key), "is missing");
            return Optional.empty();
        }
        if (!value.isString()) {
            problems.add(path.key(key), Binder.shown(value), "must be a string");
            return Optional.empty();
        }
        return Optional.of(value.stringValue());
    }
}
