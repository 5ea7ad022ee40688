/**
 * What the switch and a port owe each other.
 *
 * <pre>
 *   control thread of the port                          worker
 *   ──────────────────────────                          ──────
 *   Port.start(PortContext)
 *     PortContext.publish(PortQueues) ── snapshot ──►   ReceiveQueue.poll / release
 *                                                       Transmitter.transmit
 *     PortContext.publish(PortQueues.NONE)
 *     (returns when no worker uses the old queues)
 *   frees rings, mappings, descriptors
 * </pre>
 *
 * <p>A port kind is a {@link io.patchbay.core.port.PortProvider} found by {@link java.util.ServiceLoader}; the core knows kinds only
 * by the name they answer to in the configuration.
 *
 * <p><b>Threads.</b> Queues belong to workers from the moment they are published until the {@code publish} that replaces them returns.
 * Everything else of a port belongs to the port's own control thread. A port that must change a queue in any way (memory table, kick
 * descriptor, a feature) publishes itself without it, changes it, and publishes it again: a pause of one worker turn, and no lock or
 * volatile field on the path of a frame.
 *
 * <p><b>Uplinks.</b> An {@link io.patchbay.core.port.Uplink} is the part that tap, macvtap and raw-socket ports have in common: a device that
 * may go away and come back, looked after by a thread that sleeps until the kernel announces a change. What differs is an
 * {@link io.patchbay.core.port.UplinkDevice}.
 *
 * <p><b>Between port and switch</b> there may be others that are a port to the one side and the switch to the other: a {@link
 * io.patchbay.core.port.GatedPort} before every port, which the operator can close, and an {@link io.patchbay.core.port.pair.Pair} behind which
 * two ports are one. They exchange what is published, and touch no frame. A control thread that comes through several of them takes their locks in
 * that order, from the port towards the switch, and nobody calls the other way while holding one.
 *
 * <p><b>Room.</b> An uplink that takes no more ({@link io.patchbay.core.port.Pressure}) drops, or holds senders back
 * ({@link io.patchbay.core.port.HoldingTransmitter}). Holding is never the default: it stops all that a sender has behind the frame that waits, also
 * what is for others. It is bounded, because an uplink can be stuck for good. Copies of floods do not wait: one full port would stop everybody who
 * sends to a group. A guest's port always drops, as any switch does with a receiver that does not listen: a guest could otherwise hold its neighbours
 * back by giving no buffers.
 *
 * <p>An uplink is read also while all that comes from it is for a guest that has no buffers, although it would be cheaper to leave that to the kernel: a
 * frame costs some 2.5 µs to be read and dropped, and a fraction of that if the kernel drops it because nobody reads. But the kernel does not know whose
 * frames it drops. Passing such an uplink over for a millisecond, until something was delivered again, took 0.26 instead of 0.58 of a processor, and of
 * pings to another port, behind the same tap, 53 % were lost instead of 2 %, and the others took 7.6 ms instead of 1 (a flood of 64-byte frames, 300 pings
 * each). A pause so short that the kernel's queue holds what comes meanwhile, 100 µs, saves nothing: the frames are all read, and they come in full bursts
 * anyway. What a guest does not take must not cost its neighbours theirs.
 *
 * <p>What waits is not a copy in a queue of ours. It stays where the sender put it, and the sender sees a ring that moves on later.
 *
 * <p><b>Counting.</b> {@code received + injected + flood copies = delivered + dropped}, over all ports, whenever the workers stand still, where injected
 * are frames that the switch made itself ({@link io.patchbay.core.port.PortContext#inject}, {@link io.patchbay.core.port.PortContext#send}). Every
 * drop has a {@link io.patchbay.core.port.DropReason} and is counted where it happens, on the queue that took the frame in or on the
 * one that should have taken it out. What the kernel received for an uplink but had to drop before the switch could read it counts as
 * received too: {@link io.patchbay.core.port.DropReason#KERNEL_DROP}. What is held has been received, and nothing else yet.
 */
@NullMarked
package io.patchbay.core.port;

import org.jspecify.annotations.NullMarked;
