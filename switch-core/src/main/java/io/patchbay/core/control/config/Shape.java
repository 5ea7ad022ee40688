package io.patchbay.core.control.config;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What may stand somewhere in the configuration, by the Java type it is bound to.
 *
 * @param raw the type itself, out of its {@code Optional}
 * @param element of what the elements are, if it is a list
 */
record Shape(Class<?> raw, Optional<Shape> element) {

    private static Shape of(Type type) {
        if (type instanceof ParameterizedType generic && generic.getRawType() instanceof Class<?> raw) {
            Shape inner = of(generic.getActualTypeArguments()[0]);
            return raw == Optional.class ? inner : new Shape(raw, Optional.of(inner));
        }
        return new Shape(type instanceof Class<?> raw ? raw : Object.class, Optional.empty());
    }

    /** The keys of a settings record, as they are written, and what stands there. */
    static Map<String, Shape> keys(Class<?> settings) {
        Map<String, Shape> keys = new LinkedHashMap<>();
        for (RecordComponent component : settings.getRecordComponents()) {
            JsonProperty renamed = component.getAccessor().getAnnotation(JsonProperty.class);
            keys.put(renamed == null ? component.getName() : renamed.value(), of(component.getGenericType()));
        }
        return keys;
    }

    /** What something of a type is called in errors; empty if there is no word for it. */
    static Optional<String> called(Class<?> type) {
        if (type == Integer.class || type == int.class) {
            return Optional.of("a whole number of 32 bits");
        }
        if (type == Boolean.class || type == boolean.class) {
            return Optional.of("true or false");
        }
        if (type == String.class) {
            return Optional.of("a string");
        }
        if (Collection.class.isAssignableFrom(type)) {
            return Optional.of("an array");
        }
        return Record.class.isAssignableFrom(type) ? Optional.of("an object") : Optional.empty();
    }
}
