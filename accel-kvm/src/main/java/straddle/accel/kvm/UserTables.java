package straddle.accel.kvm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.DirtyPages;
import straddle.core.memory.Region;
import straddle.host.HostException;

/// The page tables that one vCPU's native user code runs under: a large TLB of the guest's own tables.
///
/// An entry of ours is there only while the guest's entries on its way are, with the accessed bit set, and
/// allows stores only where the guest's has the dirty bit: so native code needs no change of the guest's
/// tables. Every table of the guest's that something came from is watched ([DirtyPages#PT]), and each write
/// to it is followed at once. Rights are added in place; where they are taken away, the table and those above
/// it move to fresh pages before native code runs again, because a KVM that shadows ours would not notice.
///
/// All methods hold this object's lock: tables are written by any vCPU and by devices.
final class UserTables {
    static final long PRESENT = 1;
    static final long WRITABLE = 1 << 1;
    static final long USER = 1 << 2;
    static final long ACCESSED = 1 << 5;
    static final long DIRTY = 1 << 6;
    static final long LARGE = 1 << 7;
    static final long NO_EXECUTE = 1L << 63;
    static final long ADDRESS = 0xf_ffff_ffff_f000L;

    private static final int ENTRIES = 512;
    private static final int NO_PAGE = -1;
    private static final long FRAMES = ADDRESS >>> 12;

    private static final int TOP = GuestPaging.LEVELS;
    private static final long POINTER = PRESENT | WRITABLE | USER | ACCESSED;

    /// So many pages must be free before code is entered; filling in between takes a few.
    private static final int RESERVE = 64;

    private final AddressSpace memory;
    private final WatchedTables watched;
    private final TablePool pool;
    private final Monitor monitor;
    private final LongConsumer ended;

    /// By address space.
    private final Map<Long, Root> roots = new HashMap<>();

    /// By the guest's page: our tables that came from it.
    private final TableOfFrame byGuestPage = new TableOfFrame();

    /// By a frame: a lowest table of ours that lets user code write to it, or did.
    private final TableOfFrame writers = new TableOfFrame();

    /// The further tables of frames that have several, by number.
    private final Map<Long, List<Table>> moreWriters = new HashMap<>();

    private Root lastRoot;

    /// The last root is forgotten; native code may still run under it.
    private boolean lastForgotten;

    /// Of which the highest tables are being written.
    private final Set<Root> written = new HashSet<>();

    /// Everything is to be forgotten before native code runs again.
    private boolean outdated;

    private long fills;
    private long revocations;
    private long moves;
    private long resets;

    /// An address space of the guest's.
    private static final class Root {
        final GuestPaging paging;
        final long addressSpace;
        final Table table;

        /// Numbers of the guest's highest entries that user code got pages through.
        final BitSet used = new BitSet();

        Root(GuestPaging paging, long addressSpace) {
            this.paging = paging;
            this.addressSpace = addressSpace;
            table = top(TOP, null, 0);
        }

        /// A table of the guest's highest level, or those above it with it.
        private Table top(int level, Table parent, int index) {
            boolean fixed = level > paging.top;
            long guest = fixed ? -1 : paging.topTable(addressSpace, index);
            Table made = new Table(this, level, parent, index, guest, WRITABLE | USER, 0);
            for (int i = 0; fixed && i < paging.fixedEntries(level); i++) {
                made.children[i] = top(level - 1, made, i);
            }
            return made;
        }
    }

    /// One table of ours.
    private static final class Table {
        final Root root;
        final int level;
        final Table parent;
        final int index;

        /// Where the guest's entries that it came from begin; -1 for one that splits a large page, or whose entries are fixed.
        final long guest;

        /// What the guest's entries above allow: WRITABLE, USER, and NO_EXECUTE if one forbids execution.
        final long rights;

        /// Of a large page that it splits: the guest's entry, as one for the first 4 KiB.
        final long largeEntry;

        final Table[] children;
        Table nextOfGuestPage;
        int page = NO_PAGE;

        /// Something below has lost rights since native code last ran.
        boolean stale;

        /// No longer part of any address space.
        boolean dead;

        Table(
                Root root,
                int level,
                Table parent,
                int index,
                long guest,
                long rights,
                long largeEntry) {
            this.root = root;
            this.level = level;
            this.parent = parent;
            this.index = index;
            this.guest = guest;
            this.rights = rights;
            this.largeEntry = largeEntry;
            children = level == 1 ? null : new Table[ENTRIES];
        }

