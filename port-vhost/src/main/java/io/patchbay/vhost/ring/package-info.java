/**
 * The device's side of a virtqueue.
 *
 * <p>A ring hands out descriptor chains as lists of memory segments that were checked against guest memory, and takes them back as used.
 * It knows nothing of frames. Which layout a queue has is decided once, when it starts.
 *
 * <p><b>The guest is hostile.</b> Every ring field is read once into a local, checked, and the local is used. A chain is at most as long
 * as the specification allows, so a loop of descriptors ends. What is wrong with one chain costs that chain; what is wrong with the ring
 * itself (an available index that jumps further than the ring is long, a head outside the table, a packed chain without an end) breaks the
 * ring, since nothing after it can be trusted.
 *
 * <p><b>Completion is strictly in order</b>, so the used index says all there is to know about where a queue stands. That is what
 * VIRTIO_F_IN_ORDER promises, and so it is offered. A driver that has accepted it may be told of a batch by its last buffer alone. Packed
 * rings do so where the guest sends: one descriptor is written instead of one per frame, in memory the driver writes next. Split rings do
 * not, because used elements cost nothing there; nor does any ring where the guest receives, since a buffer that is skipped counts as full.
 *
 * <p><b>A packed ring has no used index in memory.</b> Where it stands is known to us and to the front end, which asks when it stops a queue.
 * A front end whose back end dies cannot ask, so such a queue can only be resumed by a front end that resets it.
 */
@NullMarked
package io.patchbay.vhost.ring;

import org.jspecify.annotations.NullMarked;
