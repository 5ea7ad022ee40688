package io.patchbay.tap;

import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.NetDevice;
import io.patchbay.core.linux.TapFile;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortException;
import io.patchbay.core.port.UplinkDevice;
import io.patchbay.core.port.WhenFull;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A macvtap device, made by somebody else on top of another interface; found by its name, opened by its number. */
final class MacvtapDevice implements UplinkDevice {

    private final MacvtapSettings settings;

    MacvtapDevice(MacvtapSettings settings) {
        this.settings = settings;
    }

    @Override
    public String describe() {
        return "macvtap device " + settings.networkInterface();
    }

    @Override
    public Optional<String> namespace() {
        return Optional.empty();
    }

    @Override
    public Optional<NetDevice.Link> look() {
        return NetDevice.find(settings.networkInterface());
    }

    private TapQueues.Sending sending() {
        return TapQueues.Sending.of(settings.full(), settings.sendBufferBytes());
    }

    @Override
    public WhenFull whenFull() {
        return settings.full();
    }

    @Override
    public Attachment attach(PortContext context, boolean enabled, Runnable trouble) throws PortException {
        String name = settings.networkInterface();
        List<TapFile> files = new ArrayList<>();
        try {
            NetDevice.Link link = NetDevice.info(name);
            if (!Files.exists(Path.of("/sys/class/net", name, "macvtap"))) {
                throw new PortException("cannot use " + describe() + ": the interface is not a macvtap");
            }
            int queues = settings.queues().orElse(context.workers());
            // Its carrier is not ours to take away; one that is not enabled is just not opened.
            for (int q = 0; enabled && q < queues; q++) {
                files.add(TapFile.openMacvtap(name, link.index(), queues > 1));
            }
            settings.link().apply(name);
            return TapQueues.ofMacvtap(List.copyOf(files), context, sending(), trouble);
        } catch (LinuxException e) {
            files.forEach(TapFile::close);
            throw new PortException(
                    "cannot use " + describe() + ": " + e.getMessage()
                            + explain(e).map(why -> ": " + why).orElse(""),
                    e);
        }
    }

    private static Optional<String> explain(LinuxException e) {
        if (!e.call().equals("open")) {
            return Optional.empty();
        }
        return switch (e.errno()) {
            case Errno.ENOENT -> Optional.of("the device is there, but no device manager has made its file");
            case Errno.EBUSY -> Optional.of("other programs have all its queues open");
            default -> Optional.empty();
        };
    }
}
