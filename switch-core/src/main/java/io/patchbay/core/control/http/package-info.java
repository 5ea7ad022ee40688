/**
 * The small HTTP server behind the admin API and the metrics: routes to functions, on Netty. A slow client costs a connection for a while and
 * nothing else; requests are bounded in size and time.
 */
@NullMarked
package io.patchbay.core.control.http;

import org.jspecify.annotations.NullMarked;
