package io.patchbay.vhost.session;

import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.UnixSocket;
import io.patchbay.vhost.wire.LogDescription;
import io.patchbay.vhost.wire.RegionDescription;
import io.patchbay.vhost.wire.VringAddresses;
import java.util.List;
import java.util.Optional;

/**
 * What a front end can ask of the device, once a message is known to be well formed: the right size, and the right number of
 * descriptors. Values inside the messages are for the device to check.
 *
 * <p>Called by the session's thread only. Every descriptor passed becomes the device's own, also when it refuses. Virtqueue indices are
 * passed in full width, unchecked.
 */
public interface VhostDevice {

    /** A conversation begins, with that process. */
    void connected(UnixSocket.Peer peer);

    /** GET_FEATURES: every feature bit on offer. */
    long offeredFeatures();

    /** SET_FEATURES; may be repeated, and may come while queues run. */
    void setFeatures(long features) throws RefusedException;

    /** GET_PROTOCOL_FEATURES: every protocol feature bit on offer. */
    long offeredProtocolFeatures();

    /** SET_PROTOCOL_FEATURES. */
    void setProtocolFeatures(long features) throws RefusedException;

    /** SET_OWNER. */
    void setOwner();

    /** RESET_OWNER: stops all queues. */
    void resetOwner();

    /** RESET_DEVICE: every queue stopped and disabled, as after connecting; memory and negotiated protocol stay. */
    void resetDevice();

    /** SET_MEM_TABLE: replaces all of guest memory, one descriptor per region in the same order. */
    void setMemoryTable(List<RegionDescription> regions, List<Fd> files) throws RefusedException;

    /** GET_MAX_MEM_SLOTS. */
    int maxMemorySlots();

    /** ADD_MEM_REG. */
    void addMemoryRegion(RegionDescription region, Fd file) throws RefusedException;

    /** REM_MEM_REG: the region with the same addresses and size; its file offset does not matter. */
    void removeMemoryRegion(RegionDescription region) throws RefusedException;

    /** SET_LOG_BASE: where pages the device writes are logged from now on, instead of any log before. */
    void setLogBase(LogDescription log, Fd file) throws RefusedException;

    /** SET_LOG_FD: signalled after something was logged. */
    void setLogSignal(Fd signal) throws RefusedException;

    /** SET_VRING_NUM. */
    void setVringSize(long index, long size) throws RefusedException;

    /** SET_VRING_ADDR. */
    void setVringAddresses(VringAddresses addresses) throws RefusedException;

    /** SET_VRING_BASE. */
    void setVringBase(long index, long base) throws RefusedException;

    /** GET_VRING_BASE: stops the queue and says where it stands. */
    long stopVring(long index) throws RefusedException;

    /** SET_VRING_KICK: starts the queue. Without a descriptor it must be polled. */
    void setVringKick(int index, Optional<Fd> kick) throws RefusedException;

    /** SET_VRING_CALL. Without a descriptor the guest wants no notification. */
    void setVringCall(int index, Optional<Fd> call) throws RefusedException;

    /** SET_VRING_ERR. */
    void setVringError(int index, Optional<Fd> error) throws RefusedException;

    /** SET_VRING_ENABLE. */
    void setVringEnabled(long index, boolean enabled) throws RefusedException;

    /** GET_QUEUE_NUM: queue pairs the device can have, doubled where a front end counts queues. */
    int queueNumber();

    /** SEND_RARP: announce that the guest with this MAC address is now here. */
    void announce(long address) throws RefusedException;

    /** NET_SET_MTU. */
    void setMtu(long mtu) throws RefusedException;

    /** GET_STATUS: the virtio device status, 0 to 255. */
    int status();

    /** SET_STATUS; 0 resets the device. */
    void setStatus(int status) throws RefusedException;

    /** The connection is over: every queue is stopped, all memory and descriptors are given back before this returns. */
    void disconnected();
}
