/**
 * Two uplinks as one port, of which one carries all frames and the other waits (mode {@code active-backup}).
 *
 * <pre>
 *                       ┌───────────── Pair ─────────────┐
 *   the switch          │  PairMember ◄── GatedPort ◄── Uplink  eth1, active:  frames pass
 *   sees one port  ◄────┤                                │
 *                       │  PairMember ◄── GatedPort ◄── Uplink  eth2, backup:  frames in are dropped
 *                       └────────────────────────────────┘
 * </pre>
 *
 * <p>To the switch a pair is one {@link io.patchbay.core.port.Port}: addresses are learnt on the pair and stay where they are when the members
 * change roles, and floods go out once. To a member the pair is its {@link io.patchbay.core.port.PortContext}: what the member publishes, the
 * pair composes into what it publishes itself. Nothing is added to the path of a frame of the active member.
 *
 * <p><b>Monitoring.</b> A member can be used while its status is up: while the host has the device up, the device has a carrier, and the
 * operator has not shut it. The kernel announces a change of these, so there is nothing to poll. A link that fails further away is not
 * noticed.
 *
 * <p><b>Fail-over.</b> The network has learnt the stations behind the switch through the link that failed, and would go on sending there until
 * they speak. For each address learnt on any other port a reverse ARP request therefore goes out of the new member, those seen last first; a
 * batch at a time, and all of it twice, since a switch whose link has just come up may not forward yet. They carry no tag, so in a network of
 * tagged frames they teach switches the untagged VLAN only.
 *
 * <p><b>The backup.</b> What comes in on it are copies of floods, or frames of a network that has not learnt yet; forwarded, they would
 * arrive twice and move addresses to and fro. They are read, counted and dropped ({@link io.patchbay.core.port.DropReason#BACKUP_LINK}),
 * as Linux bonding does, so that nothing stale is left when the member becomes active.
 */
@NullMarked
package io.patchbay.core.port.pair;

import org.jspecify.annotations.NullMarked;
