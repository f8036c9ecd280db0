package straddle.linux.user;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import straddle.host.LinuxCall;

/// An open directory of /proc that names guest processes, their threads or their descriptors, or is such a process's.
///
/// The host's descriptor is of the JVM's own directory, for what else may be asked of it. Any thread.
final class ProcDirectory extends OpenFile {
    /// What is listed.
    enum Kind {
        /// All processes: the host's, and the guest's, which the host knows nothing of.
        PROCESSES,
        /// What the host has for a process.
        PROCESS,
        THREADS,
        DESCRIPTORS
    }

    private static final byte DT_DIR = 4;
    private static final byte DT_LNK = 10;
    private static final int RECORD_BYTES = 19;
    private static final int MOST_BYTES = 32 << 10;

    private record Name(String text, long inode, byte type) {}

    private final Kind kind;
    private final GuestProcess process;

    /// How the program names it.
    private final String path;

    /// Since it was last read from the beginning; null before.
    private List<Name> names;

    private int next;

    /// @param process whose directory it is, or, of all processes', whoever opened it
    ProcDirectory(int host, Kind kind, GuestProcess process, String path) {
        super(host, true);
        this.kind = kind;
        this.process = process;
        this.path = path;
    }

    /// The same directory by another descriptor of the host's.
    ProcDirectory by(int otherHost) {
        return new ProcDirectory(otherHost, kind, process, path);
    }

    String path() {
        return path;
    }

    /// Whether the host lists something else, or less.
    boolean isListed() {
        return kind != Kind.PROCESS;
    }

    /// lseek(2).
    synchronized long seek(long offset, int whence) {
        long to = whence == 1 ? next + offset : offset;
        if (whence < 0 || whence > 1 || to < 0) {
            return -Errno.EINVAL;
        }
        next = (int) Math.min(to, Integer.MAX_VALUE);
        return to;
    }

    /// Fills memory with records as the host's getdents64(2) does.
    ///
    /// @return their bytes, or 0 at the end
    synchronized long read(MemorySegment to, long bytes) {
        if (next == 0 || names == null) {
            names = list();
        }
        int at = 0;
        while (next < names.size()) {
            Name each = names.get(next);
            byte[] name = each.text.getBytes(StandardCharsets.ISO_8859_1);
            int length = RECORD_BYTES + name.length + 1 + 7 & -8;
            if (at + length > bytes) {
                break;
            }
            next++;
            to.asSlice(at, length).fill((byte) 0);
            to.set(ValueLayout.JAVA_LONG_UNALIGNED, at, each.inode);
            to.set(ValueLayout.JAVA_LONG_UNALIGNED, at + 8L, next);
            to.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + 16L, (short) length);
            to.set(ValueLayout.JAVA_BYTE, at + 18L, each.type);
            MemorySegment.copy(
                    MemorySegment.ofArray(name), 0, to, (long) at + RECORD_BYTES, name.length);
            at += length;
        }
        return at == 0 && next < names.size() ? -Errno.EINVAL : at;
    }

    private List<Name> list() {
        if (kind == Kind.PROCESSES) {
            return processes();
        }
        List<Name> all = new ArrayList<>();
        all.add(new Name(".", 1, DT_DIR));
        all.add(new Name("..", 1, DT_DIR));
        if (kind == Kind.THREADS) {
            process.threads.stream()
                    .map(each -> each.tid)
                    .sorted()
                    .forEach(tid -> all.add(numbered(tid, DT_DIR)));
        } else {
            FdTable files = process.files;
            for (int fd = 0; fd < files.length(); fd++) {
                if (files.get(fd) != null) {
                    all.add(numbered(fd, DT_LNK));
                }
            }
        }
        return all;
    }

    private static Name numbered(int number, byte type) {
        return new Name(Integer.toString(number), number + 1L, type);
    }

    /// The host's kernel lists processes last, by ascending number.
    private List<Name> processes() {
        List<Name> all = new ArrayList<>();
        TreeMap<Integer, Name> numbers = new TreeMap<>();
        process.kernel.processes.keySet().forEach(pid -> numbers.put(pid, numbered(pid, DT_DIR)));
        for (Name each : ofHost()) {
            if (each.text.chars().allMatch(Character::isDigit) && each.text.length() < 10) {
                numbers.put(Integer.parseInt(each.text), each);
            } else {
                all.add(each);
            }
        }
        all.addAll(numbers.values());
        return all;
    }

    private List<Name> ofHost() {
        List<Name> all = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment s = arena.allocate(MOST_BYTES, 8);
            LinuxCall.syscall(HostCall.LSEEK, host, 0, 0, 0, 0, 0);
            while (true) {
                long n =
                        LinuxCall.syscall(
                                HostCall.GETDENTS64, host, s.address(), MOST_BYTES, 0, 0, 0);
                if (n <= 0) {
                    return all;
                }
                for (long at = 0; at < n; ) {
                    all.add(
                            new Name(
                                    s.getString(at + RECORD_BYTES, StandardCharsets.ISO_8859_1),
                                    s.get(ValueLayout.JAVA_LONG_UNALIGNED, at),
                                    s.get(ValueLayout.JAVA_BYTE, at + 18)));
                    at += Short.toUnsignedInt(s.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + 16));
                }
            }
        }
    }
}
