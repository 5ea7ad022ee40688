package io.patchbay.core.control.config;

import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.TokenStreamContext;
import tools.jackson.databind.node.StringNode;

/**
 * The way from the root of a JSON text to a value, such as {@code $.ports[0].name}.
 *
 * @param parent what the value is in; empty for the root
 * @param step the last step as it is written
 */
record JsonPath(Optional<JsonPath> parent, String step) {

    static final JsonPath ROOT = new JsonPath(Optional.empty(), "$");

    /** Where a parser stands. */
    static JsonPath of(TokenStreamContext context) {
        if (context.getParent() == null) {
            return ROOT;
        }
        JsonPath around = of(context.getParent());
        if (context.inArray()) {
            return context.hasCurrentIndex() ? around.element(context.getCurrentIndex()) : around;
        }
        return context.hasCurrentName() ? around.key(context.currentName()) : around;
    }

    JsonPath key(String name) {
        return new JsonPath(
                Optional.of(this), name.matches("[A-Za-z_][A-Za-z0-9_-]*") ? "." + name : "[" + quoted(name) + "]");
    }

    JsonPath element(int index) {
        return new JsonPath(Optional.of(this), "[" + index + "]");
    }

    JsonPath below(JacksonException.Reference reference) {
        return reference.getPropertyName() == null ? element(reference.getIndex()) : key(reference.getPropertyName());
    }

    /** A text as JSON writes it. */
    static String quoted(String text) {
        return StringNode.valueOf(text).toString();
    }

    @Override
    public String toString() {
        return parent.map(JsonPath::toString).orElse("") + step;
    }
}
