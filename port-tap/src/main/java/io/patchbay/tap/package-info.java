/**
 * Ports to the host by way of a tap or macvtap device: what the switch sends the host, or the network below the macvtap, receives, and the other
 * way round.
 *
 * <p>A tap is opened, or created, by its name; it lasts as long as the port unless it was made persistent. A macvtap is somebody else's, made on
 * top of another interface; its name leads to its number, and that to its file ({@link io.patchbay.core.linux.MacvtapFiles}). Frames come and go
 * with a virtio-net header (IFF_VNET_HDR, no IFF_PI), by which guests and kernel leave checksums and segmentation to each other; what guests ask for
 * was checked before, since the kernel believes it.
 *
 * <p><b>System calls.</b> There is none that reads or writes several frames of a tap, but io_uring makes several reads or writes by one. Through
 * the switch, frames of 64 bytes: 1.35 times as many written (1.35 to 1.36), 1.11 times as many read (1.07 to 1.17), four pairs each, as by a call
 * for each. From C, frames of 64 bytes in three pieces, on one processor: written, in two rounds, 0.88 and 0.90 million a second against 0.70 and
 * 0.70 by a writev each; read, in three rounds, 0.82, 0.64 and 0.73 against 0.56, 0.56 and 0.71 by a readv each. Where io_uring is forbidden, and
 * towards a device for which frames are held back, it is a call for each frame: a frame that finds no room must not be overtaken. Deferring the
 * kernel's work to NAPI (IFF_NAPI) was slower (0.47).
 *
 * <p>A frame of up to 256 bytes is copied behind its head first, so that it is one piece: 1.07 times as many frames of 64 bytes leave the switch (1.06 to
 * 1.08, five pairs). On the machine of that measurement, where a system call costs less, a write each of one piece was no worse from the switch (1.04, 1.01
 * to 1.10, against the version before) and better from C (1.49 million a second against 1.36); it is not done, since elsewhere it is far slower.
 *
 * <p>A device in another network namespace keeps that namespace alive for as long as the port has it open: until another has its name, in which a tap is then
 * made, and a macvtap waited for.
 */
@NullMarked
package io.patchbay.tap;

import org.jspecify.annotations.NullMarked;
