package io.patchbay.core.control.config;

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

    private static final List<String> ROOT_KEYS = List.of("ports", "switch");

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
            throw locations.notJson(e);
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
        JsonNode settings = object.has("switch") ? object.get("switch") : mapper.createObjectNode();
        Optional<SwitchConfig> switching = binder.bind(settings, SwitchConfig.class, path, List.of());
        Uniqueness uniqueness = new Uniqueness(problems);
        switching.ifPresent(s -> uniqueness.claim(path, "the admin API", s.claims()));
        PortList ports = new PortList(providers, binder, uniqueness, problems);
        ports.read(object);
        return switching.map(s -> new Config(s, ports.ports(), ports.pairs()));
    }
}
