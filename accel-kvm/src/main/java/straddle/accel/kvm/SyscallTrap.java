package straddle.accel.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86;
import straddle.core.arch.x86.X86State;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.Region;
import straddle.host.Descriptor;
import straddle.host.HostException;
import straddle.linux.kvm.Kvm;
import straddle.linux.kvm.kvm_dtable;
import straddle.linux.kvm.kvm_guest_debug;
import straddle.linux.kvm.kvm_guest_debug_arch;
import straddle.linux.kvm.kvm_sregs;

/// Catches what SYSCALL becomes under a KVM that runs only user code on the processor.
///
/// Such a KVM does not change the privilege: RCX, R11, RIP and RFLAGS are as after SYSCALL, and the fetch at
/// LSTAR then raises a page fault, which reaches the guest's own handler. A breakpoint on that handler's
/// first instruction, which such a KVM interprets, shows each one; what comes of a SYSCALL is taken back.
final class SyscallTrap {
    private static final int SYSCALL_BYTES = 2;
    private static final int SYSCALL_OPCODE = 0x050f;

    /// Exits between two looks at a gate whose table has not moved.
    private static final int LOOKS = 64;

    /// DR7: breakpoint 0 on execution, for all tasks.
    private static final long EXECUTION_AT_0 = 0x402;

    /// In a page fault's error code.
    private static final int BY_USER = 1 << 2;

    private static final long PRESENT = 1;
    private static final long LARGE = 1 << 7;
    private static final long FRAME = 0xf_ffff_ffff_f000L;

    private final Descriptor vcpu;
    private final MemorySegment sregs;
    private final AddressSpace memory;
    private final MemorySegment debug;
    private long idtBase = -1;
    private int looks;
    private long handler;
    private long caught;

    /// @param sregs as `kvm_run` shows them after each exit
    SyscallTrap(Descriptor vcpu, MemorySegment sregs, AddressSpace memory, Arena arena) {
        this.vcpu = vcpu;
        this.sregs = sregs;
        this.memory = memory;
        debug = kvm_guest_debug.allocate(arena);
    }

    /// SYSCALLs that were taken back.
    long caught() {
        return caught;
    }

    /// After an exit: the breakpoint follows the guest's page-fault gate.
    void follow() throws HostException {
        if ((kvm_sregs.efer(sregs) & (X86.EFER_SCE | X86.EFER_LMA))
                != (X86.EFER_SCE | X86.EFER_LMA)) {
            return;
        }
        long base = kvm_dtable.base(kvm_sregs.idt(sregs));
        if (base == idtBase && ++looks < LOOKS) {
            return;
        }
        idtBase = base;
        looks = 0;
        long gate = base + 16 * X86.PF;
        long low = load(gate);
        long offset = low & 0xffff | low >>> 32 & 0xffff_0000L | load(gate + 8) << 32;
        if (offset != handler && (low >>> 47 & 1) != 0) {
            breakAt(offset);
        }
    }

    private void breakAt(long address) throws HostException {
        debug.fill((byte) 0);
        kvm_guest_debug.control(debug, Kvm.KVM_GUESTDBG_ENABLE() | Kvm.KVM_GUESTDBG_USE_HW_BP());
        MemorySegment registers = kvm_guest_debug.arch(debug);
        kvm_guest_debug_arch.debugreg(registers, 0, address);
        kvm_guest_debug_arch.debugreg(registers, 7, EXECUTION_AT_0);
        vcpu.ioctl("KVM_SET_GUEST_DEBUG", Kvm.KVM_SET_GUEST_DEBUG(), debug.address());
        handler = address;
    }

    /// Whether the breakpoint of this address is ours.
    boolean isAt(long address) {
        return address == handler && handler != 0;
    }

