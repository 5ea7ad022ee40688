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
 * <p><b>What a read gives when the page has gone.</b> In compiled code the load is skipped, the code goes on with whatever its register held, and
 * the error is raised later, at the end of some loop. The value is then not only arbitrary: after a load of 8, 16 or 32 bits it may be
 * outside the range of its type, while the compiler has left out every check and conversion that the type makes superfluous. A wild
 * address is the result (seen as the end of the process). So a number from guest memory that becomes an index, an offset or a
 * length is read as 64 bits, where every pattern is a number, or is masked with something the compiler does not know after the load.
 */
@NullMarked
package io.patchbay.vhost.memory;

import org.jspecify.annotations.NullMarked;
