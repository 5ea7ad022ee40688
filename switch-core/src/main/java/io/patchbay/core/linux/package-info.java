/**
 * The few system calls the switch needs, through {@link java.lang.foreign}: the only package that calls native code of its own.
 *
 * <p>Bound by hand: some forty functions, each with the few lines that turn its result into Java, are easier to read than what a
 * generator makes of the headers. Layouts of kernel structures stand once, beside a picture: in the class that uses them, or in a {@code
 * Descriptor} of their own where they are many. They are those of 64-bit Linux and are the same on x86-64 and AArch64.
 *
 * <p>Two manners of failing. Calls made by control threads throw {@link io.patchbay.core.linux.LinuxException}. Calls made for frames
 * return {@code -errno}, allocate nothing, and never throw for what the kernel says.
 *
 * <p>{@code Linker.Option.critical} is used only where the call cannot block (it keeps the thread in Java, so that a garbage collection
 * would wait for it).
 */
@NullMarked
package io.patchbay.core.linux;

import org.jspecify.annotations.NullMarked;
