package io.patchbay.tap;

import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.NetDevice;
import io.patchbay.core.linux.NetNamespace;
import io.patchbay.core.linux.TapFile;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortException;
import io.patchbay.core.port.SettingChecks;
import io.patchbay.core.port.UplinkDevice;
import io.patchbay.core.port.WhenFull;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A tap device: found or made by name. */
final class TapDevice implements UplinkDevice {

    private final TapSettings settings;

    TapDevice(TapSettings settings) {
        this.settings = settings;
    }

    @Override
    public String describe() {
        return "tap device " + settings.device();
    }

    @Override
    public Optional<String> namespace() {
        return settings.namespace();
    }

    @Override
    public Optional<NetDevice.Link> look() {
        return NetNamespace.call(settings.namespace(), () -> NetDevice.find(settings.device()));
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
        int queues = settings.queues().orElse(context.workers());
        List<TapFile> files = new ArrayList<>();
        try {
            NetNamespace.run(settings.namespace(), () -> {
                open(files, queues);
                setUp(files, enabled);
            });
            return TapQueues.ofTap(List.copyOf(files), context, sending(), trouble);
        } catch (LinuxException e) {
            files.forEach(TapFile::close);
            throw new PortException(
                    "cannot use " + describe() + ": " + e.getMessage()
                            + explain(e).map(why -> ": " + why).orElse(""),
                    e);
        } catch (RuntimeException e) {
            files.forEach(TapFile::close);
            throw e;
        }
    }

    private void open(List<TapFile> files, int queues) {
        // A device that somebody made for several queues can only be opened as such, whatever we would like.
        boolean madeForSeveral = queues == 1 && isOnlyForSeveralQueues();
        for (int q = 0; q < queues; q++) {
            files.add(TapFile.open(settings.device(), queues > 1 || madeForSeveral));
        }
    }

    private boolean isOnlyForSeveralQueues() {
        if (NetDevice.find(settings.device()).isEmpty()) {
            return false;
        }
        try (TapFile _ = TapFile.open(settings.device(), true)) {
            return true;
        } catch (LinuxException e) {
            return false; // what is wrong comes out when it is opened as it should be
        }
    }

    private void setUp(List<TapFile> files, boolean enabled) {
        TapFile first = files.getFirst();
        settings.persist().ifPresent(first::setPersistent);
        settings.owner().ifPresent(name -> first.setOwner(SettingChecks.user("owner", name)));
        settings.group().ifPresent(name -> first.setGroup(SettingChecks.group("group", name)));
        settings.link().apply(settings.device());
        if (!enabled) {
            first.setCarrier(false);
        }
    }

    private Optional<String> explain(LinuxException e) {
        if (e.call().equals("open") && e.errno() == Errno.ENOENT) {
            return Optional.of("the kernel's tun module is not loaded, or the file is not in this container");
        }
        if (!e.call().equals("ioctl(TUNSETIFF)")) {
            return Optional.empty();
        }
        return switch (e.errno()) {
            case Errno.EBUSY -> Optional.of("another program has it open");
            case Errno.EPERM ->
                Optional.of("this takes the capability CAP_NET_ADMIN, or the device must belong to the daemon's user");
            case Errno.EINVAL ->
                Optional.of("a device of that name is there and is not a tap device, or was not made for "
                        + "the number of queues asked for");
            default -> Optional.empty();
        };
    }
}
