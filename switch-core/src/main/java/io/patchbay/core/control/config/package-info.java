/**
 * The configuration file: JSON, bound to records, and strict. An unknown key, a missing one, a wrong type or a bad value is an error that says
 * where it stands (file, line, JSON path), what stands there, and what may stand there. Nothing is started from a file with an error.
 *
 * <p>Errors are reported together as far as they can be found together: text that is not JSON, or a key given twice, hides everything else, and of an
 * object that lacks a key it must have only keys and types are looked at, not what values may be.
 *
 * <p>The settings of a port are bound to the record its kind declares, so the core needs to know no kind. A pair is none: it is made of ports of
 * any kind that can be a member, and reaches nothing by itself.
 */
@NullMarked
package io.patchbay.core.control.config;

import org.jspecify.annotations.NullMarked;
