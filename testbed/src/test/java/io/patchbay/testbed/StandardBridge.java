package io.patchbay.testbed;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What IEEE 802.1D-2004 says a bridge without VLANs does with one frame after another, said as plainly as it can be; it knows nothing of the
 * switch. Tags are data like any other (clause 7.5 does not look at them).
 */
final class StandardBridge {

    private final List<String> ports;
    private final Map<String, String> filteringDatabase = new HashMap<>();

    StandardBridge(List<String> ports) {
        this.ports = List.copyOf(ports);
    }

    /** The ports that must transmit the frame. */
    List<String> relay(String receivedOn, byte[] frame) {
        byte[] destination = Arrays.copyOfRange(frame, 0, 6);
        byte[] source = Arrays.copyOfRange(frame, 6, 12);
        // 802-2014 8.2: a source address is an individual one, and the null address is nobody's. Not a valid frame.
        if (isGroup(source) || Arrays.equals(source, new byte[6])) {
            return List.of();
        }
        // 7.8: the learning process observes the source addresses of frames received on each port.
        filteringDatabase.put(Arrays.toString(source), receivedOn);
        // 7.12.6 and table 7-10: frames to reserved addresses are relayed through no port.
        if (isReserved(destination)) {
            return List.of();
        }
        // 7.7.1 and 7.7.2: through every port but the one it came from, unless the filtering database knows better.
        String known = isGroup(destination) ? null : filteringDatabase.get(Arrays.toString(destination));
        return ports.stream()
                .filter(port -> !port.equals(receivedOn))
                .filter(port -> known == null || known.equals(port))
                .toList();
    }

    private static boolean isGroup(byte[] address) {
        return (address[0] & 1) == 1;
    }

    private static boolean isReserved(byte[] address) {
        byte[] block = {0x01, (byte) 0x80, (byte) 0xc2, 0, 0};
        return Arrays.equals(address, 0, 5, block, 0, 5) && (address[5] & 0xf0) == 0;
    }
}
