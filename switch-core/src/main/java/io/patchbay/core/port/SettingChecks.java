package io.patchbay.core.port;

import io.patchbay.core.linux.Accounts;
import io.patchbay.core.linux.NetDevice;
import io.patchbay.core.linux.UnixSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** What settings records of all kinds check; each throws a {@link SettingException} that names the key. What is absent passes. */
public final class SettingChecks {

    private static final int MIN_BUFFER = 1 << 12;
    private static final int MAX_BUFFER = 1 << 30;

    /** What the kernel takes in a device's name; a % would have it choose a number. */
    private static final Pattern DEVICE_NAME = Pattern.compile("[^\\s/:%]+");

    private SettingChecks() {}

    /** A number from {@code low} to {@code high}. */
    public static void range(String key, Optional<Integer> value, int low, int high) {
        value.ifPresent(n -> {
            if (n < low || n > high) {
                throw SettingException.of(key, n, low + " to " + high);
            }
        });
    }

    /** One of a few words. */
    public static void oneOf(String key, Optional<String> value, List<String> allowed) {
        value.ifPresent(word -> {
            if (!allowed.contains(word)) {
                throw SettingException.of(key, word, String.join(", ", allowed));
            }
        });
    }

    /** The name of a network device. */
    public static void deviceName(String key, String name) {
        if (!DEVICE_NAME.matcher(name).matches()
                || name.getBytes(StandardCharsets.UTF_8).length > NetDevice.MAX_NAME_BYTES
                || name.equals(".")
                || name.equals("..")) {
            throw SettingException.of(
                    key, name, "a device name of 1 to " + NetDevice.MAX_NAME_BYTES + " bytes without space, /, : or %");
        }
    }

    /** The file of a network namespace. */
    public static void namespace(String key, Optional<String> value) {
        value.ifPresent(path -> {
            if (!isAbsolutePath(path)) {
                throw SettingException.of(key, path, "an absolute path, such as /run/netns/blue");
            }
        });
    }

    /** The path of a unix socket. */
    public static void socket(String key, String path) {
        if (!isAbsolutePath(path) || path.getBytes(StandardCharsets.UTF_8).length > UnixSocket.MAX_PATH_BYTES) {
            throw SettingException.of(key, path, "an absolute path of at most " + UnixSocket.MAX_PATH_BYTES + " bytes");
        }
    }

    /** Whether a text is one. Not every text is the name of a file: none has a NUL, nor what the locale's encoding has no bytes for. */
    public static boolean isAbsolutePath(String text) {
        try {
            return Path.of(text).isAbsolute();
        } catch (InvalidPathException e) {
            return false;
        }
    }

    /** A user of this host, by name or number. Gives the number. */
    public static int user(String key, String name) {
        return Accounts.user(name).orElseThrow(() -> SettingException.of(key, name, "a user of this host"));
    }

    /** A group of this host, by name or number. Gives the number. */
    public static int group(String key, String name) {
        return Accounts.group(name).orElseThrow(() -> SettingException.of(key, name, "a group of this host"));
    }

    /** Memory the kernel sets aside for frames, 4096 to 1073741824 bytes. */
    public static void bufferBytes(String key, Optional<Integer> value) {
        range(key, value, MIN_BUFFER, MAX_BUFFER);
    }
}
