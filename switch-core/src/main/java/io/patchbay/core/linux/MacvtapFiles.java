package io.patchbay.core.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The character device of a macvtap: every opening of it is one more queue.
 *
 * <p>Its file is {@code /dev/tap9} if the interface has index 9. But indexes are a namespace's and {@code /dev} is everybody's: of two devices with
 * one index, in different namespaces, only the first has a file, and of that name. Which is which is told by the device number, which sysfs shows for the
 * namespace it was mounted in. A device without a file gets one that only we can see.
 */
public final class MacvtapFiles implements AutoCloseable {

    private final String device;
    private final int index;
    private final Optional<DetachedMount> mounted;
    private final Path numberFile;

    private MacvtapFiles(String device, int index, Optional<DetachedMount> mounted, Path numberFile) {
        this.device = device;
        this.index = index;
        this.mounted = mounted;
        this.numberFile = numberFile;
    }

    /**
     * Finds a device of the calling thread's namespace.
     *
     * @param own whether that is the namespace of the process, which the mounted sysfs shows as a rule; otherwise this takes CAP_SYS_ADMIN
     * @return nothing if there is an interface of that name which is not a macvtap
     * @throws LinuxException if there is none
     */
    public static Optional<MacvtapFiles> find(String device, boolean own) {
        int index = NetDevice.info(device).index();
        Optional<DetachedMount> mounted =
                own && isShown(device, index) ? Optional.empty() : Optional.of(DetachedMount.of("sysfs"));
        Path directory = mounted.map(DetachedMount::root)
                .orElse(Path.of("/sys"))
                .resolve(Path.of("class", "net", device, "macvtap"));
        if (!Files.exists(directory)) {
            mounted.ifPresent(DetachedMount::close);
            return Optional.empty();
        }
        return Optional.of(new MacvtapFiles(
                device, index, mounted, directory.resolve("tap" + index).resolve("dev")));
    }

    /** Whether the mounted sysfs shows the device: not if the process was started in a namespace that is not the one it was mounted in. */
    private static boolean isShown(String device, int index) {
        try {
            Path file = Path.of("/sys", "class", "net", device, "ifindex");
            return Files.readString(file).strip().equals(Integer.toString(index));
        } catch (IOException e) {
            return false;
        }
    }

    /** Opens one more queue of the device. */
    public TapFile open(boolean multiQueue) {
        DeviceNumber number = number();
        Path usual = Path.of("/dev/tap" + index);
        TapFile file = number.isOf(usual)
                ? TapFile.openMacvtap(usual, device, multiQueue)
                : openByNumber(number, usual, multiQueue);
        try {
            assertIsOf(number, file);
            return file;
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private TapFile openByNumber(DeviceNumber number, Path usual, boolean multiQueue) {
        try (DetachedMount mount = DetachedMount.of("tmpfs")) {
            return TapFile.openMacvtap(mount.makeCharacterDevice("tap", number), device, multiQueue);
        } catch (LinuxException e) {
            String why = Files.exists(usual) ? " belongs to another device" : " is not there";
            throw new LinuxException(
                    e.call(), "for " + device + ", device " + number + ", since " + usual + why, e.errno());
        }
    }

    /**
     * A device may be deleted at any time, and its number given to another one. What was opened is the device of that name if that has the
     * number still, or has gone.
     */
    private void assertIsOf(DeviceNumber number, TapFile file) {
        if (!number.isOf(file.path()) || !file.deviceName().equals(Optional.of(device)) || !number().equals(number)) {
            throw new LinuxException("open", device + ", which went away meanwhile", Errno.ENODEV);
        }
    }

    private DeviceNumber number() {
        try {
            return DeviceNumber.parse(Files.readString(numberFile))
                    .orElseThrow(() -> new LinuxException("read", numberFile.toString(), Errno.EIO));
        } catch (IOException e) {
            throw new LinuxException("read", numberFile + " of " + device, Errno.ENODEV);
        }
    }

    @Override
    public void close() {
        mounted.ifPresent(DetachedMount::close);
    }
}
