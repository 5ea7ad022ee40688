package io.patchbay.core.control.config;

import java.util.HashMap;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.TokenStreamContext;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.databind.json.JsonMapper;

/** Where each value of a JSON text stands, by its path. */
final class Locations {

    private final String source;
    private final Map<String, TokenStreamLocation> byPath = new HashMap<>();

    Locations(String source, String text) {
        this.source = source;
        try (JsonParser parser = JsonMapper.shared().createParser(text)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                byPath.putIfAbsent(path(parser.streamReadContext()), parser.currentTokenLocation());
            }
        } catch (JacksonException e) {
            // Text that is not JSON is reported by who reads it; what was found before the fault stays known.
            byPath.putIfAbsent("$", e.getLocation());
        }
    }

    private static String path(TokenStreamContext context) {
        if (context.inRoot() || context.getParent() == null) {
            return "$";
        }
        String parent = path(context.getParent());
        if (context.inArray()) {
            return context.hasCurrentIndex() ? parent + "[" + context.getCurrentIndex() + "]" : parent;
        }
        return context.hasCurrentName() ? parent + "." + context.currentName() : parent;
    }

    /** An error about what stands at a path. */
    ConfigException error(String path, String what, String why) {
        return new ConfigException(at(nearest(path)) + ": " + path + ": " + what + ": " + why);
    }

    String at(TokenStreamLocation location) {
        return source + ":" + location.getLineNr() + ":" + location.getColumnNr();
    }

    /** The place of the path, or of the closest thing around it that exists. */
    private TokenStreamLocation nearest(String path) {
        String p = path;
        while (!byPath.containsKey(p) && !p.equals("$")) {
            int end = Math.max(p.lastIndexOf('.'), p.lastIndexOf('['));
            p = end <= 0 ? "$" : p.substring(0, end);
        }
        return byPath.getOrDefault(p, TokenStreamLocation.NA);
    }
}
