package straddle.linux.user;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// The open directory `/proc/N/fd` of a guest process: names are its descriptors' numbers, not the JVM's.
///
/// Any thread of the process that opened it; the host's descriptor is of the JVM's own directory, for what else may be
/// asked of it.
final class DescriptorList extends OpenFile {
    private static final int DT_DIR = 4;
    private static final int DT_LNK = 10;

    private final GuestProcess process;
    private int next;

    DescriptorList(int host, GuestProcess process) {
        super(host, true);
        this.process = process;
    }

    /// lseek(2) to the beginning.
    synchronized void rewind() {
        next = 0;
    }

    /// Fills memory with records as the host's getdents64(2) does.
    ///
    /// @return their bytes, or 0 at the end
    synchronized long read(MemorySegment to, long bytes) {
        List<String> names = new ArrayList<>(List.of(".", ".."));
        FdTable files = process.files;
        for (int fd = 0; fd < files.length(); fd++) {
            if (files.get(fd) != null) {
                names.add(Integer.toString(fd));
            }
        }
        int at = 0;
        while (next < names.size()) {
            byte[] name = names.get(next).getBytes(StandardCharsets.US_ASCII);
            int length = 19 + name.length + 1 + 7 & -8;
            if (at + length > bytes) {
                break;
            }
            next++;
            to.asSlice(at, length).fill((byte) 0);
            to.set(ValueLayout.JAVA_LONG_UNALIGNED, at, next);
            to.set(ValueLayout.JAVA_LONG_UNALIGNED, at + 8L, next);
            to.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + 16L, (short) length);
            to.set(ValueLayout.JAVA_BYTE, at + 18L, (byte) (next <= 2 ? DT_DIR : DT_LNK));
            MemorySegment.copy(MemorySegment.ofArray(name), 0, to, at + 19L, name.length);
            at += length;
        }
        return at == 0 && next < names.size() ? -Errno.EINVAL : at;
    }
}
