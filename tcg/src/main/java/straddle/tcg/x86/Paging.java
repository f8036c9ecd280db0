package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import straddle.core.memory.Region;
import straddle.tcg.Cpu;
import straddle.tcg.mmu.Raw;
import straddle.tcg.mmu.Tlb;

/// Walks the guest's page tables (SDM volume 3, chapter 5): 32-bit, PAE, 4-level and 5-level paging.
///
/// Sets accessed and dirty bits, raises #PF with the architecture's error code. No protection keys.
final class Paging {
    private static final long PRESENT = 1;
    private static final long WRITABLE = 1 << 1;
    private static final long USER = 1 << 2;
    private static final long ACCESSED = 1 << 5;
    private static final long DIRTY = 1 << 6;
    private static final long LARGE = 1 << 7;
    private static final long GLOBAL = 1 << 8;
    private static final long NX = 1L << 63;
    private static final long ADDRESS = 0xf_ffff_ffff_f000L;

    /// Of 32-bit paging, and of PAE paging's table of four pointers.
    private static final long SMALL_ADDRESS = 0xffff_f000L;

    private static final long POINTERS_ADDRESS = 0xffff_ffe0L;

    /// Reserved in the entries of PAE paging, ignored in those of 4-level paging.
    private static final long PAE_RESERVED = 0x7ff0_0000_0000_0000L;

    /// Reserved in PAE paging's page-directory-pointer-table entries, besides address bits (SDM volume 3, table 5-8).
    private static final long POINTER_RESERVED = 0xfff0_0000_0000_01e6L;

    /// Address bits that 32-bit paging knows at most (SDM volume 3, 5.3).
    private static final int PSE36_BITS = 40;

    private final X86Cpu cpu;

    /// PAE paging's four entries of the highest level, which are read when CR3 is loaded.
    private final long[] pointers = new long[4];

    /// Another processor changed an entry during the walk.
    private boolean changed;

    private boolean writable;
    private int kind;
    private long walks;

    Paging(X86Cpu cpu) {
        this.cpu = cpu;
    }

    /// Where the highest of the present tables lies: CR3 without flags and process numbers.
    static long topTable(X86Cpu cpu) {
        if (cpu.isLongMode()) {
            return cpu.cr3 & ADDRESS;
        }
        return cpu.cr3 & ((cpu.cr4 & CR4_PAE) != 0 ? POINTERS_ADDRESS : SMALL_ADDRESS);
    }

    /// What is remembered of the page that the last walk found.
    int walkedKind() {
        return kind;
    }

    /// Whether the last walk found a page that stores may go to with no further walk.
    boolean walkedWritable() {
        return writable;
    }

    /// How many addresses were looked up in the tables so far.
    long walks() {
        return walks;
    }

    /// @param user with user rights
    /// @param implicit an access of the processor's own, to which SMAP always applies
    /// @return the guest-physical address
    long walk(long linear, int access, boolean user, boolean implicit) {
        walks++;
        long gpa;
        do {
            changed = false;
            gpa = walkOnce(linear, access, user, implicit);
        } while (changed);
        return gpa;
    }

    private long walkOnce(long linear, int access, boolean user, boolean implicit) {
        if ((cpu.cr0 & CR0_PG) == 0) {
            writable = true;
            kind = 0;
            return linear & 0xffff_ffffL;
        }
        int error =
                (access == Cpu.STORE ? PF_WRITE : 0)
                        | (user ? PF_USER : 0)
                        | (access == Cpu.FETCH && fetchIsReported() ? PF_FETCH : 0);
        if (cpu.isLongMode()) {
            if (!cpu.isCanonical(linear)) {
                throw cpu.nonCanonical(linear);
            }
            int levels = (cpu.cr4 & CR4_LA57) != 0 ? 5 : 4;
            return walk8(linear, levels, cpu.cr3 & ADDRESS, access, user, implicit, error);
        }
        long address = linear & 0xffff_ffffL;
        if ((cpu.cr4 & CR4_PAE) != 0) {
            long pdpte = pointers[(int) (address >>> 30)];
            if ((pdpte & PRESENT) == 0) {
                throw cpu.pageFault(linear, error);
            }
            return walk8(address, 2, pdpte & ADDRESS, access, user, implicit, error);
        }
        return walk4(address, access, user, implicit, error);
    }

