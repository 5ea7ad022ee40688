package io.patchbay.core.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/** An array in parts and the same as a whole. */
class JsonArrayPartsTest {

    private record Element(int number, String text) {}

    private final JsonMapper mapper = JsonMapper.shared();

    @ParameterizedTest
    @ValueSource(ints = {0, 1, JsonArrayParts.ELEMENTS, JsonArrayParts.ELEMENTS + 1, 5 * JsonArrayParts.ELEMENTS + 7})
    void thePartsAreWhatTheArrayIsAsAWhole(int size) {
        List<Element> elements = IntStream.range(0, size)
                .mapToObj(i -> new Element(i, "\"\u00fc"))
                .toList();
        Iterable<String> parts = () -> new JsonArrayParts(mapper, elements.iterator());

        assertThat(StreamSupport.stream(parts.spliterator(), false).collect(Collectors.joining()))
                .isEqualTo(mapper.writeValueAsString(elements));
    }

    @Test
    void elementsAreAskedForWhenTheirPartIs() {
        AtomicInteger asked = new AtomicInteger();
        JsonArrayParts parts = new JsonArrayParts(
                mapper,
                IntStream.generate(asked::incrementAndGet).limit(1_000_000).iterator());

        parts.next();
        parts.next();

        assertThat(asked).hasValueBetween(2 * JsonArrayParts.ELEMENTS, 2 * JsonArrayParts.ELEMENTS + 1);
    }
}
