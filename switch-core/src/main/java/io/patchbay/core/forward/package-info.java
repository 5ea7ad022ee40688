/**
 * Where each frame goes: pure functions over bursts and tables, without I/O.
 *
 * <p>The behaviour is that of a transparent bridge (IEEE 802.1D §7): learn the source, look up the destination, flood what is unknown
 * or addressed to a group, never send back to the port of origin, never forward the addresses reserved for the link. Tags are carried
 * as they are and play no part in learning: one filtering database for all.
 *
 * <p>What a bridge does not ask is asked where configured only: whether a port may send from an address, and how many frames it may have flooded ({@link
 * io.patchbay.core.forward.IngressPolicy}), and how often an address may move ({@link io.patchbay.core.forward.MacTable}). A policy is a counter
 * for all workers, which is looked at for frames that are flooded, and for addresses that differ from those of the frame before.
 *
 * <p>Two differences from the Linux bridge are on purpose. The address 01:80:C2:00:00:00 is not forwarded either (Linux does when its
 * spanning tree is off), as the standard says. A frame whose destination was learnt on its own port is a counted drop with its own
 * reason instead of a silent one.
 */
@NullMarked
package io.patchbay.core.forward;

import org.jspecify.annotations.NullMarked;
