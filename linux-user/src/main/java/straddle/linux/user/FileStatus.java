package straddle.linux.user;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// What stat(2) tells, whatever the layout; from the host's struct stat.
final class FileStatus {
    private final long device;
    private final long inode;
    private final int mode;
    private final long links;
    private final int uid;
    private final int gid;
    private final long specialDevice;
    private final long size;
    private final long blockBytes;
    private final long blocks;
    private final long[] times;

    FileStatus(
            long device,
            long inode,
            int mode,
            long links,
            int uid,
            int gid,
            long specialDevice,
            long size,
            long blockBytes,
            long blocks,
            long[] times) {
        this.device = device;
        this.inode = inode;
        this.mode = mode;
        this.links = links;
        this.uid = uid;
        this.gid = gid;
        this.specialDevice = specialDevice;
        this.size = size;
        this.blockBytes = blockBytes;
        this.blocks = blocks;
        this.times = times;
    }

    long device() {
        return device;
    }

    long inode() {
        return inode;
    }

    int mode() {
        return mode;
    }

    long links() {
        return links;
    }

    int uid() {
        return uid;
    }

    int gid() {
        return gid;
    }

    long specialDevice() {
        return specialDevice;
    }

    long size() {
        return size;
    }

    long blockBytes() {
        return blockBytes;
    }

    long blocks() {
        return blocks;
    }

    long[] times() {
        return times;
    }

    /// Of x86-64's struct stat.
    static final int HOST_BYTES = 144;

    /// @param s the host's structure
    static FileStatus of(MemorySegment s) {
        long[] times = new long[6];
        for (int i = 0; i < 6; i++) {
            times[i] = s.get(ValueLayout.JAVA_LONG, 72 + 8L * i);
        }
        return new FileStatus(
                s.get(ValueLayout.JAVA_LONG, 0),
                s.get(ValueLayout.JAVA_LONG, 8),
                s.get(ValueLayout.JAVA_INT, 24),
                s.get(ValueLayout.JAVA_LONG, 16),
                s.get(ValueLayout.JAVA_INT, 28),
                s.get(ValueLayout.JAVA_INT, 32),
                s.get(ValueLayout.JAVA_LONG, 40),
                s.get(ValueLayout.JAVA_LONG, 48),
                s.get(ValueLayout.JAVA_LONG, 56),
                s.get(ValueLayout.JAVA_LONG, 64),
                times);
    }

    boolean isRegular() {
        return (mode & 0xf000) == 0x8000;
    }

    boolean isDirectory() {
        return (mode & 0xf000) == 0x4000;
    }
}
