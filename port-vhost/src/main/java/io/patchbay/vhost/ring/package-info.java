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
 * <p><b>A packed ring has no used index in memory.</b> Where it stands is known to us and to the front end, which asks when it stops a queue; one
 * whose back end was killed could not ask. So the device leaves its position in memory, where it disturbs nobody: in the offset of its event
 * suppression area, which drivers read only with RING_EVENT_FLAGS_DESC. With that, the offset is where the device wants to be kicked, and
 * since it asks for that with nothing in hands, that is its position too. It is never 0 otherwise, which is what a driver leaves there that has just
 * made the ring: position 0 of an even round is written as the end of the odd one.
 *
 * <p>It is written after each batch has become visible. A process that is killed between the two leaves a position from which used
 * descriptors follow, and those can be passed, because each says how many it stands for: by NEXT, which drivers ignore in a used descriptor, or
 * for a batch of VIRTIO_F_IN_ORDER by its length, which they ignore where nothing was written. The reverse order would leave a position behind
 * a batch that the driver waits for, and no way to find its beginning. A batch that is being written, seen from outside, has used
 * descriptors behind a first that is not: {@link io.patchbay.vhost.ring.PackedResume} shows that one, all of it empty.
 *
 * <p>Other devices leave something else there, or an old position. So it counts only if the ring bears it out: all descriptors from
 * there to where the driver goes on are available, and a used chain ends there. A guest that makes one up breaks its own queue.
 */
@NullMarked
package io.patchbay.vhost.ring;

import org.jspecify.annotations.NullMarked;
