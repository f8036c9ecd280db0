package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import straddle.core.user.Access;
import straddle.core.user.UserMemory;
import straddle.core.user.UserStop;
import straddle.core.vcpu.Exit;
import straddle.tcg.Cpu;
import straddle.tcg.user.UserMmu;

/// What takes the place of paging, descriptor tables and exceptions' delivery while an [X86Cpu] runs a Linux program:
/// user code at privilege level 3, whose system calls and faults end the run.
///
/// Selectors are those of Linux for x86-64 (arch/x86/include/asm/segment.h).
final class X86Program {
    static final int CS_32 = 0x23;
    static final int DATA = 0x2b;
    static final int CS_64 = 0x33;
    static final int TLS = 0x63;
    static final int GDT_LIMIT = 16 * 8 - 1;

    private static final long FLAT_CODE_32 = 0x00cf_fb00_0000_ffffL;
    private static final long FLAT_DATA = 0x00cf_f300_0000_ffffL;
    private static final long FLAT_CODE_64 = 0x00af_fb00_0000_ffffL;

    private final X86Cpu cpu;
    final UserMmu mmu;
    private UserStop stop = UserStop.KICKED;
    private long faultAddress;
    private Access faultAccess = Access.LOAD;
    private long systemCallPc;
    private long tlsBase;

    X86Program(X86Cpu cpu, UserMemory memory) {
        this.cpu = cpu;
        this.mmu = new UserMmu(cpu, memory);
    }

    // ---- memory

    long walk(long virtual, int access) {
        if (virtual << 16 >> 16 != virtual) {
            throw cpu.nonCanonical(virtual);
        }
        cpu.fault(PF);
        return mmu.walk(virtual, access);
    }

    boolean walkedWritable() {
        return mmu.walkedWritable();
    }

    void attend() {
        mmu.attend();
    }

    /// The descriptor at a distance from the table's start, at address 0.
    long descriptor(long at) {
        return switch ((int) at | 3) {
            case CS_32 -> FLAT_CODE_32;
            case DATA -> FLAT_DATA;
            case CS_64 -> FLAT_CODE_64;
            case TLS -> FLAT_DATA | (tlsBase & 0xff_ffff) << 16 | (tlsBase & 0xff00_0000L) << 32;
            default -> 0;
        };
    }

    long tlsBase() {
        return tlsBase;
    }

    void setTlsBase(long base) {
        tlsBase = base & 0xffff_ffffL;
    }

    // ---- what ends a run

    private void stop(UserStop why) {
        stop = why;
        cpu.exit = Exit.Kicked.KICKED;
    }

    void systemCall(long nextPc) {
        systemCallPc = nextPc - 2;
        cpu.r[RCX] = nextPc;
        cpu.r[11] = cpu.rflags();
        cpu.pc = nextPc;
        stop(UserStop.SYSTEM_CALL);
    }

    /// INT n, INT3, INTO, INT1.
    void interrupted(int vector, long nextPc) {
        if (vector == 0x80) {
            systemCallPc = nextPc - 2;
            cpu.pc = nextPc;
            stop(UserStop.SYSTEM_CALL);
        } else if (vector == BP || vector == DB) {
            cpu.pc = nextPc;
            faultAddress = 0;
            stop(vector == BP ? UserStop.BREAKPOINT : UserStop.SINGLE_STEP);
        } else {
            throw cpu.gp();
        }
    }

    /// A trap between two instructions.
    void raised(int vector) {
        faultAddress = cpu.pc;
        stop(kind(vector));
    }

    /// The present instruction has faulted.
    void faulted() {
        if (cpu.faultVector == PF) {
            if (!mmu.copied(this::leave, this::enter)) {
                faultAddress = mmu.faultAddress();
                faultAccess = mmu.faultAccess();
                stop(mmu.stop());
            }
            return;
        }
        UserStop why = kind(cpu.faultVector);
        faultAddress = why == UserStop.BAD_ADDRESS ? 0 : cpu.pc;
        faultAccess = Access.LOAD;
        stop(why);
    }

    private void leave() {
        cpu.pause();
        mmu.leave();
    }

    private void enter() {
        mmu.enter();
        cpu.reenter();
    }

    private UserStop kind(int vector) {
        return switch (vector) {
            case DE -> UserStop.INTEGER_DIVIDE;
            case DB -> UserStop.SINGLE_STEP;
            case BP -> UserStop.BREAKPOINT;
            case UD -> UserStop.UNDEFINED_INSTRUCTION;
            case AC -> UserStop.MISALIGNED;
            case MF -> floatingPoint(cpu.x87.unmaskedExceptions());
            case XM -> floatingPoint(cpu.fp.mxcsr & ~(cpu.fp.mxcsr >>> 7));
            default -> UserStop.BAD_ADDRESS;
        };
    }

    /// Of the exceptions that are not masked, the one that Linux reports.
    private static UserStop floatingPoint(int exceptions) {
        if ((exceptions & 1) != 0) {
            return UserStop.FLOAT_INVALID;
        }
        if ((exceptions & 4) != 0) {
            return UserStop.FLOAT_DIVIDE;
        }
        if ((exceptions & 8) != 0) {
            return UserStop.FLOAT_OVERFLOW;
        }
        return (exceptions & 0x12) != 0 ? UserStop.FLOAT_UNDERFLOW : UserStop.FLOAT_INEXACT;
    }

    // ---- running

    UserStop run() {
        stop = UserStop.KICKED;
        mmu.enter();
        try {
            cpu.run();
        } finally {
            mmu.leave();
        }
        return stop;
    }

    long faultAddress() {
        return faultAddress;
    }

    Access faultAccess() {
        return faultAccess;
    }

    void rewindSystemCall() {
        cpu.pc = systemCallPc;
    }

    void kick() {
        cpu.request(Cpu.ATTENTION_KICK);
    }
}
