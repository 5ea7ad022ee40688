/**
 * The conversation with one front end: framing, form, answers; and the sockets by which front ends are met: one of ours, where they connect
 * ({@link io.patchbay.vhost.session.SocketFile}), or one of theirs, to which we do, for ever.
 *
 * <p>One platform thread per port runs its conversations one after another, so a front end that is slow, silent or hostile keeps nobody
 * waiting but itself. What the messages mean is for a {@link io.patchbay.vhost.session.VhostDevice}.
 *
 * <p><b>Answers.</b> A request with a reply of its own gets that. Any other gets success or failure if the front end asks for it and
 * VHOST_USER_PROTOCOL_F_REPLY_ACK is negotiated, or nothing is yet. A request that is refused without being asked for an answer ends the connection: the
 * front end would go on as if it had been obeyed. A request that is unknown, or part of a feature not on offer, is the exception, as the
 * front end cannot count on it: it is logged and fails, and the connection goes on. Broken framing (version, size, a reply where a request
 * belongs) always ends the connection. Refused features are another: with VHOST_USER_PROTOCOL_F_STATUS the front end learns of them from
 * FEATURES_OK, which is then missing from the device status.
 *
 * <p>What a reply says when its request fails stands in {@link io.patchbay.vhost.wire.Request#failure}. GET_QUEUE_NUM, where peers disagree
 * on the meaning, is decided by the device.
 *
 * <p>SET_LOG_BASE is answered with the 16 bytes of the request: peers disagree on the payload, and that one suits all of them. QEMU looks at
 * none of it, and would take any reply for success and count on a log that nobody keeps; so a refusal ends the connection instead.
 *
 * <p><b>Descriptors</b> belong to the message they arrive with. Those a message must not have are closed, and so are all of a message that
 * is refused for its form, and whatever comes beyond the eight a message can have.
 *
 * <p><b>Limits.</b> A message that was begun, and a reply that was sent, must be finished in time ({@link
 * io.patchbay.vhost.session.Patience}); a front end that says nothing may stay. Log lines are rationed per port, since a front end decides
 * how many there are. One that comes while another is served is turned away at once.
 *
 * <p><b>Processor time.</b> A front end decides how often it connects and what it asks, and each change it makes is noticed by the workers. So
 * what the port's thread has used is counted, and something for the workers with each message; who uses more than its {@link
 * io.patchbay.vhost.session.Allowance} is not read from, nor anybody accepted, until it has been earned. Time is counted rather than messages because
 * messages differ by a factor of a thousand. A lower priority for the thread would not do instead: it holds the lock of a receive queue for moments,
 * in which workers wait for it, and they would wait longer.
 */
@NullMarked
package io.patchbay.vhost.session;

import org.jspecify.annotations.NullMarked;
