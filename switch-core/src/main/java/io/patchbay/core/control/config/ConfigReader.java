package io.patchbay.core.control.config;

import io.patchbay.core.port.PortProvider;
import io.patchbay.core.port.SettingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.exc.UnrecognizedPropertyException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Reads a configuration file. */
public final class ConfigReader {

    private static final String NAME_RULE = "[A-Za-z0-9][A-Za-z0-9._-]{0,62}";

    private final Map<String, PortProvider<?>> providers = new TreeMap<>();
    private final JsonMapper mapper = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(tools.jackson.databind.MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
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
     * @throws ConfigException if it cannot be read, or has an error
     */
    public Config read(Path file) throws ConfigException {
        try {
            return parse(Files.readString(file), file.toString());
        } catch (IOException e) {
            throw new ConfigException(file + ": cannot be read: " + e, e);
        }
    }

    /** @param source how errors call the text, usually its path */
    public Config parse(String text, String source) throws ConfigException {
        Locations locations = new Locations(source, text);
        JsonNode root;
        try {
            root = mapper.readTree(text);
        } catch (JacksonException e) {
            throw new ConfigException(locations.at(e.getLocation()) + ": not valid JSON: " + e.getOriginalMessage(), e);
        }
        if (!(root instanceof ObjectNode object)) {
            throw locations.error("$", "the file", "must be a JSON object with a key \"ports\"");
        }
        for (String key : object.propertyNames()) {
            if (!key.equals("switch") && !key.equals("ports")) {
                throw locations.error("$." + key, "unknown key \"" + key + "\"", "allowed: switch, ports");
            }
        }
        SwitchConfig switching = object.has("switch")
                ? bind(object.get("switch"), SwitchConfig.class, "$.switch", locations)
                : SwitchConfig.DEFAULT;
        return new Config(switching, ports(object, locations));
    }

    private List<Config.PortConfig> ports(ObjectNode root, Locations locations) throws ConfigException {
        JsonNode list = root.get("ports");
        if (list == null || !list.isArray()) {
            throw locations.error(list == null ? "$" : "$.ports", "\"ports\"", "must be given, as an array of objects");
        }
        List<Config.PortConfig> ports = new ArrayList<>();
        Set<String> names = new HashSet<>();
        Set<Record> taken = new HashSet<>();
        for (int i = 0; i < list.size(); i++) {
            String path = "$.ports[" + i + "]";
            Config.PortConfig port = port(list.get(i), path, locations);
            if (!names.add(port.name())) {
                throw locations.error(path + ".name", "\"" + port.name() + "\"", "is the name of another port already");
            }
            if (!taken.add(port.settings())) {
                throw locations.error(path, "port \"" + port.name() + "\"", "has the same settings as another port");
            }
            ports.add(port);
        }
        return ports;
    }

    private Config.PortConfig port(JsonNode node, String path, Locations locations) throws ConfigException {
        if (!(node instanceof ObjectNode object)) {
            throw locations.error(path, node.toString(), "must be an object");
        }
        String name = text(object, "name", path, locations);
        if (!name.matches(NAME_RULE)) {
            throw locations.error(path + ".name", "\"" + name + "\"", "allowed: " + NAME_RULE);
        }
        String type = text(object, "type", path, locations);
        PortProvider<?> provider = providers.get(type);
        if (provider == null) {
            throw locations.error(
                    path + ".type", "\"" + type + "\"", "allowed: " + String.join(", ", providers.keySet()));
        }
        ObjectNode own = object.deepCopy();
        own.remove(List.of("name", "type"));
        return port(name, provider, own, path, locations);
    }

    private <S extends Record> Config.PortConfig port(
            String name, PortProvider<S> provider, ObjectNode own, String path, Locations locations)
            throws ConfigException {
        S settings = bind(own, provider.settings(), path, locations);
        return new Config.PortConfig(name, provider.type(), settings, () -> provider.create(name, settings));
    }

    private static String text(ObjectNode object, String key, String path, Locations locations) throws ConfigException {
        JsonNode value = object.get(key);
        if (value == null) {
            throw locations.error(path, "key \"" + key + "\"", "is missing");
        }
        if (!value.isString()) {
            throw locations.error(path + "." + key, value.toString(), "must be a string");
        }
        return value.stringValue();
    }

    private <T> T bind(JsonNode node, Class<T> type, String path, Locations locations) throws ConfigException {
        try {
            return mapper.treeToValue(node, type);
        } catch (UnrecognizedPropertyException e) {
            throw locations.error(
                    path + path(e),
                    "unknown key \"" + e.getPropertyName() + "\"",
                    "allowed: " + String.join(", ", knownKeys(e)));
        } catch (DatabindException e) {
            Optional<SettingException> setting = cause(e);
            if (setting.isPresent()) {
                SettingException s = setting.get();
                throw locations.error(
                        path + path(e) + "." + s.setting(), "\"" + s.value() + "\"", "allowed: " + s.allowed());
            }
            throw locations.error(path + path(e), "the value", "is wrong: " + e.getOriginalMessage());
        }
    }

    private static List<String> knownKeys(UnrecognizedPropertyException e) {
        return e.getKnownPropertyIds() == null
                ? List.of()
                : e.getKnownPropertyIds().stream().map(String::valueOf).sorted().toList();
    }

    private static Optional<SettingException> cause(Throwable error) {
        for (Throwable t = error; t != null; t = t.getCause()) {
            if (t instanceof SettingException setting) {
                return Optional.of(setting);
            }
        }
        return Optional.empty();
    }

    private static String path(DatabindException e) {
        StringBuilder path = new StringBuilder();
        for (JacksonException.Reference step : e.getPath()) {
            path.append(step.getPropertyName() == null ? "[" + step.getIndex() + "]" : "." + step.getPropertyName());
        }
        return path.toString();
    }
}
