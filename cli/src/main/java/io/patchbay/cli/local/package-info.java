/** What commands with built-in guests have in common: a switch inside their own process, so that they need no daemon, and their frames. */
@NullMarked
package io.patchbay.cli.local;

import org.jspecify.annotations.NullMarked;
