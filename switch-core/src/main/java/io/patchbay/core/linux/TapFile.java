package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One queue of a tap or macvtap device: a file from which whole Ethernet frames are read and to which they are written (Documentation of
 * the kernel: networking/tuntap). Non-blocking. Every frame that is read or written begins with a virtio-net header of {@value #HEADER_BYTES} bytes.
 */
public final class TapFile implements AutoCloseable {

    /** Bytes of the virtio-net header before each frame. */
    public static final int HEADER_BYTES = 12;

    private static final long TUNSETIFF = 0x400454caL;
    private static final long TUNSETPERSIST = 0x400454cbL;
    private static final long TUNSETOWNER = 0x400454ccL;
    private static final long TUNSETGROUP = 0x400454ceL;
    private static final long TUNSETOFFLOAD = 0x400454d0L;
    private static final long TUNGETIFF = 0x800454d2L;
    private static final long TUNSETSNDBUF = 0x400454d4L;
    private static final long TUNSETVNETHDRSZ = 0x400454d8L;
    private static final long TUNSETCARRIER = 0x400454e2L;
    private static final int IFF_TAP = 0x0002;
    private static final int IFF_MULTI_QUEUE = 0x0100;
    private static final int IFF_NO_PI = 0x1000;
    private static final int IFF_VNET_HDR = 0x4000;

    private final Fd fd;
    private final String device;

    private TapFile(Fd fd, String device) {
        this.fd = fd;
        this.device = device;
    }

    /**
     * Opens the tap device of that name in the calling thread's namespace, or creates it there. One that was created disappears when its
     * last file is closed, unless it is made {@linkplain #setPersistent persistent}.
     *
     * @param multiQueue whether several files may be open on the device at one time; must be what the device was created with
     */
    public static TapFile open(String device, boolean multiQueue) {
        return attach("/dev/net/tun", device, multiQueue);
    }

    /** Opens a macvtap device by its file. */
    static TapFile openMacvtap(Path file, String device, boolean multiQueue) {
        return attach(file.toString(), device, multiQueue);
    }

    private static TapFile attach(String path, String device, boolean multiQueue) {
        Fd fd = FileCalls.open(path, FileCalls.O_RDWR | FileCalls.O_NONBLOCK);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = NetDevice.request(arena, device);
            int flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (multiQueue ? IFF_MULTI_QUEUE : 0);
            request.set(JAVA_SHORT, NetDevice.VALUE, (short) flags);
            NetDevice.ioctl(fd, TUNSETIFF, request, "ioctl(TUNSETIFF)", device);
            // A device that lasts may have been used with another length before.
            MemorySegment bytes = arena.allocateFrom(JAVA_INT, HEADER_BYTES);
            NetDevice.ioctl(fd, TUNSETVNETHDRSZ, bytes, "ioctl(TUNSETVNETHDRSZ)", device);
            return new TapFile(fd, device);
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /** Whether the device is still there, in whatever namespace and by whatever name. */
    public boolean isAttached() {
        return deviceName().isPresent();
    }

    /** What the device is called now; nothing if it has gone. */
    Optional<String> deviceName() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = NetDevice.request(arena, device);
            NetDevice.ioctl(fd, TUNGETIFF, request, "ioctl(TUNGETIFF)", device);
            return Optional.of(request.getString(0));
        } catch (LinuxException e) {
            return Optional.empty();
        }
    }

    /** Where the open file is found while it is open. */
    Path path() {
        return Path.of("/proc/self/fd/" + number());
    }

    /** Whether the device outlives its last file. */
    public void setPersistent(boolean persistent) {
        set(TUNSETPERSIST, persistent ? 1 : 0, "ioctl(TUNSETPERSIST)");
    }

    /** Lets a user open the device without any privilege. */
    public void setOwner(int user) {
        set(TUNSETOWNER, user, "ioctl(TUNSETOWNER)");
    }

    /** Lets the members of a group open the device without any privilege. */
    public void setGroup(int group) {
        set(TUNSETGROUP, group, "ioctl(TUNSETGROUP)");
    }

    /**
     * Tells the kernel what it may leave undone in the frames that are read here.
     *
     * @param offloads TUN_F_CSUM, TUN_F_TSO4, ... ({@code <linux/if_tun.h>})
     */
    public void setOffloads(int offloads) {
        set(TUNSETOFFLOAD, offloads, "ioctl(TUNSETOFFLOAD)");
    }

    /** Limits the memory of frames that were written here and wait to be sent somewhere; without, a write always finds room. */
    public void setSendBuffer(int bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocateFrom(JAVA_INT, bytes);
            NetDevice.ioctl(fd, TUNSETSNDBUF, value, "ioctl(TUNSETSNDBUF)", device);
        }
    }

    /** Whether the host sees a cable in the device. A tap has one from the moment it is opened. */
    public void setCarrier(boolean carrier) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocateFrom(JAVA_INT, carrier ? 1 : 0);
            NetDevice.ioctl(fd, TUNSETCARRIER, value, "ioctl(TUNSETCARRIER)", device);
        }
    }

    private void set(long request, int value, String call) {
        // These take the number itself where others take an address.
        NetDevice.ioctl(fd, request, MemorySegment.ofAddress(value), call, device + " to " + value);
    }

    public int number() {
        return fd.number();
    }

    @Override
    public void close() {
        fd.close();
    }
}
