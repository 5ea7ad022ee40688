/**
 * The vhost-user messages: their layout, which there are, and how they are read and written. Nothing here keeps state.
 *
 * <p>{@link io.patchbay.vhost.wire.Request} is the one table of what a message must look like: payload, number of descriptors, whether it is
 * always answered. Whoever handles a message can rely on that form and on nothing else.
 */
@NullMarked
package io.patchbay.vhost.wire;

import org.jspecify.annotations.NullMarked;
