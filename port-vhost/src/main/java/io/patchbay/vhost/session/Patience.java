package io.patchbay.vhost.session;

import java.time.Duration;

/**
 * How long a front end is waited for. Between messages it may be silent for ever.
 *
 * @param message from the first byte of a message to its last
 * @param reply until there is room for a reply
 */
record Patience(Duration message, Duration reply) {

    static final Patience DEFAULT = new Patience(Duration.ofSeconds(5), Duration.ofSeconds(2));
}
