package io.patchbay.vhost.net;

import io.patchbay.core.linux.EventFd;
import java.util.Optional;

/**
 * The doorbells of a virtqueue.
 *
 * @param kick the guest wakes us; without it the queue is polled
 * @param call we notify the guest; without it the guest wants no notifications
 */
record QueueEvents(Optional<EventFd> kick, Optional<EventFd> call) {}
