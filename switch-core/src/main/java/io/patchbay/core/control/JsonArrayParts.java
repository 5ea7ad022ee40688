package io.patchbay.core.control;

import java.io.StringWriter;
import java.util.Iterator;
import java.util.NoSuchElementException;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.SequenceWriter;

/** A JSON array as texts that hold a few elements each. */
final class JsonArrayParts implements Iterator<String> {

    static final int ELEMENTS = 256;

    private final Iterator<?> elements;
    private final StringWriter text = new StringWriter();
    private final SequenceWriter array;
    private boolean ended;

    JsonArrayParts(ObjectMapper mapper, Iterator<?> elements) {
        this.elements = elements;
        array = mapper.writer().writeValuesAsArray(text);
    }

    @Override
    public boolean hasNext() {
        return !ended;
    }

    @Override
    public String next() {
        if (ended) {
            throw new NoSuchElementException();
        }
        for (int i = 0; i < ELEMENTS && elements.hasNext(); i++) {
            array.write(elements.next());
        }
        if (elements.hasNext()) {
            array.flush();
        } else {
            array.close();
            ended = true;
        }
        String part = text.toString();
        text.getBuffer().setLength(0);
        return part;
    }
}
