package io.patchbay.tap;

import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.NetDevice;
import io.patchbay.core.linux.NetNamespace;
import io.patchbay.core.linux.TapFile;
import io.patchbay.core.port.NamedDevice;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortException;
import io.patchbay.core.port.SettingChecks;
import java.util.ArrayList;
import java.util.List;

/** A tap device: found or made by name. */
final class TapDevice extends NamedDevice {

    private final TapSettings settings;

    TapDevice(TapSettings settings) {
        super("tap device", settings.device(), settings.namespace(), settings.full());
        this.settings = settings;
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
            return TapQueues.ofTap(
                    List.copyOf(files), context, TapQueues.Sending.of(whenFull(), settings.sendBufferBytes()), trouble);
        } catch (LinuxException e) {
            files.forEach(TapFile::close);
            throw unusable(e);
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

    @Override
    protected String hint(LinuxException e) {
        if (e.call().equals("open") && e.errno() == Errno.ENOENT) {
            return "the kernel's tun module is not loaded, or the file is not in this container";
        }
        if (!e.call().equals("ioctl(TUNSETIFF)")) {
            return "";
        }
        return switch (e.errno()) {
            case Errno.EBUSY -> "another program has it open";
            case Errno.EPERM ->
                "this takes the capability CAP_NET_ADMIN, or the device must belong to the daemon's user";
            case Errno.EINVAL ->
                "a device of that name is there and is not a tap device, or was not made for "
                        + "the number of queues asked for";
            default -> "";
        };
    }
}