    /// Reads the entries of PAE paging's highest level, if that is what is or will be used (SDM volume 3, 5.4.1).
    ///
    /// @throws straddle.tcg.GuestFault #GP(0) if a reserved bit is set in one that is present; none is taken then
    void loadPointers(long cr3) {
        if (usesPointers()) {
            long[] read = readPointers(cr3);
            for (long each : read) {
                long reserved = POINTER_RESERVED | cpu.model.reservedAddressBits();
                if ((each & PRESENT) != 0 && (each & reserved) != 0) {
                    throw cpu.gp();
                }
            }
            System.arraycopy(read, 0, pointers, 0, pointers.length);
        }
    }

    /// The same for a state that was saved, whose entries nobody kept.
    void restorePointers() {
        if (usesPointers()) {
            System.arraycopy(readPointers(cpu.cr3), 0, pointers, 0, pointers.length);
        }
    }

    private boolean usesPointers() {
        return (cpu.cr0 & CR0_PG) != 0 && (cpu.cr4 & CR4_PAE) != 0 && !cpu.isLongMode();
    }

    private long[] readPointers(long cr3) {
        long[] read = new long[pointers.length];
        for (int i = 0; i < read.length; i++) {
            read[i] = read8((cr3 & POINTERS_ADDRESS) + 8L * i);
        }
        return read;
    }

    private boolean fetchIsReported() {
        return (cpu.cr4 & CR4_SMEP) != 0 || (cpu.efer & EFER_NXE) != 0 && (cpu.cr4 & CR4_PAE) != 0;
    }

    private long walk8(
            long linear,
            int levels,
            long root,
            int access,
            boolean user,
            boolean implicit,
            int error) {
        long table = root;
        long rights = WRITABLE | USER;
        boolean nx = false;
        for (int level = levels; ; level--) {
            int shift = 12 + 9 * (level - 1);
            long at = table + (linear >>> shift & 511) * 8;
            long entry = read8(at);
            if ((entry & PRESENT) == 0) {
                throw cpu.pageFault(linear, error);
            }
            boolean leaf = level == 1 || (entry & LARGE) != 0 && level <= 3;
            if (isReserved(entry, level, leaf, shift)) {
                throw cpu.pageFault(linear, error | PF_PRESENT | PF_RESERVED);
            }
            rights &= entry;
            nx |= (entry & NX) != 0;
            if (leaf) {
                check(linear, rights, nx, access, user, implicit, error);
                update8(at, entry, access);
                setKind(entry, level > 1);
                long offset = (1L << shift) - 1;
                return entry & ADDRESS & ~offset | linear & offset;
            }
            if ((entry & ACCESSED) == 0) {
                mark(at, 8, entry, entry | ACCESSED);
            }
            table = entry & ADDRESS;
        }
    }

    private boolean isReserved(long entry, int level, boolean leaf, int shift) {
        if ((entry & NX) != 0 && (cpu.efer & EFER_NXE) == 0) {
            return true;
        }
        if (level >= 4 && (entry & LARGE) != 0 || level == 3 && leaf && !cpu.model.has1GiBPages()) {
            return true;
        }
        long offset = leaf && level > 1 ? (1L << shift) - 1 & ~0x1fffL & ADDRESS : 0;
        long upper = cpu.isLongMode() ? 0 : PAE_RESERVED;
        return (entry & (offset | upper | cpu.model.reservedAddressBits())) != 0;
    }

