/**
 * The duty cycle: poll, forward, transmit, release; and what to do when there is nothing to do.
 *
 * <pre>
 *        ┌─────────────────────────── turn ───────────────────────────┐
 *        │  adopt the newest Topology, if there is a newer one        │
 *        │  for each receive queue of ours, starting one further on:  │
 *        │    poll a burst ► route ► gather                           │
 *        │  to each receiver at once, transmit ► release all          │
 *        │  again for queues that had more, until budgets are spent   │
 *        │  or until the turn takes too long: then the next goes on   │
 *        └──────────────┬─────────────────────────────────────────────┘
 *          nothing done │ for as long as the idle policy spins
 *                       ▼
 *          arm all queues ► look once more ► sleep in the kernel ► disarm
 * </pre>
 *
 * <p>A queue that rings while its worker sleeps is served from within the waiter's loop, alone, before anything else: what Netty has to do after a sleep is
 * another system call, disarming and clearing are one or more for each queue, and to look at sixty other queues whose memory has left the caches takes as long
 * as all of waking up. A turn like any other follows. For the same reason only descriptors that rang are cleared
 * ({@link io.patchbay.core.worker.WakeUps}).
 *
 * <p>{@link io.patchbay.core.worker.Switchboard} publishes immutable {@link io.patchbay.core.worker.Topology topologies}. A worker reads
 * the newest one once per turn and says which it has adopted: from then on it uses nothing of any earlier one. That is the only
 * synchronisation between control and data path; whoever withdraws a queue waits for it and may then free the memory.
 *
 * <p>Bursts wait for each other ({@link io.patchbay.core.worker.Gathering}) only if there is little in them for each receiver: with 64 ports that all
 * talk to each other, a frame takes half as long or less. A burst that is enough for its receivers is delivered at once: two guests that talk to each
 * other as fast as they can are 7 to 10 % slower if theirs wait, and still some 3 % slower than before there was gathering.
 *
 * <p>A burst of which something waits for a full uplink is kept as it is ({@link io.patchbay.core.worker.HeldBursts}), the worker goes on with another,
 * and the queue it came from is passed over, also when the worker goes to sleep. It is offered again at the beginning of every turn, and the sleep ends
 * when the kernel has room. A queue that is withdrawn meanwhile keeps what was not sent: a frame may then be delivered twice, if it stood behind one
 * that waited and was for somebody else, but none is lost.
 *
 * <p>Guest memory can disappear under us, which Java reports as an {@link java.lang.InternalError} at some later instruction. The
 * worker catches it around each queue's share of the turn, asks the ports whose memory is no longer whole, and takes that port out of
 * service; values read meanwhile were never trusted anyway.
 */
@NullMarked
package io.patchbay.core.worker;

import org.jspecify.annotations.NullMarked;
