package straddle.accel.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import straddle.host.HostException;
import straddle.host.SharedMemory;

/// Pages of a memory slot of our own, beyond the guest's memory, for the page tables that native code runs under.
///
/// A page is used once: a KVM that keeps shadows of our tables does not see them change, and goes on using
/// what it read. When all are used the slot is deleted and made again, which has KVM forget everything.
final class TablePool {
    static final int PAGE_BYTES = 4096;

    /// 32 MiB; a guest process takes some 15.
    private static final int PAGES = 8192;

    /// Beyond any guest's memory, and within what processors of 40 address bits reach.
    private static final long FIRST_GPA = 1L << 38;

    private static final int FIRST_SLOT = 200;

    private final MemorySegment pages;
    private final long gpa;
    private final Slot slot;
    private int used;
    private int kept;

    /// The memory slot that shows the pages to KVM.
    @FunctionalInterface
    interface Slot {
        /// Deletes it and makes it again.
        void remake() throws HostException;
    }

    /// @param pages a whole number of pages
    /// @param gpa where the slot shows them
    TablePool(MemorySegment pages, long gpa, Slot slot) {
        this.pages = pages;
        this.gpa = gpa;
        this.slot = slot;
    }

    /// @param id the vCPU's, which has a pool for itself
    static TablePool of(KvmVm vm, int id, Arena arena) throws HostException {
        int number = FIRST_SLOT + id;
        long bytes = (long) PAGES * PAGE_BYTES;
        long gpa = FIRST_GPA + id * bytes;
        MemorySegment pages = SharedMemory.allocate("straddle-tables-" + id, bytes, arena);
        Slot slot =
                () -> {
                    vm.setMemorySlot(number, 0, gpa, 0, pages.address());
                    vm.setMemorySlot(number, 0, gpa, bytes, pages.address());
                };
        vm.setMemorySlot(number, 0, gpa, bytes, pages.address());
        return new TablePool(pages, gpa, slot);
    }

    /// Has [#reset] leave what was taken until now.
    void keep() {
        kept = used;
    }

    /// Takes all other pages back.
    void reset() throws HostException {
        slot.remake();
        used = kept;
    }

    int free() {
        return (int) (pages.byteSize() / PAGE_BYTES) - used;
    }

    /// A page of zeros.
    ///
    /// @throws IllegalStateException if none is free
    int take() {
        if (free() == 0) {
            throw new IllegalStateException("the pool of page tables is empty");
        }
        int page = used++;
        pages.asSlice((long) page * PAGE_BYTES, PAGE_BYTES).fill((byte) 0);
        return page;
    }

    /// A page with another one's content.
    int takeCopy(int of) {
        int page = take();
        MemorySegment.copy(
                pages, (long) of * PAGE_BYTES, pages, (long) page * PAGE_BYTES, PAGE_BYTES);
        return page;
    }

    long gpa(int page) {
        return gpa + (long) page * PAGE_BYTES;
    }

    /// The page that the slot shows at an address.
    int page(long at) {
        return (int) ((at - gpa) / PAGE_BYTES);
    }

    /// A page's bytes.
    MemorySegment bytes(int page) {
        return bytes(page, 1);
    }

    /// The bytes of several pages that were taken one after another.
    MemorySegment bytes(int page, int count) {
        return pages.asSlice((long) page * PAGE_BYTES, (long) count * PAGE_BYTES);
    }

    long entry(int page, int index) {
        return pages.get(ValueLayout.JAVA_LONG, (long) page * PAGE_BYTES + index * 8L);
    }

    void setEntry(int page, int index, long value) {
        pages.set(ValueLayout.JAVA_LONG, (long) page * PAGE_BYTES + index * 8L, value);
    }
}
