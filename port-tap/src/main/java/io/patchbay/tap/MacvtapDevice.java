package io.patchbay.tap;

import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.MacvtapFiles;
import io.patchbay.core.linux.NetNamespace;
import io.patchbay.core.linux.TapFile;
import io.patchbay.core.port.NamedDevice;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A macvtap device, made by somebody else on top of another interface; found by its name, opened by its number. */
final class MacvtapDevice extends NamedDevice {

    private final MacvtapSettings settings;

    MacvtapDevice(MacvtapSettings settings) {
        super("macvtap device", settings.networkInterface(), settings.namespace(), settings.full());
        this.settings = settings;
    }

    @Override
    public Attachment attach(PortContext context, boolean enabled, Runnable trouble) throws PortException {
        List<TapFile> files = new ArrayList<>();
        try {
            // Its carrier is not ours to take away; one that is not enabled is just not opened.
            int queues = enabled ? settings.queues().orElse(context.workers()) : 0;
            if (!NetNamespace.call(settings.namespace(), () -> open(files, queues))) {
                throw new PortException("cannot use " + describe() + ": the interface is not a macvtap");
            }
            return TapQueues.ofMacvtap(
                    List.copyOf(files), context, TapQueues.Sending.of(whenFull(), settings.sendBufferBytes()), trouble);
        } catch (LinuxException e) {
            files.forEach(TapFile::close);
            throw unusable(e);
        } catch (RuntimeException e) {
            files.forEach(TapFile::close);
            throw e;
        }
    }

    /** Opens the queues and sets the device up; false, with nothing done, if it is no macvtap. */
    private boolean open(List<TapFile> files, int queues) {
        String name = settings.networkInterface();
        Optional<MacvtapFiles> found =
                MacvtapFiles.find(name, settings.namespace().isEmpty());
        if (found.isEmpty()) {
            return false;
        }
        try (MacvtapFiles device = found.get()) {
            for (int q = 0; q < queues; q++) {
                files.add(device.open(queues > 1));
            }
        }
        settings.link().apply(name);
        return true;
    }

    @Override
    protected String hint(LinuxException e) {
        return switch (e.call()) {
            case "open" -> e.errno() == Errno.EBUSY ? "other programs have all its queues open" : "";
            case "fsopen", "fsconfig", "fsmount" ->
                e.errno() == Errno.ENOSYS ? "this takes Linux 5.2" : "this takes the capability CAP_SYS_ADMIN";
            case "mknod" -> "this takes the capability CAP_MKNOD";
            default -> "";
        };
    }
}
