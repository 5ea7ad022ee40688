/**
 * Frames as the data path sees them: borrowed, in bursts, described by arrays instead of objects.
 *
 * <p>A frame is its first {@value io.patchbay.core.frame.Burst#HEAD_BYTES} bytes, read once into worker-owned memory, and the
 * segments of somebody else's memory that hold the rest. Whatever the switch decides, it decides on the head that was read, and
 * it is that head which is sent: a guest that rewrites its buffer between the check and the copy changes nothing but its own
 * payload.
 *
 * <p><b>Offloads.</b> A frame may be unfinished: its checksum not completed, its payload more than a link carries, as the
 * {@link io.patchbay.core.frame.Offload} beside it says. {@link io.patchbay.core.frame.OffloadCheck} looks at each such request once, when the
 * frame comes in, and makes the headers of a frame to be segmented a part of what was read: kernels that receive it will believe them. A
 * receiver that can finish the frame gets it as it is; for one that cannot, {@link io.patchbay.core.frame.SoftwareOffload} does it, on a copy,
 * since a sum must be that of the bytes that are sent. A burst in which no frame asks for anything never comes near any of this.
 *
 * <p><b>Tunnels.</b> Of a packet in a tunnel (VXLAN, ...) that is to be segmented the kernel says by a packet socket what it would say of the packet alone,
 * with the place of its inner checksum. Only the headers tell: where they do not fit the request as those of a packet alone, they are looked at as those of
 * one in a tunnel. No receiver could be told either, so each gets the segments. A checksum inside that is only to be completed takes nothing of this: the one
 * outside is right already, since a packet with a right checksum adds up to what is known before (the kernel's local checksum offload). A guest may not ask
 * for it: nothing it can negotiate here (VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO is not offered) allows it, and its request does not fit its frame.
 */
@NullMarked
package io.patchbay.core.frame;

import org.jspecify.annotations.NullMarked;
