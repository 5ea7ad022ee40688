/**
 * The conversation with one front end: framing, form, answers; and the socket where front ends come in.
 *
 * <p>One platform thread per port runs its conversations one after another, so a front end that is slow, silent or hostile keeps nobody
 * waiting but itself. What the messages mean is for a {@link io.patchbay.vhost.session.VhostDevice}.
 *
 * <p><b>Answers.</b> A request with a reply of its own gets that. Any other gets success or failure if the front end asks for it and
 * VHOST_USER_PROTOCOL_F_REPLY_ACK is negotiated. A request that is refused without being asked for an answer ends the connection: the
 * front end would go on as if it had been obeyed. An unknown request is the exception, as the front end cannot count on it: it is logged,
 * and the connection goes on. Broken framing (version, size, a reply where a request belongs) always ends the connection.
 *
 * <p><b>Descriptors</b> belong to the message they arrive with. Those a message must not have are closed, and so are all of a message that
 * is refused for its form.
 */
@NullMarked
package io.patchbay.vhost.session;

import org.jspecify.annotations.NullMarked;
