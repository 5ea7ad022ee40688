package io.patchbay.tap;

import io.patchbay.core.linux.NetDevice;
import io.patchbay.core.port.SettingException;
import java.util.Optional;

/**
 * Settings of a {@code tap} port.
 *
 * @param device name of the device; 1 to 15 characters
 * @param mtu largest packet, 68 to 65535; what the device has if absent
 * @param up whether to bring the device up; default true
 */
public record TapSettings(String device, Optional<Integer> mtu, Optional<Boolean> up) {

    public TapSettings {
        if (!device.matches("[^\\s/:]{1," + NetDevice.MAX_NAME_BYTES + "}")
                || device.equals(".")
                || device.equals("..")) {
            throw SettingException.of(
                    "device",
                    device,
                    "a device name of 1 to " + NetDevice.MAX_NAME_BYTES + " characters without space, / or :");
        }
        mtu.ifPresent(n -> {
            if (n < 68 || n > 65_535) {
                throw SettingException.of("mtu", n, "68 to 65535");
            }
        });
    }
}
