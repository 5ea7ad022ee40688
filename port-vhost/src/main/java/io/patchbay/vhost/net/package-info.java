/**
 * The virtio network device behind a vhost-user port: the TX and RX loops, and what front ends can make of it.
 *
 * <p>The two loops carry the guest's names. {@link io.patchbay.vhost.net.GuestTxQueue} is a virtqueue the guest transmits on: the switch
 * receives from it. {@link io.patchbay.vhost.net.GuestRxQueue} is one the guest receives on: the switch transmits to it.
 *
 * <p><b>Sweeps.</b> What is done for each frame of a burst is done for all of them before the next thing is: descriptors are read, then checked, then
 * headers looked at, then heads read, then frames routed; chains of the receiver read and checked, then headers written, then frames copied, then
 * chains given back. The misses of a sweep overlap, and what is asked of a guest's memory (which it is, whether it is still there) is asked once. This
 * is for frames in one buffer each, all in one region, as nearly all are; any other goes by itself ({@link io.patchbay.vhost.net.SentChain},
 * {@link io.patchbay.vhost.net.ChainDelivery}) between two sweeps. A sender whose memory goes away during the copies loses all its frames of the burst
 * for this receiver, also those that were copied already. The sweeps are the methods that {@code deploy/jvm-options} has compiled by themselves.
 *
 * <p><b>Changing a running device.</b> Rings are made when a queue starts and belong to the workers from then on. Whatever a front end
 * changes about a queue is changed while no worker has that queue's ring: withdraw, note where it stands, change, make the ring anew,
 * publish. {@link io.patchbay.vhost.net.Virtqueues} does this in one place, so that no message needs to know which others may have come
 * before it. The other queues go on meanwhile, and what changes nothing disturbs nobody: front ends repeat device-wide messages for every
 * queue pair. Two things are done without withdrawing a receive queue, under its lock, since frames that arrive meanwhile would be lost:
 * guest memory is replaced, and a call descriptor (a guest's interrupt balancing replaces those often).
 *
 * <p><b>Starting.</b> A ring starts when SET_VRING_KICK arrives, not at the first kick: the guest may have kicked before we were there. What
 * is pending is served at once, and the guest is called once, since a notification may have been lost before.
 *
 * <p><b>Disabled means untouched.</b> A ring that is disabled is not served at all, neither drained nor filled: Cloud Hypervisor pauses a
 * guest that way and snapshots its memory. What is untouched may also be changed like a ring that was stopped: libkrun resets a device by disabling its
 * rings, and then gives them another size, base and layout.
 *
 * <p><b>Where a ring resumes.</b> The used index in the guest's memory says what we have completed, and completion is in order. If it
 * differs from the base a front end gives (some send the available index after a restart), the used index wins. Of a packed ring, which has none,
 * what a device before us left in it wins when the front end has just come (package io.patchbay.vhost.ring); from then on the front end
 * knows.
 *
 * <p><b>Logging writes.</b> For live migration a front end wants to know which pages the device has written: those of the guest's buffers with
 * VHOST_F_LOG_ALL ({@link io.patchbay.vhost.net.WriteLog}), those of a used ring with VHOST_VRING_F_LOG
 * ({@link io.patchbay.vhost.ring.RingLog}). Each queue collects its pages and logs them before it publishes, once per burst. A queue that
 * must log runs only while there is a log with room for all it may write to: without, it waits and {@code port show} says so, since a page
 * that is written and not logged is a guest whose memory is silently corrupt at the destination. (QEMU gives the log after starting the
 * queues if it connects in the middle of a migration; they wait that long.) Switching off logging does not give up the log; the next one,
 * or the end of the connection, does.
 *
 * <p><b>Offloads.</b> Headers are looked at only if their guest negotiated VIRTIO_NET_F_CSUM, without which it may ask for nothing: most often
 * a header has a cache line of its own. A type that was not negotiated is as wrong as one that does not fit the frame. What a guest
 * changes by VIRTIO_NET_CTRL_GUEST_OFFLOADS its front end keeps to itself; there is no vhost-user message for it.
 *
 * <p><b>Segments without a buffer.</b> A frame that several receivers cannot take whole is cut for each of them anew, as a Linux bridge cuts it at
 * each of its ports: receivers differ in what they take, and keeping the pieces would be memory per flood. Each piece needs a buffer then and
 * there: a 64 KiB segment of 1448-byte packets 46 of them. A guest that has fewer gets the beginning, in order, and loses the end
 * ({@code no_rx_buffer}, once for the frame). A tap in front of vhost-net drops that end, too, when its queue is full, but has a queue (of 1000
 * packets); here, as in OVS-DPDK, the guest's ring is the only one, since a queue of our own would be a second copy of every frame. So a guest
 * without GUEST_TSO wants a ring with room for a few segments; the default of QEMU is 256.
 */
@NullMarked
package io.patchbay.vhost.net;

import org.jspecify.annotations.NullMarked;
