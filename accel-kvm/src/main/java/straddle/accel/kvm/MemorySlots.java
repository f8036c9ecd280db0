package straddle.accel.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.IdentityHashMap;
import straddle.core.accel.AcceleratorException;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.MemoryListener;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.Region;
import straddle.host.HostException;
import straddle.linux.kvm.Kvm;

/// KVM's memory slots: one for each region of RAM or ROM, kept by following the machine's address space.
///
/// Changed under the machine lock. A listener can't throw what the host refuses: it is kept, and the
/// VM's next use throws it.
final class MemorySlots implements MemoryListener, AutoCloseable {
    private final KvmVm vm;
    private final AddressSpace memory;
    private final IdentityHashMap<Region, Integer> slots = new IdentityHashMap<>();
    private final BitSet numbers = new BitSet();
    private volatile HostException refusal;

    private MemorySlots(KvmVm vm, AddressSpace memory) {
        this.vm = vm;
        this.memory = memory;
    }

    /// Has a VM show an address space, now and as it changes.
    static MemorySlots following(AddressSpace memory, KvmVm vm) throws HostException {
        MemorySlots slots = new MemorySlots(vm, memory);
        memory.addListener(slots);
        try {
            slots.check();
        } catch (HostException e) {
            slots.close();
            throw e;
        }
        return slots;
    }

    /// Of a VM that shows what it is told to.
    static MemorySlots none(KvmVm vm) {
        return new MemorySlots(vm, null);
    }

    @Override
    public void added(Region region) {
        if (region instanceof Region.Ram ram) {
            add(ram);
        }
    }

    void add(Region.Ram ram) {
        int number = numbers.nextClearBit(0);
        numbers.set(number);
        slots.put(ram, number);
        set(ram, number, ram.length(), 0);
    }

    @Override
    public void removed(Region region) {
        Integer number = slots.remove(region);
        if (number != null) {
            set((Region.Ram) region, number, 0, 0);
            numbers.clear(number);
        }
    }

    /// Throws what the host refused since the VM was made, if anything.
    void check() throws HostException {
        HostException e = refusal;
        if (e != null) {
            throw e;
        }
    }

    /// Has KVM note which pages of a region the guest writes, or no longer.
    ///
    /// @throws IllegalArgumentException if the region is not mapped
    void logWrites(Region.Ram region, boolean on) throws AcceleratorException {
        memory.lock().lock();
        try {
            set(region, numberOf(region), region.length(), on ? Kvm.KVM_MEM_LOG_DIRTY_PAGES() : 0);
            check();
        } catch (HostException e) {
            throw KvmRefusal.of(e);
        } finally {
            memory.lock().unlock();
        }
    }

    /// Tells the readers of every page of a logged region that the guest has written since the last call.
    void collectWrites(Region.Ram region) throws AcceleratorException {
        long pages = region.length() / RamAllocator.PAGE_BYTES;
        memory.lock().lock();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bitmap = arena.allocate((pages + 63) / 64 * 8, 8);
            vm.takeDirtyLog(numberOf(region), bitmap);
            for (long word = 0; word < bitmap.byteSize(); word += 8) {
                long bits = bitmap.get(ValueLayout.JAVA_LONG, word);
                for (; bits != 0; bits &= bits - 1) {
                    long page = word * 8 + Long.numberOfTrailingZeros(bits);
                    memory.noteWritten(
                            region,
                            region.gpa() + page * RamAllocator.PAGE_BYTES,
                            RamAllocator.PAGE_BYTES);
                }
            }
        } catch (HostException e) {
            throw KvmRefusal.of(e);
        } finally {
            memory.lock().unlock();
        }
    }

    private int numberOf(Region.Ram region) {
        Integer number = slots.get(region);
        if (number == null) {
            throw new IllegalArgumentException(region + " is not mapped");
        }
        return number;
    }

    private void set(Region.Ram ram, int number, long bytes, long flags) {
        try {
            vm.setMemorySlot(
                    number,
                    (int) (ram.readOnly() ? flags | Kvm.KVM_MEM_READONLY() : flags),
                    ram.gpa(),
                    bytes,
                    ram.hva(ram.gpa()));
        } catch (HostException e) {
            refusal = e;
        }
    }

    /// Stops following; the slots go with the VM.
    @Override
    public void close() {
        memory.removeListener(this);
    }
}
