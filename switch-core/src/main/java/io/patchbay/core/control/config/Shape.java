package io.patchbay.core.control.config;

import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.introspect.BeanPropertyDefinition;
import tools.jackson.databind.introspect.ClassIntrospector;
import tools.jackson.databind.json.JsonMapper;

/**
 * What may stand somewhere in the configuration, by the Java type it is bound to.
 *
 * @param type itself, out of its {@code Optional}
 */
record Shape(JsonMapper mapper, JavaType type) {

    static Shape of(JsonMapper mapper, JavaType declared) {
        return new Shape(mapper, declared.isReferenceType() ? declared.getContentType() : declared);
    }

    boolean isRecord() {
        return type.isRecordType();
    }

    /** Of what the elements are, if it is a list. */
    Optional<Shape> element() {
        return type.isCollectionLikeType() ? Optional.of(of(mapper, type.getContentType())) : Optional.empty();
    }

    /** The keys of a settings record, as they are written, and what stands there. */
    Map<String, Shape> keys() {
        ClassIntrospector introspector = mapper.deserializationConfig().classIntrospectorInstance();
        return introspector
                .introspectForDeserialization(type, introspector.introspectClassAnnotations(type))
                .findProperties()
                .stream()
                .filter(BeanPropertyDefinition::hasConstructorParameter)
                .collect(Collectors.toMap(
                        BeanPropertyDefinition::getName, property -> of(mapper, property.getPrimaryType())));
    }

    /** What it is called in errors. */
    String called() {
        return called(type.getRawClass()).orElse("something else");
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
