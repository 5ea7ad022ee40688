package io.patchbay.core.frame;

import java.util.HexFormat;
import java.util.Optional;

/**
 * A 48-bit MAC address held in the low bits of a {@code long}, first octet on the wire in bits 47..40. The upper 16 bits are
 * zero.
 */
public final class MacAddress {

    public static final long MASK = 0xffff_ffff_ffffL;
    public static final long BROADCAST = MASK;

    private static final long GROUP_BIT = 1L << 40;
    private static final long RESERVED_BLOCK = 0x0180_c200_0000L;
    private static final long RESERVED_MASK = 0xffff_ffff_fff0L;
    private static final HexFormat OCTETS = HexFormat.ofDelimiter(":");

    private MacAddress() {}

    /** Whether the address names a group of stations: multicast or broadcast. */
    public static boolean isGroup(long address) {
        return (address & GROUP_BIT) != 0;
    }

    /** Whether a station may send with this source address: not a group, not all zero (IEEE 802 §8.2). */
    public static boolean isValidSource(long address) {
        return !isGroup(address) && address != 0;
    }

    /** Whether the address is one of 01:80:C2:00:00:00 … 0F, which a bridge never forwards (IEEE 802.1D §7.12.6). */
    public static boolean isReserved(long address) {
        return (address & RESERVED_MASK) == RESERVED_BLOCK;
    }

    /** Six octets, lower case, separated by colons. */
    public static String format(long address) {
        byte[] octets = toBytes(address);
        return OCTETS.formatHex(octets);
    }

    /** The six octets in the order of the wire. */
    public static byte[] toBytes(long address) {
        byte[] octets = new byte[6];
        for (int i = 0; i < octets.length; i++) {
            octets[i] = (byte) (address >>> (40 - 8 * i));
        }
        return octets;
    }

    /** The address written as six two-digit octets with colons or dashes between them; empty when the text is anything else. */
    public static Optional<Long> parse(String text) {
        String normal = text.replace('-', ':');
        if (!normal.matches("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")) {
            return Optional.empty();
        }
        long address = 0;
        for (byte octet : OCTETS.parseHex(normal)) {
            address = address << 8 | (octet & 0xff);
        }
        return Optional.of(address);
    }
}
