package straddle.linux.user;

import static straddle.linux.user.Errno.*;

import java.lang.foreign.MemorySegment;
import straddle.core.user.BadAddressException;
import straddle.core.user.Mapping;
import straddle.core.user.PageSource;
import straddle.core.user.SharedPages;
import straddle.core.user.UserMemory;
import straddle.host.LinuxCall;

/// Calls on the address space.
final class MemoryCalls implements SystemCalls.Handler {
    private static final long PAGE = UserMemory.PAGE_BYTES;
    private static final long LOWEST = 0x1_0000;
    private static final int MAP_SHARED = 1;
    private static final int MAP_SHARED_VALIDATE = 3;
    private static final int MAP_TYPE = 15;
    private static final int MAP_FIXED = 0x10;
    private static final int MAP_ANONYMOUS = 0x20;
    private static final int MAP_FIXED_NOREPLACE = 0x10_0000;
    private static final int MREMAP_MAYMOVE = 1;
    private static final int MREMAP_FIXED = 2;
    private static final int MADV_DONTNEED = 4;
    private static final int MADV_FREE = 8;
    private static final int O_ACCMODE = 3;

    /// As the kernel's vm.max_map_count has it.
    private static final int MOST_MAPPINGS = 65_530;

    private final Kernel kernel;

    MemoryCalls(Kernel kernel) {
        this.kernel = kernel;
    }

    @Override
    public long call(SystemCall call, GuestThread t, long[] a) throws BadAddressException {
        UserMemory memory = t.memory();
        return switch (call) {
            case BRK -> brk(t, a[0]);
            case MMAP -> mmap(t, a[0], a[1], (int) a[2], (int) a[3], (int) a[4], a[5]);
            case MMAP2 -> mmap(t, a[0], a[1], (int) a[2], (int) a[3], (int) a[4], a[5] << 12);
            case MUNMAP -> {
                long length = round(a[1]);
                if (!isRange(memory, a[0], length)) {
                    yield -EINVAL;
                }
                memory.unmap(a[0], length);
                yield 0;
            }
            case MPROTECT -> mprotect(memory, a[0], round(a[1]), a[1], (int) a[2]);
            case MREMAP -> mremap(t, a);
            case MADVISE -> madvise(memory, a);
            case MSYNC -> msync(memory, a[0], round(a[1]));
            case MINCORE -> mincore(memory, a);
            case MLOCK, MLOCK2, MUNLOCK, MLOCKALL, MUNLOCKALL, CACHEFLUSH -> 0;
            case MEMBARRIER -> membarrier(t, (int) a[0]);
            case PROCESS_VM_READV, PROCESS_VM_WRITEV ->
                    RemoteMemory.copy(t, a, call == SystemCall.PROCESS_VM_READV);
            default -> throw new IllegalStateException(call.linuxName());
        };
    }

    private static long round(long length) {
        return length + PAGE - 1 & -PAGE;
    }

    private static boolean isRange(UserMemory memory, long start, long length) {
        return (start & PAGE - 1) == 0
                && start >= 0
                && length > 0
                && start < memory.limit()
                && length <= memory.limit() - start;
    }

    private static long brk(GuestThread t, long wanted) {
        ProgramMemory program = t.process.program;
        synchronized (program) {
            UserMemory memory = program.memory;
            long from = round(program.heapEnd);
            long to = round(wanted);
            if (wanted < program.heapStart || wanted >= memory.limit()) {
                return program.heapEnd;
            }
            if (to > from) {
                if (!memory.isFree(from, to - from) || !t.kernel().mayMap(t.process, to - from)) {
                    return program.heapEnd;
                }
                memory.map(
                        from,
                        to - from,
                        UserMemory.READ | UserMemory.WRITE,
                        false,
                        null,
                        0,
                        "[heap]");
            } else if (to < from) {
                memory.unmap(to, from - to);
            }
            program.heapEnd = wanted;
            return wanted;
        }
    }

