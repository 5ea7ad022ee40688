package io.patchbay.vhost.net;

import io.patchbay.vhost.session.SessionServer;
import java.util.List;
import java.util.Optional;

/**
 * What {@code port show} says of a vhost-user port.
 *
 * @param socket where front ends connect
 * @param session how the conversations went
 * @param device what the present front end has made of the device
 */
public record VhostDetails(String socket, Optional<SessionServer.Statistics> session, Optional<Device> device) {

    /**
     * @param features negotiated virtio features, by name
     * @param protocolFeatures negotiated vhost-user features, by name
     * @param status virtio device status
     * @param mtu largest packet the front end has announced, 0 if it has not
     */
    public record Device(
            List<String> features,
            List<String> protocolFeatures,
            int status,
            long mtu,
            List<Region> memory,
            List<Queue> queues) {}

    public record Region(String guestAddress, long bytes, boolean sealed) {}

    /** @param state {@code running}, or why not */
    public record Queue(int index, String direction, String layout, int size, boolean enabled, String state) {}
}
