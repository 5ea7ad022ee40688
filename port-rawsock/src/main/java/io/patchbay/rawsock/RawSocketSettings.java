package io.patchbay.rawsock;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.patchbay.core.linux.NetDevice;
import io.patchbay.core.port.SettingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Settings of a {@code raw-socket} port. The key of the first is {@code interface}, which no record component can be called.
 *
 * @param networkInterface name of an existing interface
 * @param promiscuous whether to receive frames that are not addressed to the interface; default true
 */
public record RawSocketSettings(@JsonProperty("interface") String networkInterface, Optional<Boolean> promiscuous) {

    public RawSocketSettings {
        int bytes = networkInterface.getBytes(StandardCharsets.UTF_8).length;
        if (bytes == 0 || bytes > NetDevice.MAX_NAME_BYTES) {
            throw SettingException.of(
                    "interface",
                    networkInterface,
                    "an interface name of 1 to " + NetDevice.MAX_NAME_BYTES + " characters");
        }
    }
}
