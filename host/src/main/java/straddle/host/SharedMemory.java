package straddle.host;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamUnavailableException;
import straddle.linux.libc.Libc;

/// Zero-filled anonymous memory that KVM's memory slots, the translator and devices share: memfd_create(2), mmap(2).
public final class SharedMemory {
    private static final int PAGE_BYTES = 4096;
    private static final Path MEMINFO = Path.of("/proc/meminfo");

    /// Guest RAM of this memory.
    public static final RamAllocator RAM = SharedMemory::ram;

    private SharedMemory() {}

    private static MemorySegment ram(String name, long bytes, Arena arena)
            throws RamUnavailableException {
        try {
            return allocate(name, bytes, arena);
        } catch (HostException e) {
            throw new RamUnavailableException(e.getMessage(), e);
        }
    }

    /// Maps `bytes` bytes, in huge pages where the host allows it.
    ///
    /// @param name shown in the host's `/proc/PID/maps`: up to 200 characters
    /// @param bytes a multiple of 4,096
    /// @param arena when it closes, the memory goes
    /// @throws HostException if the size is none, is not whole pages, is more than the host has, or can't be mapped
    @SuppressWarnings("restricted")
    public static MemorySegment allocate(String name, long bytes, Arena arena)
            throws HostException {
        check(name, bytes);
        int fd = NativeCall.memfdCreate(name, Libc.MFD_CLOEXEC());
        if (fd < 0) {
            throw new HostException("memfd_create", -fd, whatToDo(name, bytes));
        }
        long address;
        try {
            int sized = NativeCall.ftruncate(fd, bytes);
            if (sized < 0) {
                throw new HostException("ftruncate", -sized, whatToDo(name, bytes));
            }
            address =
                    NativeCall.mmap(
                            bytes, Libc.PROT_READ() | Libc.PROT_WRITE(), Libc.MAP_SHARED(), fd);
            if (address < 0) {
                throw new HostException("mmap", (int) -address, whatToDo(name, bytes));
            }
        } finally {
            // The mapping keeps the memory; the descriptor has no further use.
            NativeCall.close(fd);
        }
        // A kernel without transparent huge pages refuses the advice, which costs speed alone.
        NativeCall.madvise(address, bytes, Libc.MADV_HUGEPAGE());
        return MemorySegment.ofAddress(address)
                .reinterpret(bytes, arena, memory -> NativeCall.munmap(memory.address(), bytes));
    }

    /// Gives pages back to the host's page tables; what they hold stays, as the memory is shared. A
    /// software KVM drops its translations of them.
    public static void dropMappings(MemorySegment pages) throws HostException {
        int result = NativeCall.madvise(pages.address(), pages.byteSize(), Libc.MADV_DONTNEED());
        if (result < 0) {
            throw new HostException("madvise(MADV_DONTNEED)", -result, "");
        }
    }

    private static void check(String name, long bytes) throws HostException {
        if (bytes <= 0 || bytes % PAGE_BYTES != 0) {
            throw new HostException(
                    "memfd_create",
                    0,
                    "%s can't have %,d bytes: its size is a multiple of 4,096, and not 0."
                            .formatted(name, bytes));
        }
        long host = hostBytes();
        if (bytes > host) {
            throw new HostException(
                    "memfd_create",
                    0,
                    "%s can't have %s: this host has %s of memory in all. Give the guest less."
                            .formatted(name, size(bytes), size(host)));
        }
    }

    private static String whatToDo(String name, long bytes) {
        return "%s was to have %s. Give the guest less, or free memory on the host."
                .formatted(name, size(bytes));
    }

    /// Memory and swap, used or not; everything if the host doesn't tell.
    private static long hostBytes() {
        try (Stream<String> lines = Files.lines(MEMINFO)) {
            return lines.filter(
                            line -> line.startsWith("MemTotal:") || line.startsWith("SwapTotal:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                    .sum();
        } catch (IOException _) {
            return Long.MAX_VALUE;
        }
    }

    private static String size(long bytes) {
        return bytes >= 1L << 30
                ? "%,.1f GiB".formatted((double) bytes / (1L << 30))
                : "%,.1f MiB".formatted((double) bytes / (1L << 20));
    }
}
