/**
 * The device's side of a virtqueue.
 *
 * <p>A ring hands out descriptor chains as lists of memory segments that were checked against guest memory, and takes them back as used.
 * It knows nothing of frames. Which layout a queue has is decided once, when it starts.
 *
 * <p><b>The guest is hostile.</b> Every ring field is read once into a local, checked, and the local is used. A chain is at most as long
 * as the specification allows, so a loop of descriptors ends. What is wrong with one chain costs that chain; what is wrong with the ring
 * itself (an available index that jumps further than the ring is long, a head outside the table) breaks the ring, since nothing after it
 * can be trusted.
 *
 * <p><b>Completion is strictly in order</b>, so the used index says all there is to know about where a queue stands.
 */
@NullMarked
package io.patchbay.vhost.ring;

import org.jspecify.annotations.NullMarked;