    private long mmap(
            GuestThread t,
            long hint,
            long bytes,
            int protection,
            int guestFlags,
            int fd,
            long offset) {
        UserMemory memory = t.memory();
        GuestAbi abi = t.process.abi;
        int flags = abi.mmapFlagsToHost(guestFlags);
        long length = round(bytes);
        if (bytes <= 0 || length <= 0 || (offset & PAGE - 1) != 0 || offset < 0) {
            return -EINVAL;
        }
        if (length > memory.limit()) {
            return -ENOMEM;
        }
        int type = flags & MAP_TYPE;
        boolean shared = type == MAP_SHARED || type == MAP_SHARED_VALIDATE;
        if (!shared && type != 2) {
            return -EINVAL;
        }
        boolean fixed = (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0;
        long at = hint;
        ProgramMemory program = t.process.program;
        synchronized (program) {
            if (fixed) {
                if (!isRange(memory, hint, length)) {
                    return (hint & PAGE - 1) != 0 ? -EINVAL : -ENOMEM;
                }
                if (hint < LOWEST && (flags & MAP_FIXED_NOREPLACE) == 0 && hint < 4096) {
                    return -EPERM;
                }
                if ((flags & MAP_FIXED_NOREPLACE) != 0 && !memory.isFree(hint, length)) {
                    return -EEXIST;
                }
            } else {
                at = hint & -PAGE;
                boolean asHinted =
                        at >= LOWEST && isRange(memory, at, length) && memory.isFree(at, length);
                if (!asHinted) {
                    at = memory.findFree(abi.mmapTop(), LOWEST, length);
                }
                if (at < 0) {
                    return -ENOMEM;
                }
            }
            if (!kernel.mayMap(t.process, length) || memory.mappingCount() >= MOST_MAPPINGS) {
                return -ENOMEM;
            }
            PageSource source = null;
            if ((flags & MAP_ANONYMOUS) == 0) {
                long[] errno = new long[1];
                source = file(t, fd, offset, length, shared, protection, errno);
                if (source == null) {
                    return errno[0];
                }
            } else if (shared) {
                source = new SharedPages(kernel.frames, length, "00:01 0 /dev/zero (deleted)");
            }
            boolean anonymous = (flags & MAP_ANONYMOUS) != 0;
            memory.map(at, length, protection & 7, shared, source, anonymous ? 0 : offset, "");
            return at;
        }
    }

    private PageSource file(
            GuestThread t,
            int fd,
            long offset,
            long length,
            boolean shared,
            int protection,
            long[] errno) {
        int host = t.hostFile(fd);
        if (host < 0) {
            errno[0] = -EBADF;
            return null;
        }
        MemorySegment s = t.scratch.structs();
        LinuxCall.syscall(HostCall.FSTAT, host, s.address(), 0, 0, 0, 0);
        FileStatus status = FileStatus.of(s);
        long flags = LinuxCall.syscall(HostCall.FCNTL, host, 3, 0, 0, 0, 0);
        long mode = flags & O_ACCMODE;
        boolean writes = (protection & UserMemory.WRITE) != 0;
        if (mode == 1 || (flags & Paths.O_PATH) != 0 || shared && writes && mode != 2) {
            errno[0] = (flags & Paths.O_PATH) != 0 ? -EBADF : -EACCES;
            return null;
        }
        String description = Paths.text(kernel.paths.within(Paths.linkOf(host)));
        if (!shared && status.isRegular()) {
            return kernel.filePages.open(host, status, description);
        }
        String shown =
                "%02x:%02x %d %s"
                        .formatted(
                                status.device() >>> 8 & 0xfff,
                                status.device() & 0xff,
                                status.inode(),
                                description);
        try {
            return kernel.sharedFiles.open(
                    kernel.frames, host, status, offset, length, mode == 2, shown);
        } catch (SharedFile.Failure e) {
            errno[0] = -e.errno;
            return null;
        }
    }

    private static long mprotect(
            UserMemory memory, long start, long length, long asked, int protection) {
        if ((start & PAGE - 1) != 0 || (protection & ~0x0300_0007) != 0) {
            return -EINVAL;
        }
        if (asked == 0) {
            return 0;
        }
        if (!isRange(memory, start, length) || memory.mappingCount() >= MOST_MAPPINGS) {
            return -ENOMEM;
        }
        if ((protection & UserMemory.WRITE) != 0) {
            for (Mapping each : memory.mappings()) {
                boolean inside = each.start() < start + length && each.end() > start;
                if (inside
                        && each.shared()
                        && each.source() instanceof SharedFile file
                        && !file.isWritable()) {
                    return -EACCES;
                }
            }
        }
        return memory.protect(start, length, protection & 7) ? 0 : -ENOMEM;
    }

    private long mremap(GuestThread t, long[] a) {
        UserMemory memory = t.memory();
        long from = a[0];
        long old = round(a[1]);
        long wanted = round(a[2]);
        int flags = (int) a[3];
        if (wanted <= 0 || old < 0 || (from & PAGE - 1) != 0 || (flags & ~3) != 0) {
            return -EINVAL;
        }
        ProgramMemory program = t.process.program;
        synchronized (program) {
            if (old == 0 || !isRange(memory, from, old)) {
                return -EINVAL;
            }
            Mapping mapping = memory.mappingAt(from);
            if (mapping == null || mapping.end() < from + old) {
                return -EFAULT;
            }
            boolean fixed = (flags & MREMAP_FIXED) != 0;
            if (!fixed && wanted <= old) {
                if (wanted < old) {
                    memory.unmap(from + wanted, old - wanted);
                }
                return from;
            }
            boolean more = wanted > old;
            if (more && !kernel.mayMap(t.process, wanted - old)
                    || memory.mappingCount() >= MOST_MAPPINGS) {
                return -ENOMEM;
            }
            if (more && mapping.source() instanceof SharedFile file) {
                return growShared(t, mapping, file, a);
            }
            if (!fixed
                    && isRange(memory, from, wanted)
                    && memory.isFree(from + old, wanted - old)) {
                grow(memory, mapping, from + old, from + wanted);
                return from;
            }
            if ((flags & MREMAP_MAYMOVE) == 0) {
                return -ENOMEM;
            }
            long to = fixed ? a[4] : memory.findFree(t.process.abi.mmapTop(), LOWEST, wanted);
            if (to < 0 || !isRange(memory, to, wanted)) {
                return fixed ? -EINVAL : -ENOMEM;
            }
            if (to < from + old && from < to + wanted) {
                return -EINVAL;
            }
            if (fixed) {
                memory.unmap(to, wanted);
            }
            long moved = Math.min(old, wanted);
            memory.move(from, to, moved);
            if (old > moved) {
                memory.unmap(from + moved, old - moved);
            }
            if (wanted > old) {
                grow(memory, memory.mappingAt(to), to + old, to + wanted);
            }
            return to;
        }
    }

    /// The host's mapping doesn't grow: a longer one of the same file takes its place.
    private long growShared(GuestThread t, Mapping mapping, SharedFile file, long[] a) {
        UserMemory memory = t.memory();
        long from = a[0];
        long old = round(a[1]);
        long wanted = round(a[2]);
        boolean fixed = (a[3] & MREMAP_FIXED) != 0;
        boolean inPlace =
                !fixed && isRange(memory, from, wanted) && memory.isFree(from + old, wanted - old);
        long to = from;
        if (!inPlace) {
            if ((a[3] & MREMAP_MAYMOVE) == 0) {
                return -ENOMEM;
            }
            to = fixed ? a[4] : memory.findFree(t.process.abi.mmapTop(), LOWEST, wanted);
            if (to < 0 || !isRange(memory, to, wanted)) {
                return fixed ? -EINVAL : -ENOMEM;
            }
            if (to < from + old && from < to + wanted) {
                return -EINVAL;
            }
        }
        long offset = mapping.offset() + from - mapping.start();
        try {
            PageSource longer = file.again(offset, wanted);
            memory.unmap(from, old);
            memory.map(to, wanted, mapping.protection(), true, longer, offset, mapping.name());
            return to;
        } catch (SharedFile.Failure e) {
            return -e.errno;
        }
    }

    private static void grow(UserMemory memory, Mapping mapping, long start, long end) {
        if (mapping.source() != null) {
            mapping.source().retain();
        }
        memory.map(
                new Mapping(
                        start,
                        end,
                        mapping.protection(),
                        mapping.shared(),
                        mapping.source(),
                        mapping.offset() + start - mapping.start(),
                        mapping.name()));
    }

    private static long madvise(UserMemory memory, long[] a) {
        long length = round(a[1]);
        if ((a[0] & PAGE - 1) != 0) {
            return -EINVAL;
        }
        if (a[1] == 0) {
            return 0;
        }
        if (!isRange(memory, a[0], length)) {
            return -ENOMEM;
        }
        if (a[2] == MADV_DONTNEED || a[2] == MADV_FREE) {
            memory.discard(a[0], length);
        }
        return a[2] > 25 ? -EINVAL : 0;
    }

    private static long msync(UserMemory memory, long start, long length) {
        if ((start & PAGE - 1) != 0) {
            return -EINVAL;
        }
        long result = 0;
        for (Mapping each : memory.mappings()) {
            long from = Math.max(start, each.start());
            long to = Math.min(start + length, each.end());
            if (from < to && each.shared() && each.source() != null) {
                int synced = each.source().sync(each.offset() + from - each.start(), to - from);
                result = synced < 0 ? synced : result;
            }
        }
        return result;
    }

    private static long mincore(UserMemory memory, long[] a) throws BadAddressException {
        long length = round(a[1]);
        if ((a[0] & PAGE - 1) != 0 || !isRange(memory, a[0], length)) {
            return -EINVAL;
        }
        long pages = Math.min(length / PAGE, 1 << 20);
        byte[] present = new byte[(int) pages];
        for (int i = 0; i < pages; i++) {
            if (memory.mappingAt(a[0] + i * PAGE) == null) {
                return -ENOMEM;
            }
            present[i] = 1;
        }
        memory.put(a[2], present);
        return 0;
    }

    /// Whoever shares memory is kicked out of guest code for a moment.
    private static long membarrier(GuestThread t, int command) {
        switch (command) {
            case 0 -> {
                return 1 | 2 | 4 | 8 | 16;
            }
            case 1, 2, 4, 8, 16 -> {
                for (GuestThread each : t.process.threads) {
                    if (each != t) {
                        each.vcpu.kick();
                    }
                }
                return 0;
            }
            default -> {
                return -EINVAL;
            }
        }
    }
}
