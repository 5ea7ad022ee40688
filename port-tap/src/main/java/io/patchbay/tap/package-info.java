/**
 * Ports to the host by way of a tap or macvtap device: what the switch sends the host, or the network below the macvtap, receives, and the other
 * way round.
 *
 * <p>A tap is opened, or created, by its name; it lasts as long as the port unless it was made persistent. A macvtap is somebody else's, made on top of
 * another interface; its name leads to its number, and that to its file. Frames come and go with a virtio-net header (IFF_VNET_HDR, no IFF_PI), by which
 * guests and kernel leave checksums and segmentation to each other; what guests ask for was checked before, since the kernel believes it.
 *
 * <p>A device in another network namespace keeps that namespace alive for as long as the port has it open.
 */
@NullMarked
package io.patchbay.tap;

import org.jspecify.annotations.NullMarked;
