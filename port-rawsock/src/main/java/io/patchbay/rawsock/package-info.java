/**
 * Ports to a network interface of the host by way of an AF_PACKET socket: every frame the interface receives, and frames sent out of it.
 *
 * <p>The socket never hears what it sent itself, and by default makes the interface promiscuous, since frames for the guests behind the switch
 * are not addressed to the interface. The VLAN tag that the kernel takes out of a received frame is put back.
 */
@NullMarked
package io.patchbay.rawsock;

import org.jspecify.annotations.NullMarked;