        boolean isFixed() {
            return level > root.paging.top;
        }

        GuestPaging paging() {
            return root.paging;
        }
    }

    /// @param ended hears of address spaces that the guest has emptied
    UserTables(AddressSpace memory, WatchedTables watched, TablePool pool, LongConsumer ended) {
        this.memory = memory;
        this.watched = watched;
        this.pool = pool;
        this.ended = ended;
        monitor = new Monitor(pool);
    }

    Monitor monitor() {
        return monitor;
    }

    // ---- entering

    /// The top-level table for an address space of the guest's, with all that was taken away really gone.
    ///
    /// @return its gpa
    synchronized long root(GuestPaging paging, long addressSpace) throws HostException {
        if (outdated) {
            forgetAll();
        } else if (pool.free() < RESERVE) {
            reset();
        }
        Root root = lastRoot;
        if (root == null || root.addressSpace != addressSpace || root.paging != paging) {
            root = roots.get(addressSpace);
            if (root != null && root.paging != paging) {
                forget(root);
                root = null;
            }
            if (root == null) {
                root = new Root(paging, addressSpace);
                roots.put(addressSpace, root);
                watchTop(root.table);
            }
            lastRoot = root;
            lastForgotten = false;
        }
        if (root.table.page == NO_PAGE) {
            takePages(root.table);
            pool.setEntry(root.table.page, Monitor.ROOT_INDEX, monitor.rootEntry());
        }
        if (root.table.stale) {
            if (!roomToMove(root.table)) {
                reset();
                return root(paging, addressSpace);
            }
            move(root.table);
        }
        return pool.gpa(root.table.page);
    }

    private void watchTop(Table table) {
        if (!table.isFixed()) {
            watch(table);
            return;
        }
        for (int i = 0; i < table.paging().fixedEntries(table.level); i++) {
            watchTop(table.children[i]);
        }
    }

    private void takePages(Table table) {
        table.page = pool.take();
        for (int i = 0; table.isFixed() && i < table.paging().fixedEntries(table.level); i++) {
            takePages(table.children[i]);
            pool.setEntry(table.page, i, pool.gpa(table.children[i].page) | POINTER);
        }
    }

    /// Whether code has been entered in an address space since the guest last emptied it.
    synchronized boolean knows(long addressSpace) {
        return roots.containsKey(addressSpace);
    }

    private boolean roomToMove(Table root) {
        return pool.free() > RESERVE + countStale(root);
    }

    private static int countStale(Table table) {
        int count = 1;
        if (table.children != null) {
            for (Table child : table.children) {
                if (child != null && child.stale) {
                    count += countStale(child);
                }
            }
        }
        return count;
    }

    private void move(Table table) {
        table.page = pool.takeCopy(table.page);
        table.stale = false;
        moves++;
        if (table.children == null) {
            return;
        }
        for (int i = 0; i < ENTRIES; i++) {
            Table child = table.children[i];
            if (child != null && child.stale) {
                move(child);
                pool.setEntry(table.page, i, pool.gpa(child.page) | POINTER);
            }
        }
    }

    /// The memory map has changed: has the next [#root] forget everything. Native code that runs now goes on with
    /// what it had until it is left.
    synchronized void forgetMap() {
        outdated = true;
    }

    private void forgetAll() throws HostException {
        outdated = false;
        unwatchAll();
        roots.clear();
        lastRoot = null;
        forgetPages();
    }

    /// The pool is used up: address spaces stay known, so that their ends are noticed, and are filled anew.
    private void reset() throws HostException {
        roots.values().forEach(root -> empty(root.table));
        forgetPages();
    }

    private void empty(Table table) {
        table.page = NO_PAGE;
        table.stale = false;
        for (int i = 0; i < ENTRIES; i++) {
            Table child = table.children[i];
            if (child != null && table.isFixed()) {
                empty(child);
            } else if (child != null) {
                forget(child);
                table.children[i] = null;
            }
        }
    }

    private void forgetPages() throws HostException {
        writers.clear();
        moreWriters.clear();
        pool.reset();
        resets++;
    }

    private void unwatchAll() {
        byGuestPage.forEach(table -> watched.remove(table.guest & ADDRESS));
        byGuestPage.clear();
    }

    // ---- filling

