package io.patchbay.vhost.fuzz;

/** The bytes a fuzzer gives, taken as numbers front to back; behind the end everything is 0. */
public final class Input {

    private final byte[] bytes;
    private int at;

    public Input(byte[] bytes) {
        this.bytes = bytes;
    }

    public boolean isEmpty() {
        return at >= bytes.length;
    }

    public int u8() {
        return at < bytes.length ? bytes[at++] & 0xff : 0;
    }

    public int u16() {
        return u8() | u8() << 8;
    }

    public int s32() {
        return u16() | u16() << 16;
    }

    public long s64() {
        return s32() & 0xffff_ffffL | (long) s32() << 32;
    }

    /** At most {@code n} bytes. */
    public byte[] bytes(int n) {
        byte[] taken = new byte[Math.min(n, Math.max(0, bytes.length - at))];
        System.arraycopy(bytes, at, taken, 0, taken.length);
        at += taken.length;
        return taken;
    }
}
