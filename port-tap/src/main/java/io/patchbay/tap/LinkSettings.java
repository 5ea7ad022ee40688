package io.patchbay.tap;

import io.patchbay.core.frame.MacAddress;
import io.patchbay.core.linux.NetDevice;
import io.patchbay.core.port.SettingChecks;
import io.patchbay.core.port.SettingException;
import java.util.Optional;

/** What can be set on any network device; what is absent is left as it is. */
record LinkSettings(Optional<String> mac, Optional<Integer> mtu, Optional<Boolean> up) {

    static final int MAX_QUEUES = 256;

    LinkSettings {
        mac.ifPresent(text -> {
            long address = MacAddress.parse(text).orElse(0L);
            if (!MacAddress.isValidSource(address)) {
                throw SettingException.of("mac", text, "six octets such as 02:00:00:00:00:01, of a single station");
            }
        });
        SettingChecks.range("mtu", mtu, 68, 65_521);
    }

    static void checkQueues(Optional<Integer> queues) {
        SettingChecks.range("queues", queues, 1, MAX_QUEUES);
    }

    /** Sets the device up, in the calling thread's namespace. The address first: some devices refuse another while they are up. */
    void apply(String device) {
        mac.ifPresent(text -> NetDevice.setAddress(
                device, MacAddress.toBytes(MacAddress.parse(text).orElseThrow())));
        mtu.ifPresent(n -> NetDevice.setMtu(device, n));
        NetDevice.setUp(device, up.orElse(true));
    }
}
