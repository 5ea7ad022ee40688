package io.patchbay.tap;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Optional;

/**
 * Settings of a {@code macvtap} port. The key of the first is {@code interface}, which no record component can be called.
 *
 * @param networkInterface name of an existing macvtap device
 * @param queues queues of the device, 1 to 256; default one per worker
 * @param mac the device's address
 * @param mtu largest packet, 68 to 65521; what the device has if absent
 * @param up whether to bring the device up or down; default up
 */
public record MacvtapSettings(
        @JsonProperty("interface") String networkInterface,
        Optional<Integer> queues,
        Optional<String> mac,
        Optional<Integer> mtu,
        Optional<Boolean> up) {

    public MacvtapSettings {
        LinkSettings.deviceName("interface", networkInterface);
        LinkSettings.checkQueues(queues);
        new LinkSettings(mac, mtu, up);
    }

    LinkSettings link() {
        return new LinkSettings(mac, mtu, up);
    }
}