    private long walk4(long linear, int access, boolean user, boolean implicit, int error) {
        long at = (cpu.cr3 & SMALL_ADDRESS) + (linear >>> 22) * 4;
        long entry = read4(at);
        if ((entry & PRESENT) == 0) {
            throw cpu.pageFault(linear, error);
        }
        long rights = entry & (WRITABLE | USER);
        if ((entry & LARGE) != 0 && (cpu.cr4 & CR4_PSE) != 0) {
            if ((entry & pse36Reserved()) != 0) {
                throw cpu.pageFault(linear, error | PF_PRESENT | PF_RESERVED);
            }
            check(linear, rights, false, access, user, implicit, error);
            update4(at, entry, access);
            setKind(entry, true);
            // PSE-36: bits from 13 on are address bits from 32 on.
            return entry & 0xffc0_0000L | (entry & 0x1f_e000) << 19 | linear & 0x3f_ffff;
        }
        if ((entry & ACCESSED) == 0) {
            mark(at, 4, entry, entry | ACCESSED);
        }
        at = (entry & SMALL_ADDRESS) + (linear >>> 12 & 1023) * 4;
        entry = read4(at);
        if ((entry & PRESENT) == 0) {
            throw cpu.pageFault(linear, error);
        }
        rights &= entry;
        check(linear, rights, false, access, user, implicit, error);
        update4(at, entry, access);
        setKind(entry, false);
        return entry & SMALL_ADDRESS | linear & 0xfff;
    }

    /// Of a 4 MiB page's entry: bits 21 to 13, but for those that are address bits.
    private long pse36Reserved() {
        int bits = cpu.model.has(Feature.PSE36) ? cpu.model.physicalBits() : 32;
        return (1L << 22) - (1L << Math.min(bits, PSE36_BITS) - 19);
    }

    /// Access rights (SDM volume 3, 5.6). Notes whether a store would pass.
    private void check(
            long linear,
            long rights,
            boolean nx,
            int access,
            boolean user,
            boolean implicit,
            int error) {
        boolean userPage = (rights & USER) != 0;
        boolean writeProtected = (cpu.cr0 & CR0_WP) != 0;
        boolean canWrite = (rights & WRITABLE) != 0 || !user && !writeProtected;
        boolean allowed = userPage || !user;
        if (access == Cpu.FETCH) {
            allowed &= !nx && !(!user && userPage && (cpu.cr4 & CR4_SMEP) != 0);
        } else {
            if (!user && userPage && (cpu.cr4 & CR4_SMAP) != 0) {
                allowed &= !implicit && cpu.flag(RFLAGS_AC);
            }
            allowed &= access != Cpu.STORE || canWrite;
        }
        if (!allowed) {
            throw cpu.pageFault(linear, error | PF_PRESENT);
        }
        writable = canWrite;
    }

    private void setKind(long entry, boolean large) {
        boolean global = (entry & GLOBAL) != 0 && (cpu.cr4 & CR4_PGE) != 0;
        kind = (global ? Tlb.GLOBAL : 0) | (large ? Tlb.LARGE : 0);
    }

    private void update8(long at, long entry, int access) {
        long wanted = entry | ACCESSED | (access == Cpu.STORE ? DIRTY : 0);
        if (wanted != entry) {
            mark(at, 8, entry, wanted);
        }
        writable &= (wanted & DIRTY) != 0;
    }

    private void update4(long at, long entry, int access) {
        long wanted = entry | ACCESSED | (access == Cpu.STORE ? DIRTY : 0);
        if (wanted != entry) {
            mark(at, 4, entry, wanted);
        }
        writable &= (wanted & DIRTY) != 0;
    }

    /// What is no RAM reads as not present, or all ones, as the bus says.
    private long read8(long gpa) {
        Region.Ram ram = cpu.ram(gpa);
        return ram == null ? cpu.memory.read(gpa, 8) : Raw.getLong(ram.hva(gpa));
    }

    private long read4(long gpa) {
        Region.Ram ram = cpu.ram(gpa);
        return ram == null ? cpu.memory.read(gpa, 4) : Raw.getInt(ram.hva(gpa)) & 0xffff_ffffL;
    }

    /// Sets bits of an entry, unless another processor has changed it meanwhile: then the walk begins anew.
    private void mark(long gpa, int width, long entry, long wanted) {
        Region.Ram ram = cpu.ram(gpa);
        if (!cpu.isShared() || ram == null || ram.readOnly()) {
            cpu.memory.write(gpa, width, wanted);
            return;
        }
        long hva = ram.hva(gpa);
        boolean done =
                width == 8
                        ? Raw.compareAndSetLong(hva, entry, wanted)
                        : Raw.compareAndSetInt(hva, (int) entry, (int) wanted);
        if (done) {
            cpu.memory.noteWritten(ram, gpa, width);
        } else {
            changed = true;
        }
    }
}
