package io.patchbay.core.control.config;

import io.patchbay.core.port.Claim;
import io.patchbay.core.port.PortProvider;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Reads a configuration file. */
public final class ConfigReader {

    private static final String NAME_RULE = "[A-Za-z0-9][A-Za-z0-9._-]{0,62}";
    private static final List<String> ROOT_KEYS = List.of("ports", "switch");
    private static final List<String> PORT_KEYS = List.of("name", "type", "enabled");

    private final Map<String, PortProvider<?>> providers = new TreeMap<>();
    private final JsonMapper mapper = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** Knows the kinds of port given. */
    public ConfigReader(Iterable<? extends PortProvider<?>> kinds) {
        kinds.forEach(kind -> providers.put(kind.type(), kind));
    }

    /** Knows every kind of port that can be found. */
    @SuppressWarnings("rawtypes") // a service is looked up by its raw class
    public static ConfigReader ofInstalledKinds() {
        List<PortProvider<?>> kinds = new ArrayList<>();
        for (PortProvider kind : ServiceLoader.load(PortProvider.class)) {
            kinds.add(kind);
        }
        return new ConfigReader(kinds);
    }

    /**
     * Reads a file.
     *
     * @throws ConfigException if it cannot be read, or has errors
     */
    public Config read(Path file) throws ConfigException {
        String text;
        try {
            text = Files.readString(file);
        } catch (IOException e) {
            throw new ConfigException(List.of(new ConfigProblem(
                    file.toString(), 0, 0, JsonPath.ROOT.toString(), "the file", "cannot be read: " + reason(e))));
        }
        return parse(text, file.toString());
    }

    private static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException _ -> "it does not exist";
            case AccessDeniedException _ -> "permission denied";
            case CharacterCodingException _ -> "it is not UTF-8 text";
            default -> String.valueOf(e.getMessage());
        };
    }

    /**
     * Reads a text.
     *
     * @param source how errors call the text, usually its path
     * @throws ConfigException with all errors that could be found
     */
    public Config parse(String text, String source) throws ConfigException {
        Locations locations = Locations.of(source, text);
        JsonNode root;
        try {
            root = mapper.readTree(text);
        } catch (JacksonException e) {
            throw locations.notJson(JsonPath.ROOT, e);
        }
        Problems problems = new Problems(locations);
        Optional<Config> config = config(root, problems);
        problems.throwIfAny();
        return config.orElseThrow();
    }

    private Optional<Config> config(JsonNode root, Problems problems) {
        if (!(root instanceof ObjectNode object)) {
            problems.add(JsonPath.ROOT, Binder.shown(root), "the file must hold an object with a key \"ports\"");
            return Optional.empty();
        }
        for (String key : object.propertyNames()) {
            if (!ROOT_KEYS.contains(key)) {
                problems.unknownKey(JsonPath.ROOT.key(key), key, ROOT_KEYS);
            }
        }
        Binder binder = new Binder(problems);
        JsonPath path = JsonPath.ROOT.key("switch");
        Optional<SwitchConfig> switching = object.has("switch")
                ? binder.bind(object.get("switch"), SwitchConfig.class, path, List.of())
                : Optional.of(SwitchConfig.DEFAULT);
        Uniqueness uniqueness = new Uniqueness(problems);
        switching.ifPresent(s -> uniqueness.claim(path, "the admin API", s.claims()));
        List<Config.PortConfig> ports = ports(object, binder, uniqueness, problems);
        return switching.map(s -> new Config(s, ports));
    }

    private List<Config.PortConfig> ports(ObjectNode root, Binder binder, Uniqueness uniqueness, Problems problems) {
        JsonNode list = root.get("ports");
        if (list == null) {
            problems.add(JsonPath.ROOT, "the key \"ports\"", "is missing; it holds an array of objects");
            return List.of();
        }
        JsonPath path = JsonPath.ROOT.key("ports");
        if (!list.isArray()) {
            problems.add(path, Binder.shown(list), "must be an array of objects");
            return List.of();
        }
        if (list.size() > Config.MAX_PORTS) {
            problems.add(path, list.size() + " ports", "allowed: at most " + Config.MAX_PORTS);
            return List.of();
        }
        List<Config.PortConfig> ports = new ArrayList<>();
        for (int i = 0; i < list.size(); i++) {
            port(list.get(i), path.element(i), binder, uniqueness, problems).ifPresent(ports::add);
        }
        return ports;
    }

    private Optional<Config.PortConfig> port(
            JsonNode node, JsonPath path, Binder binder, Uniqueness uniqueness, Problems problems) {
        if (!(node instanceof ObjectNode object)) {
            problems.add(path, Binder.shown(node), "must be an object");
            return Optional.empty();
        }
        Optional<String> name = text(object, "name", path, problems);
        if (name.isPresent() && !name.get().matches(NAME_RULE)) {
            problems.add(path.key("name"), JsonPath.quoted(name.get()), "allowed: " + NAME_RULE);
        }
        name.ifPresent(n -> uniqueness.name(path.key("name"), n));
        Optional<String> type = text(object, "type", path, problems);
        boolean enabled = flag(object, "enabled", true, path, problems);
        if (type.isEmpty()) {
            return Optional.empty();
        }
        PortProvider<?> provider = providers.get(type.get());
        if (provider == null) {
            List<String> kinds = List.copyOf(providers.keySet());
            String meant = Spelling.closest(type.get(), kinds)
                    .map(close -> "did you mean \"" + close + "\"? ")
                    .orElse("");
            problems.add(path.key("type"), JsonPath.quoted(type.get()), meant + "allowed: " + String.join(", ", kinds));
            return Optional.empty();
        }
        ObjectNode own = object.deepCopy();
        own.remove(PORT_KEYS);
        return port(name.orElse(path.toString()), enabled, provider, own, path, binder, uniqueness);
    }

    private static <S extends Record> Optional<Config.PortConfig> port(
            String name,
            boolean enabled,
            PortProvider<S> provider,
            ObjectNode own,
            JsonPath path,
            Binder binder,
            Uniqueness uniqueness) {
        Optional<S> settings = binder.bind(own, provider.settings(), path, PORT_KEYS);
        settings.ifPresent(s -> {
            List<Claim> claims = provider.claims(s);
            uniqueness.claim(path, "port " + JsonPath.quoted(name), claims);
        });
        return settings.map(
                s -> new Config.PortConfig(name, provider.type(), enabled, s, () -> provider.create(name, s)));
    }

    private static boolean flag(ObjectNode object, String key, boolean usual, JsonPath path, Problems problems) {
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

    private static Optional<String> text(ObjectNode object, String key, JsonPath path, Problems problems) {
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
