package io.patchbay.tap;

import io.patchbay.core.port.SettingChecks;
import io.patchbay.core.port.WhenFull;
import java.util.Optional;

/**
 * Settings of a {@code tap} port.
 *
 * @param device name of the device; 1 to 15 characters
 * @param namespace file of the network namespace the device is, or is made, in, such as {@code /run/netns/blue}; default the daemon's own
 * @param queues queues of the device, 1 to 256; default one per worker
 * @param persist whether the device outlives the daemon; what it is already if absent
 * @param owner user, by name or number, who may open the device without any privilege
 * @param group group, by name or number, whose members may open the device without any privilege
 * @param mac the host's address on the device
 * @param mtu largest packet, 68 to 65521; what the device has if absent
 * @param up whether to bring the device up or down; default up
 * @param whenFull what becomes of frames for one port while the device takes no more: {@code hold} or {@code drop} (default)
 * @param holdAtMostMs how long frames are held at most, 1 to 60000; default 1000; only with {@code hold}
 * @param sendBufferBytes memory for frames that were handed to the kernel and wait there to be sent on, 4096 to 1073741824; if absent
 *     1048576 for a port that holds, and unlimited otherwise
 */
public record TapSettings(
        String device,
        Optional<String> namespace,
        Optional<Integer> queues,
        Optional<Boolean> persist,
        Optional<String> owner,
        Optional<String> group,
        Optional<String> mac,
        Optional<Integer> mtu,
        Optional<Boolean> up,
        Optional<String> whenFull,
        Optional<Integer> holdAtMostMs,
        Optional<Integer> sendBufferBytes) {

    public TapSettings {
        SettingChecks.deviceName("device", device);
        SettingChecks.namespace("namespace", namespace);
        LinkSettings.checkQueues(queues);
        owner.ifPresent(name -> SettingChecks.user("owner", name));
        group.ifPresent(name -> SettingChecks.group("group", name));
        new LinkSettings(mac, mtu, up);
        WhenFull.of(whenFull, holdAtMostMs);
        SettingChecks.bufferBytes("sendBufferBytes", sendBufferBytes);
    }

    /** A device of that name, with every default. */
    public static TapSettings of(String device) {
        return new TapSettings(
                device,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    WhenFull full() {
        return WhenFull.of(whenFull, holdAtMostMs);
    }

    LinkSettings link() {
        return new LinkSettings(mac, mtu, up);
    }
}
