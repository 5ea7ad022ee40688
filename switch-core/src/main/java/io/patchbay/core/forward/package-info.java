/**
 * Where each frame goes: pure functions over bursts and tables, without I/O.
 *
 * <p>The behaviour is that of a transparent bridge (IEEE 802.1D §7): learn the source, look up the destination, flood what is unknown
 * or addressed to a group, never send back to the port of origin, never forward the addresses reserved for the link. Tags are carried
 * as they are and play no part in learning: one filtering database for all.
 *
 * <p>Two differences from the Linux bridge are on purpose. The address 01:80:C2:00:00:00 is not forwarded either (Linux does when its
 * spanning tree is off), as the standard says. A frame whose destination was learnt on its own port is a counted drop with its own
 * reason instead of a silent one.
 */
@NullMarked
package io.patchbay.core.forward;

import org.jspecify.annotations.NullMarked;
