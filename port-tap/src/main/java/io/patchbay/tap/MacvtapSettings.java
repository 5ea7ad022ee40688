package io.patchbay.tap;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.patchbay.core.port.SettingChecks;
import io.patchbay.core.port.WhenFull;
import java.util.Optional;

/**
 * Settings of a {@code macvtap} port. The key of the first is {@code interface}, which no record component can be called.
 *
 * @param networkInterface name of an existing macvtap device
 * @param namespace file of the network namespace the device is in, such as {@code /run/netns/blue}; default the daemon's own
 * @param queues queues of the device, 1 to 256; default one per worker
 * @param mac the device's address
 * @param mtu largest packet, 68 to 65521; what the device has if absent
 * @param up whether to bring the device up or down; default up
 * @param whenFull what becomes of frames for one port while the device takes no more: {@code hold} or {@code drop} (default)
 * @param holdAtMostMs how long frames are held at most, 1 to 60000; default 1000; only with {@code hold}
 * @param sendBufferBytes memory for frames that were handed to the kernel and wait there to be sent on, 4096 to 1073741824; if absent
 *     1048576 for a port that holds, and unlimited otherwise
 */
public record MacvtapSettings(
        @JsonProperty("interface") String networkInterface,
        Optional<String> namespace,
        Optional<Integer> queues,
        Optional<String> mac,
        Optional<Integer> mtu,
        Optional<Boolean> up,
        Optional<String> whenFull,
        Optional<Integer> holdAtMostMs,
        Optional<Integer> sendBufferBytes) {

    public MacvtapSettings {
        SettingChecks.deviceName("interface", networkInterface);
        SettingChecks.namespace("namespace", namespace);
        LinkSettings.checkQueues(queues);
        new LinkSettings(mac, mtu, up);
        WhenFull.of(whenFull, holdAtMostMs);
        SettingChecks.bufferBytes("sendBufferBytes", sendBufferBytes);
    }

    WhenFull full() {
        return WhenFull.of(whenFull, holdAtMostMs);
    }

    LinkSettings link() {
        return new LinkSettings(mac, mtu, up);
    }
}
