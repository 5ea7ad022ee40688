/**
 * Ports to the host by way of a tap or macvtap device: what the switch sends the host, or the network below the macvtap, receives, and the other
 * way round.
 *
 * <p>A tap is opened, or created, by its name; it lasts as long as the port unless it was made persistent. A macvtap is somebody else's, made on top of
 * another interface; its name leads to its number, and that to its file. Frames come and go without any header of their own before them
 * (IFF_NO_PI) and finished: the kernel completes checksums and cuts segments before we see them.
 *
 * <p>A device in another network namespace keeps that namespace alive for as long as the port has it open.
 */
@NullMarked
package io.patchbay.tap;

import org.jspecify.annotations.NullMarked;
