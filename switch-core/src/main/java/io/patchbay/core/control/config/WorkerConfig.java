package io.patchbay.core.control.config;

import io.patchbay.core.linux.Affinity;
import io.patchbay.core.port.SettingException;
import java.util.Optional;

/**
 * One worker in the configuration.
 *
 * @param cpu the processor it is bound to; free to move if absent
 */
public record WorkerConfig(Optional<Integer> cpu) {

    public WorkerConfig {
        cpu.ifPresent(n -> {
            if (n < 0 || n > Affinity.MAX_CPU) {
                throw SettingException.of("cpu", n, "the number of a processor, 0 to " + Affinity.MAX_CPU);
            }
        });
    }
}
