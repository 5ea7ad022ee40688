/**
 * The small HTTP server behind the admin API and the metrics: routes to functions, on Netty. A slow client costs a connection for a while and
 * nothing else; requests are bounded in size and time. Each is read when the answer to the one before is gone, and of as many connections as there may be
 * the oldest is closed for one that comes.
 */
@NullMarked
package io.patchbay.core.control.http;

import org.jspecify.annotations.NullMarked;
