package io.patchbay.core.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What the kernel is asked for of its idle processors: that they can go on within so many microseconds (PM QoS,
 * {@code Documentation/power/pm_qos_interface.rst}). None of them sleeps any deeper while this is open, and the kernel forgets it with the process, however
 * that ends. The limit of a single processor is a file in sysfs and would stay, so it is left to operators.
 */
public final class ResumeLatency implements AutoCloseable {

    /** Takes an {@code s32} in the machine's byte order; the least of what all its openers have written holds. */
    private static final String DEVICE = "/dev/cpu_dma_latency";

    private final Fd device;

    private ResumeLatency(Fd device) {
        this.device = device;
    }

    /**
     * Asks for it.
     *
     * @param micros at least 0, which keeps processors from sleeping at all: the kernel polls in their place
     * @throws LinuxException if the device is not there, or not for this process
     */
    public static ResumeLatency request(int micros) {
        return request(DEVICE, micros);
    }

    static ResumeLatency request(String path, int micros) {
        Fd device = FileCalls.open(path, FileCalls.O_RDWR);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocateFrom(ValueLayout.JAVA_INT, micros);
            IoVector vector = new IoVector(1);
            vector.set(0, value, 0, value.byteSize());
            long written = FileCalls.writev(device.number(), vector, 0, 1);
            if (written != value.byteSize()) {
                throw new LinuxException("write", path, written < 0 ? (int) -written : Errno.EIO);
            }
            return new ResumeLatency(device);
        } catch (RuntimeException | Error e) {
            device.close();
            throw e;
        }
    }

    /** Takes the request back. Idempotent. */
    @Override
    public void close() {
        device.close();
    }
}