    /// Has the table of the last [#root] show a page as the guest's tables have it now, after the guest's own
    /// accessed and dirty bits were set for the access; with it the rest of its 2 MiB.
    ///
    /// @return false if native code can't make this access: no memory is there, or stores must be noticed
    synchronized boolean fill(long linear, boolean write) {
        if (lastRoot == null || !lastRoot.paging.reaches(linear)) {
            return false;
        }
        Table table = lastRoot.table;
        fills++;
        for (int level = TOP; level > 1; level--) {
            int index = (int) (linear >>> 12 + 9 * (level - 1)) & ENTRIES - 1;
            Table child = table.children[index];
            if (child == null) {
                child = newChild(table, index);
                if (child == null) {
                    return false;
                }
            }
            table = child;
        }
        int index = (int) (linear >>> 12) & ENTRIES - 1;
        refresh(table, index);
        long entry = pool.entry(table.page, index);
        return (entry & PRESENT) != 0 && (!write || (entry & WRITABLE) != 0);
    }

    /// Has whoever must notice stores to a page do without it, so that native code can make one that nobody
    /// else can: what was translated from the page is dropped.
    ///
    /// @return false if there is no memory, or it holds page tables
    boolean release(long linear) {
        long frame;
        synchronized (this) {
            frame = granted(linear) & ADDRESS;
        }
        if (frame == 0 || !(memory.at(frame) instanceof Region.Ram ram)) {
            return false;
        }
        memory.noteWritten(ram, frame, TablePool.PAGE_BYTES);
        return fill(linear, true);
    }

    /// The table below an entry of the guest's, filled if it is of the lowest level; null if the guest has none.
    private Table newChild(Table parent, int index) {
        if (pool.free() == 0) {
            return null;
        }
        long guest = -1;
        long rights = parent.rights;
        long large = 0;
        if (parent.guest < 0) {
            // A part of a page of 1 GiB.
            large = parent.largeEntry + ((long) index << 21);
        } else {
            long entry = entry(parent, index);
            if ((entry & (PRESENT | ACCESSED)) != (PRESENT | ACCESSED)
                    || (entry & parent.rights & USER) == 0) {
                return null;
            }
            rights = rights(parent, entry);
            if (parent.paging().isLarge(entry, parent.level)) {
                large = largeEntry(entry, parent.level);
            } else {
                guest = parent.paging().next(entry, parent.level, index);
            }
        }
        Table child = new Table(parent.root, parent.level - 1, parent, index, guest, rights, large);
        if (child.guest >= 0 && !watch(child)) {
            return null;
        }
        child.page = pool.take();
        parent.children[index] = child;
        if (parent.level == parent.paging().top) {
            parent.root.used.set(parent.paging().topEntry(parent.index, index));
        }
        if (child.level == 1) {
            for (int i = 0; i < ENTRIES; i++) {
                refresh(child, i);
            }
        }
        pool.setEntry(parent.page, index, pool.gpa(child.page) | POINTER);
        return child;
    }

    /// The guest's entry that one of ours comes of.
    private long entry(Table table, int index) {
        return table.paging().entry(memory, table.guest, table.level, index);
    }

    private static long rights(Table table, long entry) {
        return table.rights & entry & (WRITABLE | USER) | (table.rights | entry) & NO_EXECUTE;
    }

    /// The first frame of a large page, and whether it is dirty.
    private static long largeEntry(long entry, int level) {
        long offset = (1L << 12 + 9 * (level - 1)) - 1;
        return entry & ADDRESS & ~offset | entry & DIRTY;
    }

    /// Brings an entry of a lowest table in line with the guest's.
    private void refresh(Table table, int index) {
        long wanted = wanted(table, index);
        long present = pool.entry(table.page, index);
        if (wanted == present) {
            return;
        }
        if ((present & PRESENT) != 0 && !isExtension(present, wanted)) {
            revoked(table);
        }
        pool.setEntry(table.page, index, wanted);
        if ((wanted & WRITABLE) != 0) {
            noteWriter(wanted >>> 12 & FRAMES, table);
        }
    }

    private static boolean isExtension(long present, long wanted) {
        return (wanted & PRESENT) != 0
                && (present & ADDRESS) == (wanted & ADDRESS)
                && (present & ~wanted & WRITABLE) == 0
                && (wanted & ~present & NO_EXECUTE) == 0;
    }

