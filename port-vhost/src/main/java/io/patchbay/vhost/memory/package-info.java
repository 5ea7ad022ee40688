/**
 * Guest memory as the device may touch it.
 *
 * <p>Every region is one {@link java.lang.foreign.MemorySegment} of exactly the region's size: an address that passes all checks by
 * mistake is an exception in one port and never a read of somebody else's memory. There is no segment for the whole address space.
 *
 * <p>Two address spaces lead into the same regions, and must not be mixed up: descriptors hold guest-physical addresses; the vhost-user
 * messages say where the rings are in the front end's own addresses.
 *
 * <p><b>Which accesses are allowed.</b> A front end can shrink the file behind a region at any time; the access then faults. The Java
 * virtual machine turns that into an {@link java.lang.InternalError} for plain reads and writes, acquire loads and
 * {@link java.lang.foreign.MemorySegment#copy}, but dies of it in interpreted 16-bit release or volatile stores, in compare-and-set, in
 * checksum intrinsics, and in native code that is handed the pointer. So guest memory is written with plain stores behind an explicit
 * release fence, and never by read-modify-write.
 *
 * <p><b>Which files.</b> Touching a page of an ordinary file may have to wait for a disk, or for a program behind a FUSE mount that never answers,
 * and the worker waits with all its guests. So memory must be memory ({@link io.patchbay.vhost.memory.MemoryRules}), unless the operator says that
 * the front end is trusted. Pages that nobody has touched before are made when we touch them, and a container's memory limit counts
 * them as ours.
 *
 * <p><b>What a read gives when the page has gone.</b> In compiled code the load is skipped, the code goes on with whatever its register held, and
 * the error is raised later, at the end of some loop. The value is then not only arbitrary: after a load of 8, 16 or 32 bits it may be
 * outside the range of its type, while the compiler has left out every check and conversion that the type makes superfluous. A wild
 * address is the result (seen as the end of the process). So a number from guest memory that becomes an index, an offset or a
 * length is read as 64 bits, where every pattern is a number, or is masked with something the compiler does not know after the load.
 *
 * <p>Who has to know at once, and has no loop around it that catches errors, as a worker has, calls something native before it ends its {@code try}: on the way
 * back the virtual machine raises what it has kept ({@link java.lang.Thread#yield} will do).
 *
 * <p><b>The dirty log</b> ({@link io.patchbay.vhost.memory.DirtyLog}) is front-end memory too, and its bits must be set atomically, since other
 * queues set and the front end clears bits of the same word. What survives a file that is shrunk at any moment, on Temurin 25, x86-64:
 *
 * <pre>
 *                                            interpreted    compiled (C1, C2)
 *  compareAndSet                             dies           survives
 *  getAndBitwiseOr, getAndAdd, getAndSet     dies *         survives
 *  FUTEX_WAKE_OP with FUTEX_OP_OR            survives       survives
 *
 *  * only if the file shrinks within the call: a volatile read comes first, and fails as an error if the file was shrunk before
 * </pre>
 *
 * <p>No method can be kept from being interpreted (it may be compiled late, and thrown back), so the kernel sets the bits
 * ({@link io.patchbay.core.linux.AtomicBits}). It costs a system call of some hundred nanoseconds for each page that has become dirty since
 * the front end last looked, and a plain read for each page that is dirty already, however often it is written. A log whose file is sealed
 * against shrinking could be written by Java itself; not all front ends seal it, and two ways to do one thing need a better reason.
 */
@NullMarked
package io.patchbay.vhost.memory;

import org.jspecify.annotations.NullMarked;
