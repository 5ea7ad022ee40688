package io.patchbay.core.control;

import io.patchbay.core.port.GatedPort;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.worker.Switchboard;

/** A port of the running daemon. */
record PluggedPort(
        String name, String type, GatedPort port, PortCounters counters, Switchboard.Attachment attachment) {}
