package io.patchbay.vhost.net;

import io.patchbay.vhost.session.Statistics;
import java.util.List;
import java.util.Optional;

/**
 * What {@code port show} says of a vhost-user port.
 *
 * @param socket where front ends connect, or the front end listens
 * @param mode {@code server} or {@code client}
 * @param session how the conversations went
 * @param device what the present front end has made of the device
 */
public record VhostDetails(String socket, String mode, Optional<Statistics> session, Optional<Device> device) {

    /**
     * @param features negotiated virtio features, by name
     * @param protocolFeatures negotiated vhost-user features, by name
     * @param offer what can be negotiated
     * @param layout of the rings: {@code split} or {@code packed}
     * @param status bits of the virtio device status, by name
     * @param mtu largest packet the front end has announced, 0 if it has not
     */
    public record Device(
            List<String> features,
            List<String> protocolFeatures,
            Offer offer,
            String layout,
            List<String> status,
            long mtu,
            List<Region> memory,
            List<Queue> queues) {}

    /**
     * @param notOffered features the switch has and the configuration disables
     * @param stillOffered disabled features that a virtual machine which runs goes on being offered
     * @param missing features a virtual machine which runs was offered, and this version has not
     * @param trouble why a restart of the switch will forget all this; empty if it will not
     */
    public record Offer(List<String> notOffered, List<String> stillOffered, List<String> missing, String trouble) {}

    /** @param sealed whether the front end cannot take the memory away */
    public record Region(String guestAddress, String userAddress, long bytes, boolean sealed) {}

    /**
     * @param state {@code running}, or why not
     * @param kicks wake-ups by the guest
     * @param calls notifications of the guest
     * @param callsSuppressed notifications the guest did not want
     */
    public record Queue(
            int index,
            String direction,
            int size,
            boolean enabled,
            String state,
            long kicks,
            long calls,
            long callsSuppressed) {}
}
