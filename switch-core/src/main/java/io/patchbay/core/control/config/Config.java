package io.patchbay.core.control.config;

import io.patchbay.core.port.Port;
import io.patchbay.core.port.pair.PairSettings;
import io.patchbay.core.worker.Switchboard;
import java.util.List;

/**
 * A configuration without errors.
 *
 * @param ports those that reach something outside, members of pairs among them
 * @param pairs those made of two others
 */
public record Config(SwitchConfig switching, List<PortConfig> ports, List<PairConfig> pairs) {

    /** Most ports of a switch. */
    public static final int MAX_PORTS = Switchboard.MAX_PORTS;

    public Config {
        ports = List.copyOf(ports);
        pairs = List.copyOf(pairs);
    }

    /**
     * One port.
     *
     * @param type the kind's word
     * @param enabled whether the port is open from the start
     * @param limits what the port may send
     * @param settings the kind's own settings
     * @param maker makes the port; a new one with every call
     */
    public record PortConfig(
            String name, String type, boolean enabled, PortLimits limits, Record settings, Maker maker) {}

    /** One port that is made of two others, which it names, and which have no limits of their own. */
    public record PairConfig(String name, boolean enabled, PortLimits limits, PairSettings settings) {}

    /** Makes a port that is not started. */
    @FunctionalInterface
    public interface Maker {
        Port make();
    }
}
