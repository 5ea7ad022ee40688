package io.patchbay.core.control.config;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.databind.json.JsonMapper;

/** Where each value of a JSON text stands, by its path. */
final class Locations {

    private static final String NOT_JSON = "not valid JSON";

    /** Longer than any that means something. */
    private static final int LONGEST_PATH_SHOWN = 160;

    private final String source;
    private final Map<JsonPath, TokenStreamLocation> byPath = new HashMap<>();

    private Locations(String source) {
        this.source = source;
    }

    /**
     * Goes through a text.
     *
     * @throws ConfigException if it is empty or not JSON, or a key is given twice in one object
     */
    static Locations of(String source, String text) throws ConfigException {
        Locations locations = new Locations(source);
        Problems repeated = new Problems(locations);
        Set<JsonPath> keys = new HashSet<>();
        try (JsonParser parser = JsonMapper.shared().createParser(text)) {
            try {
                boolean ended = false;
                for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                    JsonPath path = JsonPath.of(parser.streamReadContext());
                    TokenStreamLocation here = parser.currentTokenLocation();
                    if (ended) {
                        throw locations.only(here, NOT_JSON, "there is more text after the end");
                    }
                    if (token == JsonToken.PROPERTY_NAME && !keys.add(path)) {
                        repeated.add(
                                path,
                                "the key " + JsonPath.quoted(parser.currentName()),
                                "is given again in line " + here.getLineNr() + "; a key may be given once");
                    }
                    locations.byPath.putIfAbsent(path, here);
                    ended = parser.streamReadContext().inRoot();
                }
                if (!ended) {
                    throw locations.only(TokenStreamLocation.NA, "the file", "is empty; it must hold an object");
                }
            } catch (JacksonException e) {
                throw locations.notJson(parser, e);
            }
        }
        repeated.throwIfAny();
        return locations;
    }

    private ConfigException only(TokenStreamLocation place, String what, String why) {
        return new ConfigException(List.of(problem(place, JsonPath.ROOT, what, why)));
    }

    /** An error without a place, as those about limits are, stands where the parser does. */
    private ConfigException notJson(JsonParser parser, JacksonException error) {
        TokenStreamLocation place = Optional.ofNullable(error.getLocation()).orElseGet(parser::currentTokenLocation);
        return notJson(place, JsonPath.of(parser.streamReadContext()), error);
    }

    /** What is wrong with the text as a whole. */
    ConfigException notJson(JacksonException error) {
        TokenStreamLocation place = Optional.ofNullable(error.getLocation()).orElse(TokenStreamLocation.NA);
        return notJson(place, JsonPath.ROOT, error);
    }

    private ConfigException notJson(TokenStreamLocation place, JsonPath path, JacksonException error) {
        return new ConfigException(List.of(problem(place, path, NOT_JSON, Wording.of(error))));
    }

    /** A problem with what stands at a path, or with what is missing there. */
    ConfigProblem problem(JsonPath path, String what, String why) {
        return problem(nearest(path), path, what, why);
    }

    private ConfigProblem problem(TokenStreamLocation place, JsonPath path, String what, String why) {
        String at = path.toString();
        return new ConfigProblem(
                source,
                Math.max(0, place.getLineNr()),
                Math.max(0, place.getColumnNr()),
                at.length() <= LONGEST_PATH_SHOWN ? at : at.substring(0, LONGEST_PATH_SHOWN) + "...",
                what,
                why);
    }

    /** The place of the path, or of the closest thing around it that exists. */
    private TokenStreamLocation nearest(JsonPath path) {
        for (Optional<JsonPath> p = Optional.of(path);
                p.isPresent();
                p = p.get().parent()) {
            if (byPath.containsKey(p.get())) {
                return byPath.get(p.get());
            }
        }
        return TokenStreamLocation.NA;
    }
}
