package straddle.core.user;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import straddle.core.memory.Region;

/// The address space of a Linux program: which pages are mapped, with what rights, and on which [Frames].
///
/// Pages appear when they are first touched. A forked copy shares its frames until one of the two stores to them.
/// Any thread; the lock is this object's own, and inside it only that of the frames and of page sources is taken.
/// What takes rights away returns when no vCPU uses the old ones any more, so it must not be called from guest code.
public final class UserMemory {
    public static final int READ = 1;
    public static final int WRITE = 2;
    public static final int EXEC = 4;
    public static final int PAGE_BYTES = Frames.PAGE_BYTES;

    // Results of translate besides frames.

    /// Nothing is mapped there.
    public static final long NOT_MAPPED = -1;

    /// Not for this access.
    public static final long NOT_PERMITTED = -2;

    /// Behind the end of a mapped file.
    public static final long BEYOND_FILE = -3;

    /// The page must be [copied][#copyForStore] before a store.
    public static final long COPY_FIRST = -4;

    /// There is no memory for the page.
    public static final long NO_MEMORY = -5;

    // An entry is its frame with these bits besides READ, WRITE and EXEC.
    private static final int MOST_BYTES = 16 << 20;
    private static final long COPY = 8;
    private static final long PRESENT = 16;

    private static final long PAGE_MASK = -PAGE_BYTES;
    private static final int LEAF_SHIFT = 21;
    private static final int LEAF_PAGES = 512;

    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.nativeOrder());
    private static final VarHandle ALIGNED_INT = ValueLayout.JAVA_INT.varHandle();

    private final UserIsa isa;
    private final Frames frames;
    private final long limit;
    private final boolean turned;
    private final TreeMap<Long, Mapping> mappings = new TreeMap<>();
    private final Map<Long, long[]> leaves = new HashMap<>();
    private final List<MemoryUser> users = new CopyOnWriteArrayList<>();
    private long lastLeafKey = -1;
    private long[] lastLeaf;

    /// Nothing is mapped.
    public UserMemory(UserIsa isa, Frames frames) {
        this.isa = isa;
        this.frames = frames;
        this.limit = 1L << isa.addressBits();
        this.turned = isa.order() != ByteOrder.nativeOrder();
    }

    public UserIsa isa() {
        return isa;
    }

    public Frames frames() {
        return frames;
    }

    /// Programs' addresses lie below.
    public long limit() {
        return limit;
    }

    // ---- users

    public void addUser(MemoryUser user) {
        users.add(user);
    }

    public void removeUser(MemoryUser user) {
        users.remove(user);
    }

    private void forget(long start, long end, boolean code) {
        for (MemoryUser user : users) {
            user.forget(start, end, code);
        }
        for (MemoryUser user : users) {
            user.awaitForgotten();
        }
    }

    // ---- translation

    /// Where an address lies, for an access.
    ///
    /// @return the page's frame with [#READ], [#WRITE] and [#EXEC] for what needs no further question; or one of
    /// the negative constants
    public synchronized long translate(long address, Access access) {
        if (address < 0 || address >= limit) {
            return NOT_MAPPED;
        }
        long page = address & PAGE_MASK;
        long entry = entry(page);
        if (entry == 0) {
            entry = populate(page, access);
            if (entry < 0) {
                return entry;
            }
        }
        long need =
                switch (access) {
                    case LOAD -> READ;
                    case STORE -> WRITE;
                    case FETCH -> EXEC;
                };
        if ((entry & need) == 0) {
            if (access != Access.STORE || (entry & COPY) == 0) {
                return NOT_PERMITTED;
            }
            if (!frames.isSole(entry & PAGE_MASK)) {
                return COPY_FIRST;
            }
            entry = entry & ~COPY | WRITE;
            set(page, entry);
        }
        return entry & ~(COPY | PRESENT);
    }

    private long entry(long page) {
        long key = page >>> LEAF_SHIFT;
        if (key != lastLeafKey) {
            long[] leaf = leaves.get(key);
            if (leaf == null) {
                return 0;
            }
            lastLeafKey = key;
            lastLeaf = leaf;
        }
        return lastLeaf[index(page)];
    }

    private static int index(long page) {
        return (int) (page >>> 12) & LEAF_PAGES - 1;
    }

    private void set(long page, long entry) {
        leaves.computeIfAbsent(page >>> LEAF_SHIFT, _ -> new long[LEAF_PAGES])[index(page)] = entry;
    }

    private Mapping at(long address) {
        Map.Entry<Long, Mapping> found = mappings.floorEntry(address);
        return found != null && found.getValue().end() > address ? found.getValue() : null;
    }

    private long populate(long page, Access access) {
        Mapping mapping = at(page);
        if (mapping == null) {
            return NOT_MAPPED;
        }
        int rights = rights(mapping.protection());
        int need = access == Access.LOAD ? READ : access == Access.STORE ? WRITE : EXEC;
        if ((rights & need) == 0) {
            return NOT_PERMITTED;
        }
        long frame;
        if (mapping.source() == null) {
            frame = frames.allocate();
        } else {
            frame = mapping.source().page(mapping.offset() + page - mapping.start());
            if (frame == PageSource.BEYOND) {
                return BEYOND_FILE;
            }
        }
        if (frame == PageSource.NO_MEMORY) {
            return NO_MEMORY;
        }
        long entry = frame | PRESENT | entryRights(rights, mapping);
        set(page, entry);
        return entry;
    }

    /// What is writable or executable is readable, as most processors have it.
    private static int rights(int protection) {
        return (protection & (WRITE | EXEC)) != 0 ? protection | READ : protection;
    }

    /// Private pages become writable one by one, when it is known that nobody else has them.
    private static long entryRights(int rights, Mapping mapping) {
        return mapping.shared() || (rights & WRITE) == 0 ? rights : rights & ~WRITE | COPY;
    }

    /// Gives a page that [#translate] said must be copied a frame of its own.
    ///
    /// @return false if there is no memory
    public boolean copyForStore(long address) {
        long page = address & PAGE_MASK;
        long old;
        boolean code;
        synchronized (this) {
            long entry = entry(page);
            if ((entry & COPY) == 0) {
                return true; // another thread was faster
            }
            old = entry & PAGE_MASK;
            code = (entry & EXEC) != 0;
            if (frames.isSole(old)) {
                set(page, entry & ~COPY | WRITE);
                return true;
            }
            long copy = frames.allocate();
            if (copy == 0) {
                return false;
            }
            MemorySegment.copy(frames.bytes(old), 0, frames.bytes(copy), 0, PAGE_BYTES);
            set(page, copy | entry & ~PAGE_MASK & ~COPY | WRITE);
        }
        forget(page, page + PAGE_BYTES, code);
        frames.release(old);
        return true;
    }

    // ---- mappings

    /// Maps a range, in place of what is there.
    ///
    /// @param start a page's address, `length` a positive multiple of the page size, within the [limit][#limit()]
    /// @param source null for zeroes; becomes this mapping's
    public void map(
            long start,
            long length,
            int protection,
            boolean shared,
            PageSource source,
            long offset,
            String name) {
        map(new Mapping(start, start + length, protection, shared, source, offset, name));
    }

    /// Maps what a mapping says, in place of what is there.
    public void map(Mapping mapping) {
        check(mapping.start(), mapping.end());
        Dropped dropped;
        synchronized (this) {
            dropped = take(mapping.start(), mapping.end());
            insert(mapping);
        }
        drop(dropped, mapping.start(), mapping.end());
    }

    private void check(long start, long end) {
        if (((start | end) & ~PAGE_MASK) != 0 || start < 0 || end <= start || end > limit) {
            throw new IllegalArgumentException("0x%x to 0x%x".formatted(start, end));
        }
    }

    /// Zeroes beside zeroes are one mapping.
    private void insert(Mapping added) {
        Mapping mapping = added;
        Map.Entry<Long, Mapping> below = mappings.lowerEntry(mapping.start());
        if (mapping.source() == null && below != null && mapping.continues(below.getValue())) {
            mapping =
                    new Mapping(
                            below.getKey(),
                            mapping.end(),
                            mapping.protection(),
                            mapping.shared(),
                            null,
                            0,
                            mapping.name());
        }
        Mapping above = mappings.get(mapping.end());
        if (mapping.source() == null && above != null && above.continues(mapping)) {
            mappings.remove(mapping.end());
            mapping = mapping.part(mapping.start(), above.end());
        }
        mappings.put(mapping.start(), mapping);
    }

    /// What a range had, to be given back when nobody uses it any more.
    private record Dropped(List<Long> frames, List<PageSource> sources, boolean code) {}

    /// Takes a range out of the map and the tables.
    private Dropped take(long start, long end) {
        List<PageSource> sources = new ArrayList<>();
        split(start);
        split(end);
        Map<Long, Mapping> inside = mappings.subMap(start, end);
        for (Mapping each : inside.values()) {
            if (each.source() != null) {
                sources.add(each.source());
            }
        }
        List<Long> gone = new ArrayList<>();
        boolean code = false;
        for (Mapping each : List.copyOf(inside.values())) {
            code |= takePages(Math.max(start, each.start()), Math.min(end, each.end()), gone);
        }
        inside.clear();
        return new Dropped(gone, sources, code);
    }

    private boolean takePages(long start, long end, List<Long> to) {
        boolean code = false;
        for (long page = start; page < end; ) {
            long[] leaf = leaves.get(page >>> LEAF_SHIFT);
            long leafEnd = Math.min(end, ((page >>> LEAF_SHIFT) + 1) << LEAF_SHIFT);
            for (; leaf != null && page < leafEnd; page += PAGE_BYTES) {
                long entry = leaf[index(page)];
                if (entry != 0) {
                    to.add(entry & PAGE_MASK);
                    code |= (entry & EXEC) != 0;
                    leaf[index(page)] = 0;
                }
            }
            page = leafEnd;
        }
        return code;
    }

    private void drop(Dropped dropped, long start, long end) {
        if (!dropped.frames.isEmpty()) {
            forget(start, end, dropped.code);
            dropped.frames.forEach(frames::release);
        }
        dropped.sources.forEach(PageSource::release);
    }

    /// Makes an address a border between mappings.
    private void split(long address) {
        Mapping across = at(address);
        if (across == null || across.start() == address) {
            return;
        }
        if (across.source() != null) {
            across.source().retain();
        }
        mappings.put(across.start(), across.part(across.start(), address));
        mappings.put(address, across.part(address, across.end()));
    }

    /// Unmaps what there is in a range.
    public void unmap(long start, long length) {
        check(start, start + length);
        Dropped dropped;
        synchronized (this) {
            dropped = take(start, start + length);
        }
        drop(dropped, start, start + length);
    }

    /// Unmaps everything.
    public void clear() {
        unmap(0, limit);
        synchronized (this) {
            leaves.clear();
            lastLeafKey = -1;
        }
    }

    /// Forgets what private pages of a range hold, so that they are what they began as: MADV_DONTNEED.
    public void discard(long start, long length) {
        check(start, start + length);
        List<Long> gone = new ArrayList<>();
        boolean code;
        synchronized (this) {
            code = takePages(start, start + length, gone);
        }
        if (!gone.isEmpty()) {
            forget(start, start + length, code);
            gone.forEach(frames::release);
        }
    }

    /// Changes the rights of a range.
    ///
    /// @return false if a part of it is not mapped; what comes before has changed
    public boolean protect(long start, long length, int protection) {
        long end = start + length;
        check(start, end);
        boolean complete = true;
        boolean present = false;
        boolean code = (protection & EXEC) != 0;
        synchronized (this) {
            split(start);
            split(end);
            long expected = start;
            for (Mapping each : List.copyOf(mappings.subMap(start, end).values())) {
                if (each.start() != expected) {
                    break;
                }
                expected = each.end();
                mappings.put(each.start(), each.protectedBy(protection));
                long rights = entryRights(rights(protection), each);
                for (long page = each.start(); page < each.end(); page += PAGE_BYTES) {
                    long entry = entry(page);
                    if (entry != 0) {
                        present = true;
                        code |= (entry & EXEC) != 0;
                        set(page, entry & PAGE_MASK | PRESENT | rights);
                    } else if (!leaves.containsKey(page >>> LEAF_SHIFT)) {
                        page = (((page >>> LEAF_SHIFT) + 1) << LEAF_SHIFT) - PAGE_BYTES;
                    }
                }
            }
            complete = expected == end;
        }
        if (present) {
            forget(start, end, code);
        }
        return complete;
    }

    /// Moves a range's pages and mappings elsewhere, in place of what is there: mremap(2). Both have the same length and don't overlap.
    public void move(long from, long to, long length) {
        check(from, from + length);
        check(to, to + length);
        Dropped dropped;
        boolean code = false;
        synchronized (this) {
            dropped = take(to, to + length);
            split(from);
            split(from + length);
            Map<Long, Mapping> inside = mappings.subMap(from, from + length);
            List<Mapping> moved = List.copyOf(inside.values());
            inside.clear();
            for (Mapping each : moved) {
                for (long page = each.start(); page < each.end(); page += PAGE_BYTES) {
                    long entry = entry(page);
                    if (entry != 0) {
                        code |= (entry & EXEC) != 0;
                        set(page, 0);
                        set(page - from + to, entry);
                    }
                }
                mappings.put(
                        each.start() - from + to,
                        new Mapping(
                                each.start() - from + to,
                                each.end() - from + to,
                                each.protection(),
                                each.shared(),
                                each.source(),
                                each.offset(),
                                each.name()));
            }
        }
        forget(from, from + length, code);
        drop(dropped, to, to + length);
    }

    /// A free range, as high as possible below an address, or -1.
    public synchronized long findFree(long below, long lowest, long length) {
        long end = below;
        Map.Entry<Long, Mapping> next = mappings.lowerEntry(end);
        while (true) {
            long floor = next == null ? lowest : Math.max(lowest, next.getValue().end());
            if (end - floor >= length) {
                return end - length;
            }
            if (next == null || next.getKey() <= lowest) {
                return -1;
            }
            end = Math.min(end, next.getKey());
            next = mappings.lowerEntry(end);
        }
    }

    /// Whether nothing is mapped in a range.
    public synchronized boolean isFree(long start, long length) {
        Map.Entry<Long, Mapping> last = mappings.lowerEntry(start + length);
        return last == null || last.getValue().end() <= start;
    }

    /// How many mappings there are.
    public synchronized int mappingCount() {
        return mappings.size();
    }

    /// All mappings, by ascending address.
    public synchronized List<Mapping> mappings() {
        return List.copyOf(mappings.values());
    }

    /// The mapping at an address, or null.
    public synchronized Mapping mappingAt(long address) {
        return at(address);
    }

    /// How many pages are present.
    public synchronized long residentPages() {
        long count = 0;
        for (long[] leaf : leaves.values()) {
            for (long entry : leaf) {
                count += entry != 0 ? 1 : 0;
            }
        }
        return count;
    }

    /// A copy for a forked process: private pages are shared until one of the two stores to them.
    public UserMemory fork() {
        UserMemory child = new UserMemory(isa, frames);
        synchronized (this) {
            for (Mapping each : mappings.values()) {
                if (each.source() != null) {
                    each.source().retain();
                }
                child.mappings.put(each.start(), each);
            }
            for (Mapping each : mappings.values()) {
                forkPages(each, child);
            }
        }
        forget(0, limit, false);
        return child;
    }

    private void forkPages(Mapping mapping, UserMemory child) {
        boolean copies = !mapping.shared();
        for (long page = mapping.start(); page < mapping.end(); ) {
            long[] leaf = leaves.get(page >>> LEAF_SHIFT);
            long leafEnd = Math.min(mapping.end(), ((page >>> LEAF_SHIFT) + 1) << LEAF_SHIFT);
            if (leaf != null) {
                long[] to =
                        child.leaves.computeIfAbsent(
                                page >>> LEAF_SHIFT, _ -> new long[LEAF_PAGES]);
                for (; page < leafEnd; page += PAGE_BYTES) {
                    long entry = leaf[index(page)];
                    if (entry != 0) {
                        frames.retain(entry & PAGE_MASK);
                        if (copies && (entry & WRITE) != 0) {
                            entry = entry & ~WRITE | COPY;
                            leaf[index(page)] = entry;
                        }
                        to[index(page)] = entry;
                    }
                }
            }
            page = leafEnd;
        }
    }

    /// The pages of 2 MiB that are present, for a processor that goes by tables of its own.
    ///
    /// It gets no right that would have it miss something or change what others rely on: it may store only to private pages
    /// that nobody else has and no code was translated from, and execute only private ones that can't be stored to.
    ///
    /// @param start a multiple of 2 MiB
    /// @param to for each page its frame with [#READ], [#WRITE] and [#EXEC]; 0 where it has none
    public synchronized void present(long start, long[] to) {
        long[] leaf = leaves.get(start >>> LEAF_SHIFT);
        java.util.Arrays.fill(to, 0);
        if (leaf == null) {
            return;
        }
        Mapping mapping = null;
        for (int i = 0; i < LEAF_PAGES; i++) {
            long entry = leaf[i];
            long page = start + (long) i * PAGE_BYTES;
            if ((entry & READ) == 0) {
                continue;
            }
            if (mapping == null || page >= mapping.end()) {
                mapping = at(page);
            }
            if ((entry & COPY) != 0 && frames.isSole(entry & PAGE_MASK)) {
                entry = entry & ~COPY | WRITE;
                leaf[i] = entry;
            }
            long rights = entry & (READ | WRITE | EXEC);
            if (mapping.shared() || (mapping.protection() & WRITE) != 0) {
                rights &= ~EXEC;
            }
            if (mapping.shared() || frames.isWatched(entry & PAGE_MASK)) {
                rights &= ~WRITE;
            }
            to[i] = entry & PAGE_MASK | rights;
        }
    }

    // ---- access by the system

    /// Copies from the program.
    ///
    /// @return how many bytes were readable
    public long copyIn(long address, MemorySegment to, long at, long bytes) {
        long done = 0;
        while (done < bytes) {
            long part = Math.min(bytes - done, PAGE_BYTES - (address + done & ~PAGE_MASK));
            synchronized (this) {
                long entry = translate(address + done, Access.LOAD);
                if (entry < 0) {
                    return done;
                }
                MemorySegment.copy(
                        frames.bytes(entry & PAGE_MASK),
                        address + done & ~PAGE_MASK,
                        to,
                        at + done,
                        part);
            }
            done += part;
        }
        return done;
    }

    /// Copies to the program.
    ///
    /// @return how many bytes were writable
    public long copyOut(long address, MemorySegment from, long at, long bytes) {
        long done = 0;
        while (done < bytes) {
            long part = Math.min(bytes - done, PAGE_BYTES - (address + done & ~PAGE_MASK));
            if (!writeWithinPage(address + done, from.asSlice(at + done, part))) {
                return done;
            }
            done += part;
        }
        return done;
    }

    private boolean writeWithinPage(long address, MemorySegment from) {
        while (true) {
            synchronized (this) {
                long entry = translate(address, Access.STORE);
                if (entry >= 0) {
                    long gpa = entry & PAGE_MASK | address & ~PAGE_MASK;
                    frames.space().write(gpa, from);
                    return true;
                }
                if (entry != COPY_FIRST) {
                    return false;
                }
            }
            if (!copyForStore(address)) {
                return false;
            }
        }
    }

    /// Faults as a store would, for checks ahead of something that can't be undone.
    ///
    /// @return how many bytes are writable
    public long writable(long address, long bytes) {
        long done = 0;
        while (done < bytes) {
            long entry = translate(address + done, Access.STORE);
            if (entry < 0 && (entry != COPY_FIRST || !copyForStore(address + done))) {
                return done;
            }
            done += PAGE_BYTES - (address + done & ~PAGE_MASK);
        }
        return bytes;
    }

    /// An unsigned number of 1, 2, 4 or 8 bytes, in the program's byte order.
    public long get(long address, int width) throws BadAddressException {
        if ((address & ~PAGE_MASK) + width > PAGE_BYTES) {
            long value = 0;
            for (int i = 0; i < width; i++) {
                long each = get(address + i, 1);
                boolean bigEndian = isa.order() == ByteOrder.BIG_ENDIAN;
                value |= each << 8 * (bigEndian ? width - 1 - i : i);
            }
            return value;
        }
        synchronized (this) {
            long entry = translate(address, Access.LOAD);
            if (entry < 0) {
                throw new BadAddressException(address);
            }
            Region.Ram ram = (Region.Ram) frames.space().at(entry & PAGE_MASK);
            MemorySegment bytes = ram.block().bytes();
            long at = (entry & PAGE_MASK) - ram.gpa() + ram.offset() + (address & ~PAGE_MASK);
            return switch (width) {
                case 1 -> Byte.toUnsignedLong(bytes.get(ValueLayout.JAVA_BYTE, at));
                case 2 -> {
                    short value = bytes.get(ValueLayout.JAVA_SHORT_UNALIGNED, at);
                    yield Short.toUnsignedLong(turned ? Short.reverseBytes(value) : value);
                }
                case 4 -> {
                    int value = bytes.get(INT, at);
                    yield Integer.toUnsignedLong(turned ? Integer.reverseBytes(value) : value);
                }
                default -> {
                    long value = bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
                    yield turned ? Long.reverseBytes(value) : value;
                }
            };
        }
    }

    /// Stores 1, 2, 4 or 8 bytes, in the program's byte order.
    public void put(long address, int width, long value) throws BadAddressException {
        byte[] bytes = new byte[width];
        for (int i = 0; i < width; i++) {
            int shift = 8 * (isa.order() == ByteOrder.BIG_ENDIAN ? width - 1 - i : i);
            bytes[i] = (byte) (value >>> shift);
        }
        put(address, bytes);
    }

    public void put(long address, byte[] bytes) throws BadAddressException {
        long done = copyOut(address, MemorySegment.ofArray(bytes), 0, bytes.length);
        if (done < bytes.length) {
            throw new BadAddressException(address + done);
        }
    }

    /// Copies bytes out of the program.
    ///
    /// @param length as a program said it: one that is negative or over 16 MiB is no structure of Linux's, and fails too
    public byte[] bytes(long address, int length) throws BadAddressException {
        if (length < 0 || length > MOST_BYTES) {
            throw new BadAddressException(address);
        }
        byte[] bytes = new byte[length];
        long done = copyIn(address, MemorySegment.ofArray(bytes), 0, length);
        if (done < length) {
            throw new BadAddressException(address + done);
        }
        return bytes;
    }

    /// The bytes up to a zero.
    ///
    /// @param most bytes; null if there is no zero among them
    public byte[] string(long address, int most) throws BadAddressException {
        byte[] found = new byte[Math.min(most, 256)];
        int length = 0;
        while (length < most) {
            long from = address + length;
            int part =
                    (int) Math.min(Math.min(256, most - length), PAGE_BYTES - (from & ~PAGE_MASK));
            if (length + part > found.length) {
                found = java.util.Arrays.copyOf(found, Math.min(most, found.length * 2 + part));
            }
            if (copyIn(from, MemorySegment.ofArray(found), length, part) < part) {
                throw new BadAddressException(from);
            }
            for (int i = length; i < length + part; i++) {
                if (found[i] == 0) {
                    return java.util.Arrays.copyOf(found, i);
                }
            }
            length += part;
        }
        return null;
    }

    /// Replaces an aligned 32-bit number, in the program's byte order, if it still is what was expected.
    public boolean compareAndSet(long address, int expected, int value) throws BadAddressException {
        while (true) {
            synchronized (this) {
                long entry = translate(address, Access.STORE);
                if (entry >= 0) {
                    long gpa = entry & PAGE_MASK | address & ~PAGE_MASK & ~3L;
                    Region.Ram ram = (Region.Ram) frames.space().at(gpa);
                    long at = gpa - ram.gpa() + ram.offset();
                    return ALIGNED_INT.compareAndSet(
                            ram.block().bytes(),
                            at,
                            turned ? Integer.reverseBytes(expected) : expected,
                            turned ? Integer.reverseBytes(value) : value);
                }
                if (entry != COPY_FIRST) {
                    throw new BadAddressException(address);
                }
            }
            if (!copyForStore(address)) {
                throw new BadAddressException(address);
            }
        }
    }

    /// What names a byte for everybody who has its frame mapped, or -1: the key of a futex.
    public long physical(long address) {
        long entry = translate(address, Access.LOAD);
        return entry < 0 ? -1 : entry & PAGE_MASK | address & ~PAGE_MASK;
    }
}
