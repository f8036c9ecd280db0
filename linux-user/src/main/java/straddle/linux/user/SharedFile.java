package straddle.linux.user;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.ConcurrentHashMap;
import straddle.core.memory.Region;
import straddle.core.user.Frames;
import straddle.core.user.PageSource;
import straddle.host.LinuxCall;

/// A file mapped with MAP_SHARED: the host's own pages.
///
/// The same part of a file is mapped once, for all that map it: so stores through one mapping are noticed where another one
/// executes what they change.
final class SharedFile extends PageSource {
    private final Frames frames;
    private final int fd;
    private final long start;
    private final long length;
    private final Arena arena = Arena.ofShared();
    private final Region.Ram ram;
    private final String description;
    private final boolean writable;

    /// In the table of those that are open; null for none.
    private Part part;

    /// What of which file, as its descriptor was opened.
    private record Part(long device, long inode, long start, long length, boolean writable) {}

    /// Those that are mapped, of a run.
    static final class Open {
        private final ConcurrentHashMap<Part, SharedFile> files = new ConcurrentHashMap<>();

        /// @param writable whether the file was opened for it
        /// @return the source, with one mapping more
        PageSource open(
                Frames frames,
                int fd,
                FileStatus status,
                long start,
                long length,
                boolean writable,
                String description)
                throws Failure {
            if (!status.isRegular()) {
                return SharedFile.open(frames, fd, start, length, writable, description);
            }
            Part part = new Part(status.device(), status.inode(), start, length, writable);
            synchronized (this) {
                SharedFile there = files.get(part);
                if (there != null && there.retainIfOpen()) {
                    return there;
                }
                SharedFile made = SharedFile.open(frames, fd, start, length, writable, description);
                made.part = part;
                made.others = files;
                files.put(part, made);
                return made;
            }
        }
    }

    private ConcurrentHashMap<Part, SharedFile> others;

    private SharedFile(
            Frames frames,
            int fd,
            long start,
            long length,
            long address,
            boolean writable,
            String description) {
        this.frames = frames;
        this.writable = writable;
        this.fd = fd;
        this.start = start;
        this.length = length;
        this.description = description;
        ram = frames.addMapping("file", LinuxCall.adopt(address, length, arena), arena);
    }

    private static SharedFile open(
            Frames frames, int fd, long start, long length, boolean writable, String description)
            throws Failure {
        int own = (int) LinuxCall.syscall(HostCall.FCNTL, fd, 1030, 3, 0, 0, 0);
        if (own < 0) {
            throw new Failure(-own);
        }
        long address = LinuxCall.syscall(HostCall.MMAP, 0, length, writable ? 3 : 1, 1, own, start);
        if (GuestAbi.isError(address)) {
            LinuxCall.syscall(HostCall.CLOSE, own, 0, 0, 0, 0, 0);
            throw new Failure((int) -address);
        }
        return new SharedFile(frames, own, start, length, address, writable, description);
    }

    /// Another part of the same file.
    PageSource again(long offset, long bytes) throws Failure {
        return open(frames, fd, offset, bytes, writable, description);
    }

    /// The host refused.
    static final class Failure extends Exception {
        private static final long serialVersionUID = 1L;
        final int errno;

        Failure(int errno) {
            super("errno " + errno, null, false, false);
            this.errno = errno;
        }
    }

    /// A page behind the file's present end would be a host SIGBUS.
    @Override
    public long page(long offset) {
        if (offset < start || offset >= start + length || offset >= size()) {
            return BEYOND;
        }
        return ram.gpa() + offset - start;
    }

    private long size() {
        try (Arena local = Arena.ofConfined()) {
            MemorySegment status = local.allocate(FileStatus.HOST_BYTES, 8);
            LinuxCall.syscall(HostCall.FSTAT, fd, status.address(), 0, 0, 0, 0);
            long mode = status.get(ValueLayout.JAVA_INT, 24);
            boolean regular = (mode & 0xf000) == 0x8000;
            return regular ? status.get(ValueLayout.JAVA_LONG, 48) : Long.MAX_VALUE;
        }
    }

    /// Whether programs may store to it.
    boolean isWritable() {
        return writable;
    }

    @Override
    public boolean isPersistent() {
        return true;
    }

    @Override
    public int sync(long offset, long bytes) {
        return (int)
                LinuxCall.syscall(
                        HostCall.MSYNC, ram.hva(ram.gpa() + offset - start), bytes, 4, 0, 0, 0);
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    protected void close() {
        if (part != null) {
            others.remove(part, this);
        }
        frames.removeMapping(ram);
        arena.close();
        LinuxCall.syscall(HostCall.CLOSE, fd, 0, 0, 0, 0, 0);
    }
}
