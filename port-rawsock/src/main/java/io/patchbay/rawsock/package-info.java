/**
 * Ports to a network interface of the host by way of AF_PACKET sockets: every frame the interface receives, and frames sent out of it.
 *
 * <p>A socket never hears what was sent through the port, and by default makes the interface promiscuous, since frames for the guests behind the
 * switch are not addressed to the interface. The VLAN tag that the kernel takes out of a received frame is put back.
 *
 * <p>What this host's stack sends towards us, and what the kernel has put together from several frames (GRO), has no checksum yet and may be
 * longer than the link's MTU. The kernel says so in a virtio-net header (PACKET_VNET_HDR); receivers that cannot finish such a frame get it
 * finished by the switch, also in a tunnel, of which the header does not speak. The other way round the kernel finishes what we leave undone.
 *
 * <p><b>System calls.</b> Frames of a burst are sent by one sendmmsg: on a veth, frames of 60 bytes, from C, two virtual processors, 0.41 million
 * a second against 0.31 by a writev each, and 0.57 against 0.39 where the queueing discipline is bypassed. A transmit ring (TPACKET_V2) was hardly
 * faster (0.44 and 0.58) and is out of the question: its slot is free again as soon as the frame has left its socket, and behind a veth somebody
 * may still be reading it. A receive ring was slower than reading (0.37 against 0.56): it moves the copy to the processor that sends, which was
 * the busier one.
 *
 * <p>Frames that wait are received by one recvmmsg: through the switch from a veth pair to a guest, frames of 64 bytes, 1.18 times as many (0.93
 * to 1.37, four pairs) as by a recvmsg each, and from C 0.66, 0.69 and 0.78 million a second against 0.46, 0.50 and 0.62. A request of io_uring
 * that goes on receiving was no faster (0.63, 0.66, 0.76), and nothing there sends faster than sendmmsg: what is left is the kernel's work for
 * each frame.
 *
 * <p><b>AF_XDP.</b> In copy mode it sends more frames of 64 bytes than packet sockets do: 1.39 times as many (1.32 to 1.46, four pairs) where both pass the
 * queueing discipline by, as many as OVS-DPDK's port of that kind (1.02, 1.02 to 1.17, four pairs), and of 1500 bytes 1.36 times. It receives 0.88 times as many. It carries no
 * virtio-net header: what guests leave to the kernel is finished in software, and what the kernel leaves to us cannot be seen. So it is not the default.
 *
 * <p>Its bell watches the socket only until much has been sent: while somebody waits for a socket, the kernel looks for him with every frame that was sent,
 * a twelfth of the worker's time. Without, 1.12 times as many frames of 64 bytes are sent (1.08 to 1.13, five pairs), and 1.06 times as many received.
 *
 * <p>Its program is attached by a link, which goes with the daemon however that ends. Sockets are on all receive queues, since a queue without one
 * would go on giving its frames to the host.
 *
 * <p>Frames go through the interface's queueing discipline, as anybody's do, unless asked otherwise: passing it by is cheaper, but then neither
 * tcpdump nor traffic shaping sees them.
 */
@NullMarked
package io.patchbay.rawsock;

import org.jspecify.annotations.NullMarked;
