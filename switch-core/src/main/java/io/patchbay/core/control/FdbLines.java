package io.patchbay.core.control;

import io.patchbay.core.forward.MacTable;
import io.patchbay.core.frame.MacAddress;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The learnt addresses by port and address. There may be a million of them: a number is held of each, and a line made when it is asked for. */
final class FdbLines {

    private static final String UNKNOWN_PORT = "?"; // added since names were asked for
    private static final int ADDRESS_BITS = 48;

    private final MacTable macs;
    private final Map<Integer, String> names;
    private final Map<String, Integer> order = new HashMap<>();
    private final Optional<String> wanted;

    private FdbLines(MacTable macs, Map<Integer, String> names, Optional<String> wanted) {
        this.macs = macs;
        this.names = names;
        this.wanted = wanted;
        Stream.concat(names.values().stream(), Stream.of(UNKNOWN_PORT))
                .sorted()
                .forEach(name -> order.putIfAbsent(name, order.size()));
    }

    /**
     * An address that is forgotten meanwhile is left out.
     *
     * @param names of ports by index
     * @param wanted the name of a port, if only its addresses are
     */
    static Iterator<Views.FdbLine> of(MacTable macs, Map<Integer, String> names, Optional<String> wanted) {
        return new FdbLines(macs, names, wanted).lines();
    }

    private Iterator<Views.FdbLine> lines() {
        long[] keys = macs.entries()
                .filter(this::isWanted)
                .mapToLong(this::key)
                .sorted()
                .toArray();
        return IntStream.range(0, keys.length)
                .filter(i -> i == 0 || keys[i] != keys[i - 1]) // an entry may be seen twice
                .mapToObj(i -> macs.entryOf(keys[i] & MacAddress.MASK))
                .flatMap(Optional::stream)
                .filter(this::isWanted)
                .map(this::line)
                .iterator();
    }

    private String portName(MacTable.Entry entry) {
        return names.getOrDefault(entry.port(), UNKNOWN_PORT);
    }

    private boolean isWanted(MacTable.Entry entry) {
        return wanted.isEmpty() || wanted.get().equals(portName(entry));
    }

    /** Sorts as the lines do. */
    private long key(MacTable.Entry entry) {
        return (long) order.getOrDefault(portName(entry), 0) << ADDRESS_BITS | entry.address();
    }

    private Views.FdbLine line(MacTable.Entry entry) {
        return new Views.FdbLine(MacAddress.format(entry.address()), portName(entry), entry.ageSeconds(), entry.held());
    }
}
