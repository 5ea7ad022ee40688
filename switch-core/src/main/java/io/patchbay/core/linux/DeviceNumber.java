package io.patchbay.core.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a device's file stands for (makedev(3)).
 *
 * @param major the driver
 * @param minor the device, as the driver counts
 */
record DeviceNumber(int major, int minor) {

    private static final Pattern TEXT = Pattern.compile("(\\d{1,9}):(\\d{1,9})\\s*");

    /** Reads the form in which sysfs says it, such as {@code 246:1}. */
    static Optional<DeviceNumber> parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        return matcher.matches()
                ? Optional.of(new DeviceNumber(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2))))
                : Optional.empty();
    }

    /** As the C library packs it. */
    long packed() {
        long low = ((major & 0xfffL) << 8) | (minor & 0xffL);
        return ((major & 0xffff_f000L) << 32) | ((minor & 0xffff_ff00L) << 12) | low;
    }

    /** Whether that file is there and is of this device. */
    boolean isOf(Path file) {
        OptionalLong packed = packedOf(file);
        return packed.isPresent() && packed.getAsLong() == packed();
    }

    private static OptionalLong packedOf(Path file) {
        try {
            return OptionalLong.of((long) Files.getAttribute(file, "unix:rdev"));
        } catch (IOException e) {
            return OptionalLong.empty(); // not there, or not to be seen by us
        }
    }

    @Override
    public String toString() {
        return major + ":" + minor;
    }
}
