package io.patchbay.core.port;

import io.patchbay.core.linux.NetDevice;
import java.util.HexFormat;
import java.util.Optional;

/**
 * What {@code port show} says of an uplink.
 *
 * @param namespace the namespace's file; empty for the daemon's own
 * @param address empty while the device cannot be seen
 * @param up whether the host has brought the device up
 * @param carrier whether a cable is plugged in, so to speak
 */
public record UplinkDetails(
        String device, String namespace, String address, int mtu, boolean up, boolean carrier, Room room) {

    /**
     * Whether an uplink takes what it is sent.
     *
     * @param whenFull what becomes of frames while it does not, in the word of the configuration
     * @param holdAtMostMs after how long of taking nothing frames are dropped even so; 0 if they are not held
     * @param fullForMs for how long it has taken nothing; 0 if it does, or if frames are not held
     * @param stalls how many times it stopped taking frames
     * @param held how many frames had to wait
     */
    public record Room(String whenFull, long holdAtMostMs, long fullForMs, long stalls, long held) {}

    static UplinkDetails of(UplinkDevice device, Optional<NetDevice.Link> seen, Room room) {
        return new UplinkDetails(
                device.describe(),
                device.namespace().orElse(""),
                seen.map(link -> HexFormat.ofDelimiter(":").formatHex(link.address()))
                        .orElse(""),
                seen.map(NetDevice.Link::mtu).orElse(0),
                seen.map(NetDevice.Link::up).orElse(false),
                seen.map(NetDevice.Link::running).orElse(false),
                room);
    }
}
