package io.patchbay.core.worker;

import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.ReceiveQueue;

/** A receive queue in the care of one worker. */
record Inlet(Plug plug, ReceiveQueue queue, QueueCounters counters) {}