    /// What user code may do with a page, as an entry of ours; 0 for nothing.
    private long wanted(Table table, int index) {
        long entry;
        if (table.guest < 0) {
            entry = table.largeEntry + ((long) index << 12) | PRESENT | WRITABLE | USER | ACCESSED;
        } else {
            entry = entry(table, index);
        }
        if ((entry & (PRESENT | ACCESSED)) != (PRESENT | ACCESSED)
                || (entry & table.rights & USER) == 0
                || !(memory.at(entry & ADDRESS) instanceof Region.Ram ram)) {
            return 0;
        }
        long frame = entry & ADDRESS;
        long offset = frame - ram.gpa() + ram.offset();
        boolean noticed =
                (ram.block().dirty().readersAt(offset) & (DirtyPages.CODE | DirtyPages.PT)) != 0;
        boolean write =
                (entry & table.rights & WRITABLE) != 0
                        && (entry & DIRTY) != 0
                        && !ram.readOnly()
                        && !noticed;
        return frame
                | PRESENT
                | USER
                | ACCESSED
                | DIRTY
                | (write ? WRITABLE : 0)
                | (entry | table.rights) & NO_EXECUTE;
    }

    /// A frame's first table is found by its number, the rest in a list: few frames have any.
    private void noteWriter(long number, Table table) {
        Table first = writers.get(number);
        if (first == null || first.dead) {
            writers.put(number, table);
        } else if (first != table) {
            List<Table> more = moreWriters.computeIfAbsent(number, _ -> new ArrayList<>());
            if (!more.contains(table)) {
                more.removeIf(each -> each.dead);
                more.add(table);
            }
        }
    }

    /// A table, and so all above it, must move before native code runs again.
    private void revoked(Table from) {
        revocations++;
        for (Table table = from; table != null && !table.stale; table = table.parent) {
            table.stale = true;
        }
    }

    // ---- following the guest

    /// The guest has moved to another engine, and the tables' memory goes: whoever wrote to one of the guest's at that time may
    /// still be about to tell.
    private boolean closed;

    /// The guest moves to another engine, and nothing of this VM runs: nothing is followed any more. The pages that were watched
    /// are like others now: the next engine watches what it needs.
    synchronized void retire() {
        if (!closed) {
            closed = true;
            unwatchAll();
        }
    }

    /// Nothing is followed any more.
    synchronized void close() {
        closed = true;
    }

    /// The guest or a device has written to a table of the guest's.
    ///
    /// @return whether native code that runs now may have lost rights
    synchronized boolean tableWritten(long gpa, long length) {
        if (closed) {
            return false;
        }
        long before = revocations;
        Table next;
        for (Table table = byGuestPage.get(gpa >>> 12); table != null; table = next) {
            next = table.nextOfGuestPage;
            GuestPaging paging = table.paging();
            int first = paging.firstIndex(table.level, gpa - table.guest);
            int last = paging.lastIndex(table.level, gpa + length - 1 - table.guest);
            for (int i = first; i <= last; i++) {
                if (table.level == 1) {
                    refresh(table, i);
                } else {
                    check(table, i);
                }
            }
            if (table.level == paging.top && first <= last) {
                written.add(table.root);
            }
        }
        if (!written.isEmpty()) {
            written.forEach(this::forgetIfEmpty);
            written.clear();
        }
        return revocations != before;
    }

    /// An entry that leads to another table of the guest's may have changed.
    private void check(Table table, int index) {
        Table child = table.children[index];
        if (child == null) {
            return;
        }
        GuestPaging paging = table.paging();
        long entry = entry(table, index);
        boolean large = paging.isLarge(entry, table.level);
        boolean same =
                (entry & (PRESENT | ACCESSED)) == (PRESENT | ACCESSED)
                        && rights(table, entry) == child.rights
                        && large == child.guest < 0
                        && (large
                                ? largeEntry(entry, table.level) == child.largeEntry
                                : paging.next(entry, table.level, index) == child.guest);
        if (!same) {
            drop(child);
        }
    }

    /// A process's end empties its top-level table, but for what is the kernel's; the page may become anything else.
    private void forgetIfEmpty(Root root) {
        if (root.paging.isEmpty(memory, root.addressSpace, root.used)) {
            forget(root);
            ended.accept(root.addressSpace);
        }
    }

    private void forget(Root root) {
        forget(root.table);
        roots.remove(root.addressSpace);
        if (lastRoot == root) {
            lastRoot = null;
            lastForgotten = true;
        }
    }

    private void drop(Table table) {
        forget(table);
        pool.setEntry(table.parent.page, table.index, 0);
        table.parent.children[table.index] = null;
        revoked(table.parent);
    }

    private void forget(Table table) {
        table.dead = true;
        if (table.children != null) {
            for (Table child : table.children) {
                if (child != null) {
                    forget(child);
                }
            }
        }
        if (table.guest >= 0) {
            unwatch(table);
        }
    }