    /// If the page fault at whose handler the guest stands comes of a SYSCALL: puts it back in front of that.
    ///
    /// @param state with the handler's frame, error code first, at RSP
    void takeBack(X86State state) {
        long frame = state.gpr[X86.RSP];
        long error = load(frame);
        long lstar = state.msr(X86.MSR_LSTAR);
        long at = state.gpr[X86.RCX] - SYSCALL_BYTES;
        // Without NX the error code does not tell fetches from reads: a fetch faults where it is.
        boolean fetchByUser = (error & BY_USER) != 0 && state.cr2 == lstar;
        // The fault sets RF in its frame (Intel SDM vol. 3, 18.3.1.1), which Linux has SYSCALL
        // clear.
        long flags = load(frame + 24) & ~X86.RFLAGS_RF;
        boolean masked = (flags & state.msr(X86.MSR_SFMASK)) == 0;
        if (!fetchByUser
                || !masked
                || load(frame + 8) != lstar
                || (load(at) & 0xffff) != SYSCALL_OPCODE) {
            return;
        }
        caught++;
        state.rip = at;
        state.rflags = state.gpr[11] & ~X86.RFLAGS_RF | X86.RFLAGS_FIXED;
        state.gpr[X86.RSP] = load(frame + 32);
        int user = Segment.P | Segment.S | Segment.G | 3 << Segment.DPL_SHIFT;
        state.segments[X86.CS].set((int) load(frame + 16) & 0xffff, 0, -1, user | Segment.L | 0xb);
        state.segments[X86.SS].set((int) load(frame + 40) & 0xffff, 0, -1, user | Segment.DB | 3);
    }

    /// Whoever takes the state between a SYSCALL and what becomes of it finds the guest in front of the SYSCALL.
    void takeBackBegun(X86State state) {
        int user = 3;
        long at = state.gpr[X86.RCX] - SYSCALL_BYTES;
        if (state.rip == state.msr(X86.MSR_LSTAR)
                && state.segments[X86.CS].dpl() == user
                && (state.rflags & X86.RFLAGS_IF) == 0
                && (load(at) & 0xffff) == SYSCALL_OPCODE) {
            caught++;
            state.rip = at;
            state.rflags = state.gpr[11] & ~X86.RFLAGS_RF | X86.RFLAGS_FIXED;
        } else if (isAt(state.rip)) {
            takeBack(state);
        }
    }

    /// Eight bytes of the guest's memory at a virtual address, or 0 where none is mapped.
    private long load(long linear) {
        long inPage = Math.min(Long.BYTES, 4096 - (linear & 4095));
        long value = loadInPage(linear, inPage);
        return inPage == Long.BYTES
                ? value
                : value | loadInPage(linear + inPage, Long.BYTES - inPage) << 8 * inPage;
    }

    private long loadInPage(long linear, long bytes) {
        long gpa = translate(linear);
        if (gpa < 0 || !(memory.at(gpa) instanceof Region.Ram)) {
            return 0;
        }
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= memory.read(gpa + i, 1) << 8 * i;
        }
        return value;
    }

    /// The guest-physical address by the guest's tables (Intel SDM vol. 3, 4.5), or -1 where nothing is mapped.
    ///
    /// KVM_TRANSLATE finds no page of user code's that SMAP keeps from the kernel.
    private long translate(long linear) {
        long entry = kvm_sregs.cr3(sregs);
        int shift = (kvm_sregs.cr4(sregs) & X86.CR4_LA57) != 0 ? 48 : 39;
        for (; shift >= 12; shift -= 9) {
            long at = (entry & FRAME) + 8 * (linear >>> shift & 511);
            if (!(memory.at(at) instanceof Region.Ram)) {
                return -1;
            }
            entry = memory.read(at, 8);
            if ((entry & PRESENT) == 0) {
                return -1;
            }
            if (shift == 12 || shift <= 30 && (entry & LARGE) != 0) {
                long inPage = (1L << shift) - 1;
                return entry & FRAME & ~inPage | linear & inPage;
            }
        }
        return -1;
    }
}
