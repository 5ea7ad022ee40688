/**
 * The daemon: configuration, ports, admin API, metrics, life and death.
 *
 * <p>{@link io.patchbay.core.control.Daemon} starts everything in order and stops it in reverse; what cannot start stops what did. The admin
 * API and the metrics read counters that workers write; nothing here is ever waited for by a worker.
 */
@NullMarked
package io.patchbay.core.control;

import org.jspecify.annotations.NullMarked;