    /// Stores to a page must be noticed from now on: native code loses the right to make them.
    ///
    /// @return whether native code that runs now may have had it
    synchronized boolean protect(long gpa) {
        long frame = gpa & ADDRESS;
        long number = frame >>> 12;
        Table writer = writers.get(number);
        if (writer == null) {
            return false;
        }
        writers.put(number, null);
        long before = revocations;
        protect(writer, frame);
        List<Table> more = moreWriters.isEmpty() ? null : moreWriters.remove(number);
        if (more != null) {
            more.forEach(each -> protect(each, frame));
        }
        // What was taken away before is with native code until that is left.
        return revocations != before || lastForgotten || lastRoot != null && lastRoot.table.stale;
    }

    private void protect(Table table, long frame) {
        if (table.dead) {
            return;
        }
        for (int i = 0; i < ENTRIES; i++) {
            long entry = pool.entry(table.page, i);
            if ((entry & (PRESENT | WRITABLE)) == (PRESENT | WRITABLE)
                    && (entry & ADDRESS) == frame) {
                pool.setEntry(table.page, i, entry & ~WRITABLE);
                revoked(table);
            }
        }
    }

    // ---- the guest's tables that are watched

    /// False if the guest has no memory there.
    private boolean watch(Table table) {
        if (!(memory.at(table.guest) instanceof Region.Ram)) {
            return false;
        }
        long page = table.guest >>> 12;
        table.nextOfGuestPage = byGuestPage.get(page);
        byGuestPage.put(page, table);
        if (table.nextOfGuestPage == null) {
            watched.add(table.guest & ADDRESS);
            protect(table.guest);
        }
        return true;
    }

    private void unwatch(Table table) {
        long page = table.guest >>> 12;
        Table first = byGuestPage.get(page);
        if (first == null) {
            return; // the guest had no memory there
        }
        if (first == table) {
            byGuestPage.put(page, table.nextOfGuestPage);
        } else {
            Table before = first;
            while (before.nextOfGuestPage != table) {
                before = before.nextOfGuestPage;
            }
            before.nextOfGuestPage = table.nextOfGuestPage;
        }
        if (byGuestPage.get(page) == null) {
            watched.remove(table.guest & ADDRESS);
        }
    }

    /// A table for some frames, by their numbers.
    ///
    /// They are counted in chunks of 2 MiB: small ones, as most of a guest's memory holds no tables, and what a vCPU leaves when the
    /// guest moves to another engine is garbage that has grown old.
    private static final class TableOfFrame {
        private static final int CHUNK_SHIFT = 9;
        private static final int CHUNK = 1 << CHUNK_SHIFT;

        private Table[][] chunks = new Table[64][];

        Table get(long number) {
            int chunk = (int) (number >>> CHUNK_SHIFT);
            Table[] there = chunk < chunks.length ? chunks[chunk] : null;
            return there == null ? null : there[(int) number & CHUNK - 1];
        }

        void put(long number, Table table) {
            int chunk = (int) (number >>> CHUNK_SHIFT);
            if (chunk >= chunks.length) {
                chunks = Arrays.copyOf(chunks, Math.max(chunk + 1, 2 * chunks.length));
            }
            if (chunks[chunk] == null) {
                chunks[chunk] = new Table[CHUNK];
            }
            chunks[chunk][(int) number & CHUNK - 1] = table;
        }

        void forEach(Consumer<Table> action) {
            for (Table[] chunk : chunks) {
                for (int i = 0; chunk != null && i < chunk.length; i++) {
                    if (chunk[i] != null) {
                        action.accept(chunk[i]);
                    }
                }
            }
        }

        void clear() {
            Arrays.fill(chunks, null);
        }
    }

    /// What native code under the last root may do with a page, as an entry of ours; 0 for nothing.
    synchronized long granted(long linear) {
        boolean reached = lastRoot != null && lastRoot.paging.reaches(linear);
        Table table = reached ? lastRoot.table : null;
        for (int level = TOP; table != null && level > 1; level--) {
            table = table.children[(int) (linear >>> 12 + 9 * (level - 1)) & ENTRIES - 1];
        }
        return table == null ? 0 : pool.entry(table.page, (int) (linear >>> 12) & ENTRIES - 1);
    }

    // ---- figures

    synchronized long fills() {
        return fills;
    }

    synchronized long revocations() {
        return revocations;
    }

    synchronized long moves() {
        return moves;
    }

    synchronized long resets() {
        return resets;
    }
}
