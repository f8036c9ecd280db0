package straddle.accel.kvm;

import java.util.function.LongToIntFunction;
import straddle.core.accel.AcceleratorException;
import straddle.core.arch.x86.X86;
import straddle.core.arch.x86.X86State;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.UserState;
import straddle.host.HostException;

/// User code's registers on their way between a translator and KVM's vCPU, where they run surrounded by a [Monitor].
///
/// What ends user code is the translator's to execute anew, so they come back in front of it.
final class Crossing {
    private static final int SYSCALL_BYTES = 2;
    private static final int OUTSB = 0x6e;
    private static final int OUT_DX = 0xee;

    /// The translator's side.
    final UserState user = new UserState();

    private final KvmVcpu kvm;
    private final VcpuState registers;
    private final Monitor monitor;

    Crossing(KvmVcpu kvm, Monitor monitor) throws AcceleratorException {
        this.kvm = kvm;
        this.monitor = monitor;
        registers = kvm.registers();
        kvm.load(inMonitor());
    }

    /// What stays as it is for all of user code's slices.
    private static X86State inMonitor() {
        X86State state = new X86State();
        state.cr0 = VcpuState.NATIVE_CR0;
        state.cr4 = VcpuState.NATIVE_CR4;
        state.efer = VcpuState.NATIVE_EFER | X86.EFER_SCE;
        state.idtBase = Monitor.idtBase();
        state.idtLimit = 0xfff;
        state.gdtBase = Monitor.gdtBase();
        state.gdtLimit = Monitor.gdtLimit();
        Monitor.task(state.tr);
        state.msrs.put(X86.MSR_LSTAR, Monitor.gate());
        state.msrs.put(X86.MSR_STAR, Monitor.star());
        state.msrs.put(X86.MSR_SFMASK, Monitor.SFMASK);
        return state;
    }

    // ---- on the way in

    /// Whether user code can run natively: with interrupts, under segments that the monitor can return to.
    boolean canRun(UserDescriptors guest) {
        return (user.rflags & X86.RFLAGS_IF) != 0
                && (!user.is64() || hasPlainSegments())
                && monitor.admit(user, guest);
    }

    /// The processor keeps no more of 64-bit code's data segments than it can load again: their selectors must be null, or that of SS. No
    /// segment is of a local table.
    private boolean hasPlainSegments() {
        int stack = user.segments[X86.SS].selector;
        for (int i = X86.ES; i <= X86.GS; i++) {
            int selector = user.segments[i].selector;
            boolean plain = i == X86.CS ? (selector & 4) == 0 : selector <= 3 || selector == stack;
            if (!plain) {
                return false;
            }
        }
        return (stack & 4) == 0;
    }

    // ---- what ended user code

    /// After a kick: false if the monitor has yet to tell what ended user code, or KVM to lead there.
    boolean isTold() throws HostException {
        return (registers.cpl() == 3 || !Monitor.isAtOut(registers.rip()))
                && !registers.holdsException();
    }

    /// Whether user code's access to its port is SYSCALL's.
    boolean isAtSyscall() {
        return Monitor.isPastGate(registers.rip()) && hasSyscallsFlags(registers.rflags());
    }

    /// Of a page fault: whether it is of an address that can be user code's.
    boolean isFaultOfUser() {
        return (monitor.errorCode() & X86.PF_USER) != 0 && registers.cr2() >= 0;
    }

    boolean isFaultOfStore() {
        return (monitor.errorCode() & X86.PF_WRITE) != 0;
    }

    boolean isFaultOfFetch() {
        return (monitor.errorCode() & X86.PF_FETCH) != 0;
    }

    // ---- on the way out

    /// Takes the registers out of KVM's vCPU.
    ///
    /// @param vector the exception that ended user code, whose frame the monitor has, or [Monitor#SYSCALL_PORT]; or neither
    void takeOut(int vector) {
        registers.saveUser(user);
        if (vector != Monitor.SYSCALL_PORT && registers.cpl() != 3) {
            user.rip = monitor.frame(0);
            user.rflags = monitor.frame(2);
            user.gpr[X86.RSP] = monitor.frame(3);
            if (!user.is64()) {
                user.segments[X86.SS].selector = (int) monitor.frame(4) & 0xffff;
            }
        }
    }

    /// After [#takeOut]: whether SYSCALL has led to the gate, which something else then kept from telling.
    ///
    /// A KVM that interprets all but user code leaves the privilege as it is; RFLAGS tell that from a jump to LSTAR.
    boolean isLostSyscall() {
        return user.rip == Monitor.gate() && hasSyscallsFlags(user.rflags);
    }

    private static boolean hasSyscallsFlags(long rflags) {
        return (rflags & X86.RFLAGS_IF) == 0;
    }

    /// Back to the SYSCALL.
    void rewindSyscall() {
        user.rip = user.gpr[X86.RCX] - SYSCALL_BYTES;
        user.rflags = user.gpr[11];
    }

    /// Back to an instruction that accessed the gate's port without being SYSCALL.
    ///
    /// @param memory gives a byte of user code's memory, or 0 where there is none
    void rewindAccess(Exit.Port port, LongToIntFunction memory)
            throws HostException, AcceleratorException {
        if (Monitor.isPastGate(user.rip)) {
            user.rip = Monitor.gate(); // a jump there, to what the guest has not
            return;
        }
        if (port instanceof Exit.PortRead) {
            // It has still to happen, and must change nothing in memory.
            int step = (user.rflags & X86.RFLAGS_DF) != 0 ? -1 : 1;
            for (int i = 0; i < port.count; i++) {
                port.set(i, memory.applyAsInt(user.gpr[X86.RDI] + (long) step * i));
            }
            kvm.complete();
            return;
        }
        // By its last byte: OUTSB, OUT to the port in DX, and OUT to that in the instruction.
        switch (memory.applyAsInt(user.rip - 1)) {
            case OUTSB -> {
                user.rip--;
                user.gpr[X86.RSI] += (user.rflags & X86.RFLAGS_DF) != 0 ? 1 : -1;
            }
            case OUT_DX -> user.rip--;
            case Monitor.SYSCALL_PORT -> user.rip -= 2;
            default -> {}
        }
    }
}
