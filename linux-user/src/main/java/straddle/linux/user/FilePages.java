package straddle.linux.user;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import straddle.core.user.Frames;
import straddle.core.user.PageSource;
import straddle.host.LinuxCall;

/// Pages of files that are mapped privately, read once for all processes: a program that is run again finds its code in
/// the same frames, and a vCPU its translations of them.
final class FilePages {
    private static final int PAGE_BYTES = Frames.PAGE_BYTES;
    private static final int READ_AHEAD = 8;

    /// Of pages that nobody may have mapped.
    private static final long MOST_PAGES = 1 << 16;

    private final Frames frames;
    private final Map<Key, Content> contents = new LinkedHashMap<>(16, 0.75f, true);
    private long kept;

    /// A file that has not been written since.
    record Key(long device, long inode, long size, long seconds, long nanos) {
        // A record's own take ten milliseconds to make.
        @Override
        public boolean equals(Object other) {
            return other instanceof Key(long d, long i, long z, long s, long n)
                    && d == device
                    && i == inode
                    && z == size
                    && s == seconds
                    && n == nanos;
        }

        @Override
        public int hashCode() {
            return Long.hashCode(device * 31 + inode ^ nanos);
        }
    }

    private static final class Content {
        final Map<Long, Long> pages = new HashMap<>();
    }

    FilePages(Frames frames) {
        this.frames = frames;
    }

    /// A file's pages.
    ///
    /// @param fd of the host's; the source takes a copy
    PageSource open(int fd, FileStatus status, String description) {
        int own = (int) LinuxCall.syscall(HostCall.FCNTL, fd, 1030, 3, 0, 0, 0);
        long[] times = status.times();
        Key key = new Key(status.device(), status.inode(), status.size(), times[2], times[3]);
        return new Source(own, key, description);
    }

    private final class Source extends PageSource {
        private final int fd;
        private final Key key;
        private final String description;

        Source(int fd, Key key, String description) {
            this.fd = fd;
            this.key = key;
            this.description = description;
        }

        @Override
        public long page(long offset) {
            if (offset < 0 || offset >= key.size) {
                return BEYOND;
            }
            synchronized (FilePages.this) {
                Content content = contents.computeIfAbsent(key, _ -> new Content());
                Long there = content.pages.get(offset);
                if (there == null) {
                    if (!read(content, offset)) {
                        return NO_MEMORY;
                    }
                    there = content.pages.get(offset);
                }
                frames.retain(there);
                return there;
            }
        }

        private boolean read(Content content, long from) {
            for (int i = 0; i < READ_AHEAD; i++) {
                long offset = from + (long) i * PAGE_BYTES;
                if (offset >= key.size || content.pages.containsKey(offset)) {
                    return i > 0;
                }
                long frame = frames.allocate();
                if (frame == 0) {
                    return i > 0;
                }
                long at = frames.hostAddress(frame);
                long done = 0;
                while (done < PAGE_BYTES) {
                    long n =
                            LinuxCall.syscall(
                                    HostCall.PREAD64,
                                    fd,
                                    at + done,
                                    PAGE_BYTES - done,
                                    offset + done,
                                    0,
                                    0);
                    if (n <= 0 && n != -Errno.EINTR) {
                        break;
                    }
                    done += Math.max(n, 0);
                }
                content.pages.put(offset, frame);
                kept++;
            }
            trim(content);
            return true;
        }

        @Override
        public String description() {
            return "%02x:%02x %d %s"
                    .formatted(key.device >>> 8 & 0xfff, key.device & 0xff, key.inode, description);
        }

        @Override
        protected void close() {
            LinuxCall.syscall(HostCall.CLOSE, fd, 0, 0, 0, 0, 0);
        }
    }

    /// Forgets the files that were used longest ago.
    private void trim(Content but) {
        var all = contents.values().iterator();
        while (kept > MOST_PAGES && all.hasNext()) {
            Content each = all.next();
            if (each != but) {
                kept -= each.pages.size();
                each.pages.values().forEach(frames::release);
                all.remove();
            }
        }
    }
}
