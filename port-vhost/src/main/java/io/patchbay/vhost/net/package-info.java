/**
 * The virtio network device behind a vhost-user port: the TX and RX loops, and what front ends can make of it.
 *
 * <p>The two loops carry the guest's names. {@link io.patchbay.vhost.net.GuestTxQueue} is a virtqueue the guest transmits on: the switch
 * receives from it. {@link io.patchbay.vhost.net.GuestRxQueue} is one the guest receives on: the switch transmits to it.
 *
 * <p><b>Changing a running device.</b> Rings are made when a queue starts and belong to the workers from then on. Whatever a front end
 * changes about a queue is changed while no worker has that queue's ring: withdraw, note where it stands, change, make the ring anew,
 * publish. {@link io.patchbay.vhost.net.VhostNetDevice} does this in one place, so that no message needs to know which others may have come
 * before it. The other queues go on meanwhile, and what changes nothing disturbs nobody: front ends repeat device-wide messages for every
 * queue pair. Two things are done without withdrawing a receive queue, under its lock, since frames that arrive meanwhile would be lost:
 * guest memory is replaced, and a call descriptor (a guest's interrupt balancing replaces those often).
 *
 * <p><b>Starting.</b> A ring starts when SET_VRING_KICK arrives, not at the first kick: the guest may have kicked before we were there. What
 * is pending is served at once, and the guest is called once, since a notification may have been lost before.
 *
 * <p><b>Disabled means untouched.</b> A ring that is disabled is not served at all, neither drained nor filled: Cloud Hypervisor pauses a
 * guest that way and snapshots its memory.
 *
 * <p><b>Where a ring resumes.</b> The used index in the guest's memory says what we have completed, and completion is in order. If it
 * differs from the base a front end gives (some send the available index after a restart), the used index wins.
 */
@NullMarked
package io.patchbay.vhost.net;

import org.jspecify.annotations.NullMarked;
