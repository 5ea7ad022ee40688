/** A switch inside the command's own process, for commands that show or measure one and need no daemon. */
@NullMarked
package io.patchbay.cli.local;

import org.jspecify.annotations.NullMarked;
