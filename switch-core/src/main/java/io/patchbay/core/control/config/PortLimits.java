package io.patchbay.core.control.config;

import io.patchbay.core.forward.IngressPolicy;
import io.patchbay.core.frame.MacAddress;
import io.patchbay.core.port.SettingException;
import java.util.List;
import java.util.Optional;

/**
 * What a port of any kind may send into the switch.
 *
 * @param addresses MAC addresses its frames may come from, at least one; any if absent
 * @param floodLimit frames a second that may be flooded: broadcasts, multicasts and those for stations nobody knows; any number if absent
 */
public record PortLimits(Optional<List<String>> addresses, Optional<Integer> floodLimit) {

    /** Anything. */
    public static final PortLimits NONE = new PortLimits(Optional.empty(), Optional.empty());

    private static final int MOST_ADDRESSES = 1024;
    private static final int MOST_FLOODS = 100_000_000;

    public PortLimits {
        addresses = addresses.map(List::copyOf);
        addresses.ifPresent(list -> {
            if (list.isEmpty() || list.size() > MOST_ADDRESSES) {
                throw SettingException.of("addresses", list.size() + " addresses", "1 to " + MOST_ADDRESSES);
            }
            list.forEach(PortLimits::address);
        });
        floodLimit.ifPresent(limit -> {
            if (limit < 1 || limit > MOST_FLOODS) {
                throw SettingException.of("floodLimit", limit, "1 to " + MOST_FLOODS + " frames a second");
            }
        });
    }

    private static long address(String text) {
        return MacAddress.parse(text)
                .filter(MacAddress::isValidSource)
                .orElseThrow(() -> SettingException.of(
                        "addresses", text, "addresses of single stations, such as 52:54:00:12:34:56"));
    }

    /** A new one with every call, that has not seen a frame. */
    public IngressPolicy policy() {
        return addresses.isEmpty() && floodLimit.isEmpty()
                ? IngressPolicy.OPEN
                : new IngressPolicy(
                        addresses.map(
                                list -> list.stream().map(PortLimits::address).toList()),
                        floodLimit,
                        System::nanoTime);
    }
}
