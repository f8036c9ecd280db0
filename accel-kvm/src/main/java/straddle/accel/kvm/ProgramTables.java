package straddle.accel.kvm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import straddle.core.user.Frames;
import straddle.core.user.UserMemory;
import straddle.host.HostException;

/// The page tables that one vCPU runs a program's code under, filled from its [UserMemory] by 2 MiB at a time.
///
/// Rights are added in place. Where one was taken away all is forgotten, since a KVM that shadows tables doesn't see them
/// change; what had been in use is filled in again at once.
///
/// Code that could ask the processor what it is, by CPUID or XGETBV, is left to the translator: a page with such bytes can't be
/// executed here. So a program sees one processor, whatever the host's is.
///
/// Its owner's lock is held.
final class ProgramTables {
    private static final int REGION_SHIFT = 21;
    private static final int ENTRIES = 512;
    private static final int LEVELS = 4;

    /// What one region may take, of all levels.
    private static final int MOST_PAGES = 4;

    /// So many regions are filled in again.
    private static final int MOST_AGAIN = 64;

    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final long EIGHT_0F = 0x0f0f_0f0f_0f0f_0f0fL;
    private static final long EIGHT_01 = 0x0101_0101_0101_0101L;
    private static final long EIGHT_80 = 0x8080_8080_8080_8080L;
    private static final byte OPCODE_0F = 0x0f;
    private static final int CPUID = 0xa2;
    private static final int GROUP_7 = 0x01;
    private static final byte XGETBV = (byte) 0xd0;

    private static final long POINTER =
            UserTables.PRESENT | UserTables.WRITABLE | UserTables.USER | UserTables.ACCESSED;

    private final ProgramVm vm;
    private final Frames frames;
    private final TablePool pool;
    private final Monitor monitor;

    /// The lowest tables, by number of their 2 MiB.
    private final Map<Long, Integer> regions = new HashMap<>();

    private final long[] pages = new long[ENTRIES];
    private int root = -1;
    private boolean stale;
    private long fills;
    private long resets;

    ProgramTables(ProgramVm vm, Frames frames, TablePool pool) {
        this.vm = vm;
        this.frames = frames;
        this.pool = pool;
        monitor = new Monitor(pool);
    }

    Monitor monitor() {
        return monitor;
    }

    long fills() {
        return fills;
    }

    long resets() {
        return resets;
    }

    /// What a range had is not so any more.
    ///
    /// @return whether it had anything
    boolean forget(long start, long end) {
        if (stale) {
            return true;
        }
        if (end - start >>> REGION_SHIFT > regions.size()) {
            stale =
                    regions.keySet().stream()
                            .anyMatch(each ->
                                    each << REGION_SHIFT < end && each + 1 << REGION_SHIFT > start);
        } else {
            for (long each = start >>> REGION_SHIFT; each <= end - 1 >>> REGION_SHIFT; each++) {
                stale |= regions.containsKey(each);
            }
        }
        return stale;
    }

    boolean isStale() {
        return stale;
    }

    /// Everything is another program's.
    void forgetAll() {
        stale = true;
        regions.clear();
    }

    /// The top-level table, with all that was to be forgotten gone.
    ///
    /// @return its gpa
    long root(UserMemory memory) throws HostException {
        if (root < 0 || stale || pool.free() < MOST_PAGES) {
            List<Long> before = new ArrayList<>(regions.keySet());
            regions.clear();
            pool.reset();
            resets++;
            stale = false;
            root = pool.take();
            pool.setEntry(root, Monitor.ROOT_INDEX, monitor.rootEntry());
            for (int i = 0; i < Math.min(before.size(), MOST_AGAIN); i++) {
                fill(memory, before.get(i) << REGION_SHIFT);
            }
        }
        return pool.gpa(root);
    }

    /// Shows what is present of the 2 MiB around an address, if there is room.
    void fill(UserMemory memory, long linear) {
        long region = linear >>> REGION_SHIFT;
        Integer table = regions.get(region);
        if (table == null) {
            if (pool.free() < MOST_PAGES) {
                return;
            }
            table = lowest(linear);
            regions.put(region, table);
        }
        fills++;
        memory.present(region << REGION_SHIFT, pages);
        for (int i = 0; i < ENTRIES; i++) {
            long now = pool.entry(table, i);
            long wanted = wanted(i, now);
            if (wanted != now) {
                pool.setEntry(table, i, wanted);
            }
        }
    }

    private int lowest(long linear) {
        int table = root;
        for (int level = LEVELS; level > 1; level--) {
            int index = (int) (linear >>> 12 + 9 * (level - 1)) & ENTRIES - 1;
            long entry = pool.entry(table, index);
            if (entry == 0) {
                int page = pool.take();
                pool.setEntry(table, index, pool.gpa(page) | POINTER);
                table = page;
            } else {
                table = pool.page(entry & UserTables.ADDRESS);
            }
        }
        return table;
    }

    private long wanted(int index, long now) {
        long page = pages[index];
        long frame = page & UserTables.ADDRESS;
        if (page == 0 || !vm.has(frame)) {
            return 0;
        }
        long entry =
                frame
                        | UserTables.PRESENT
                        | UserTables.USER
                        | UserTables.ACCESSED
                        | UserTables.DIRTY;
        if ((page & UserMemory.WRITE) != 0) {
            entry |= UserTables.WRITABLE;
        }
        // A page can't change while one that executes it has it.
        boolean known = (now & UserTables.ADDRESS) == frame;
        boolean executes =
                (page & UserMemory.EXEC) != 0
                        && (known ? (now & UserTables.NO_EXECUTE) == 0 : !asks(frame));
        return executes ? entry : entry | UserTables.NO_EXECUTE;
    }

    /// Whether a page has the bytes of CPUID (0F A2) or XGETBV (0F 01 D0), those that lie partly on the next or the last one
    /// included: an instruction is fetched from both.
    private boolean asks(long frame) {
        MemorySegment code = frames.bytes(frame);
        int first = code.get(BYTE, 0) & 0xff;
        if (first == CPUID || first == GROUP_7 && code.get(BYTE, 1) == XGETBV) {
            return true;
        }
        for (int at = 0; at < UserMemory.PAGE_BYTES; at += 8) {
            long different = code.get(LONG, at) ^ EIGHT_0F;
            if ((different - EIGHT_01 & ~different & EIGHT_80) != 0 && asks(code, at)) {
                return true;
            }
        }
        return false;
    }

    private static boolean asks(MemorySegment code, int from) {
        for (int at = from; at < from + 8; at++) {
            if (code.get(BYTE, at) != OPCODE_0F) {
                continue;
            }
            int left = UserMemory.PAGE_BYTES - at;
            int second = left > 1 ? code.get(BYTE, at + 1) & 0xff : GROUP_7;
            if (second == CPUID
                    || left > 1
                            && second == GROUP_7
                            && (left == 2 || code.get(BYTE, at + 2) == XGETBV)) {
                return true;
            }
        }
        return false;
    }

    /// An entry of ours, or 0.
    long entry(long linear) {
        Integer table = regions.get(linear >>> REGION_SHIFT);
        return table == null || linear < 0
                ? 0
                : pool.entry(table, (int) (linear >>> 12) & ENTRIES - 1);
    }

    /// Whether user code may make an access now.
    boolean allows(long linear, boolean write, boolean fetch) {
        long entry = entry(linear);
        return (entry & UserTables.PRESENT) != 0
                && (!write || (entry & UserTables.WRITABLE) != 0)
                && (!fetch || (entry & UserTables.NO_EXECUTE) == 0);
    }
}
