package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import straddle.core.arch.x86.Segment;
import straddle.core.vcpu.Exit;
import straddle.tcg.Cpu;
import straddle.tcg.op.Arith;
import straddle.tcg.op.Ea;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.Flags;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.Reg;

/// System instructions that stay in their code segment (SDM volume 3, 2.8), port I/O, and CPUID.
final class Control extends MicroOp {
    private static final long CR0_WRITABLE =
            CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG;

    /// XCR0's bits for opmask and ZMM registers, which go together.
    private static final long XCR0_AVX512 = 0xe0;

    /// In a value for CR3: keep what is cached for the PCID.
    private static final long CR3_KEEP = 1L << 63;

    /// Cache lines, as CPUID's leaf 5 says and MWAIT watches them.
    private static final int MONITOR_LINE = 64;

    private static final int MWAIT_CHECKS = 40;
    private static final long MWAIT_CHECK_NANOS = 50_000;
    private static final long DR6_BD = 1 << 13;

    final Op op;
    private final Ea ea;
    private final int segment;
    final int width;
    private final int reg;
    private final int rm;
    private final boolean wide;
    final boolean is64;
    final boolean isKernel;

    /// Whether the time-stamp counter may be read in its mode.
    final boolean mayCount;

    /// Whether the next instruction, which no interrupt may precede if this is STI, is in the same block.
    boolean coversNext;

    private final int immediate;
    private final boolean fromDx;
    private final long nextPc;

    /// @param isKernel whether it is 64-bit code of level 0
    Control(Insn insn, Ea ea, int segment, long nextPc, boolean isKernel, boolean mayCount) {
        this.isKernel = isKernel;
        this.mayCount = mayCount;
        this.op = insn.op;
        this.ea = ea;
        this.segment = segment;
        this.reg = insn.reg;
        this.rm = insn.rm;
        this.wide = insn.rexW;
        this.is64 = insn.mode == 64;
        this.immediate = (int) insn.immediate & 0xff;
        this.nextPc = nextPc;
        boolean bytes =
                insn.row.operands().contains(Operand.AL) && (insn.op == Op.IN || insn.op == Op.OUT);
        this.fromDx = insn.row.operands().contains(Operand.DX);
        boolean port = insn.op == Op.IN || insn.op == Op.OUT;
        this.width = bytes ? 1 : port ? Math.min(insn.operandSize, 4) : insn.operandSize;
    }

    /// Whether what follows must be looked up again: the mode, a mapping or the interrupt flag may have changed.
    boolean endsBlock() {
        return switch (op) {
            case CLI, STI, CLAC, STAC, SWAPGS -> !isKernel;
            case HLT,
                    POPF,
                    WRMSR,
                    LMSW,
                    INVLPG,
                    INVPCID,
                    MOVTOCR,
                    MOVTODR,
                    XSETBV,
                    OUT,
                    IN,
                    WRFSBASE,
                    WRGSBASE,
                    MWAIT,
                    WBINVD,
                    LIDT,
                    LGDT,
                    CLTS ->
                    true;
            default -> false;
        };
    }

    @Override
    public MicroOp exec(Cpu cpu) {
        X86Cpu c = (X86Cpu) cpu;
        switch (op) {
            case IN -> in(c);
            case OUT -> out(c);
            case HLT -> {
                privileged(c);
                c.pc = nextPc;
                c.halted = true;
                c.exit = Exit.Halt.HALT;
                return null;
            }
            case CLI -> cli(c);
            case STI -> sti(c);
            case PUSHF -> pushf(c);
            case POPF -> popf(c);
            case CPUID -> cpuid(c);
            case RDTSC, RDTSCP, RDPMC -> readCounter(c);
            case RDMSR -> {
                privileged(c);
                long value = Msrs.read(c, (int) c.r[RCX]);
                c.r[RAX] = value & 0xffff_ffffL;
                c.r[RDX] = value >>> 32;
            }
            case WRMSR -> {
                privileged(c);
                Msrs.write(c, (int) c.r[RCX], c.r[RDX] << 32 | c.r[RAX] & 0xffff_ffffL);
            }
            case SGDT, SIDT, LGDT, LIDT -> table(c);
            case SMSW -> {
                refuseUnderUmip(c);
                toEither(c, c.cr0);
            }
            case LMSW -> {
                privileged(c);
                long low = source(c, 2);
                setCr0(c, c.cr0 & ~0xeL | low & 0xf | c.cr0 & CR0_PE);
            }
            case INVLPG -> {
                privileged(c);
                c.flushPage(ea.address(c));
            }
            case INVPCID -> {
                privileged(c);
                invalidate(c);
            }
            case CLTS -> {
                privileged(c);
                c.cr0 &= ~CR0_TS;
            }
            case INVD, WBINVD -> privileged(c);
            case MOVFROMCR -> {
                privileged(c);
                Reg.set(c.r, rm, is64 ? 8 : 4, readCr(c));
            }
            case MOVTOCR -> {
                privileged(c);
                writeCr(c, is64 ? c.r[rm] : c.r[rm] & 0xffff_ffffL);
            }
            case MOVFROMDR -> {
                privileged(c);
                int number = debugRegister(c);
                Reg.set(c.r, rm, is64 ? 8 : 4, c.dr[number]);
            }
            case MOVTODR -> {
                privileged(c);
                int number = debugRegister(c);
                long value = is64 ? c.r[rm] : c.r[rm] & 0xffff_ffffL;
                writeDr(c, number, value);
            }
            case SLDT -> {
                refuseUnderUmip(protectedOnly(c));
                toEither(c, c.ldtr.selector);
            }
            case STR -> {
                refuseUnderUmip(protectedOnly(c));
                toEither(c, c.tr.selector);
            }
            case LLDT -> {
                protectedOnly(c);
                privileged(c);
                Descriptors.loadSystem(c, c.ldtr, (int) source(c, 2), false);
            }
            case LTR -> {
                protectedOnly(c);
                privileged(c);
                Descriptors.loadSystem(c, c.tr, (int) source(c, 2), true);
            }
            case VERR, VERW, LAR, LSL -> inspect(protectedOnly(c));
            case SWAPGS -> {
                privileged(c);
                long base = c.segments[GS].base;
                c.segments[GS].base = c.r[X86Cpu.KERNEL_GS_BASE];
                c.r[X86Cpu.SEGMENT_BASE + GS] = c.segments[GS].base;
                c.r[X86Cpu.KERNEL_GS_BASE] = base;
            }
            case XGETBV -> {
                extendedState(c);
                long value = extendedControl(c, (int) c.r[RCX]);
                c.r[RAX] = value & 0xffff_ffffL;
                c.r[RDX] = value >>> 32;
            }
            case XSETBV -> {
                extendedState(c);
                privileged(c);
                long value = c.r[RDX] << 32 | c.r[RAX] & 0xffff_ffffL;
                boolean avxWithoutSse = (value & 6) == 4;
                long avx512 = value & XCR0_AVX512;
                boolean part = avx512 != 0 && (avx512 != XCR0_AVX512 || (value & 4) == 0);
                if (c.r[RCX] << 32 != 0
                        || (value & 1) == 0
                        || (value & ~c.model.xcr0()) != 0
                        || avxWithoutSse
                        || part) {
                    throw c.gp();
                }
                c.xcr0 = value;
            }
            case CLAC, STAC -> {
                privileged(c);
                if (op == Op.STAC) {
                    c.addSystemFlags(RFLAGS_AC);
                } else {
                    c.clearSystemFlags(RFLAGS_AC);
                }
                c.updateMmuIndex();
            }
            case MONITOR -> monitor(c);
            case MWAIT -> await(c);
            case MFENCE -> VarHandle.fullFence();
            case RDFSBASE, RDGSBASE -> {
                baseAccess(c);
                Reg.set(c.r, rm, wide ? 8 : 4, c.segments[op == Op.RDFSBASE ? FS : GS].base);
            }
            case WRFSBASE, WRGSBASE -> {
                baseAccess(c);
                long base = wide ? c.r[rm] : c.r[rm] & 0xffff_ffffL;
                if (!c.isCanonical(base)) {
                    throw c.gp();
                }
                c.segments[op == Op.WRFSBASE ? FS : GS].base = base;
                c.updateMode();
            }
            default -> throw new IllegalStateException(op + " is no control instruction");
        }
        boolean ends = endsBlock();
        if (ends) {
            c.pc = nextPc;
        }
        if (c.isShared() && (ends || op == Op.CPUID)) {
            // Serializing instructions and I/O drain the store buffer (SDM volume 3, 10.3).
            VarHandle.fullFence();
        }
        return next;
    }

    @Override
    public void emit(Emitter e) {
        if (!ControlEmission.emit(this, e)) {
            super.emit(e);
        }
    }

    private static void privileged(X86Cpu c) {
        if (c.cpl != 0) {
            throw c.gp();
        }
    }

    private static X86Cpu protectedOnly(X86Cpu c) {
        if (c.isRealLike()) {
            throw c.fault(UD);
        }
        return c;
    }

    /// XCR0, or, of its components, those in use (SDM volume 2, XGETBV).
    private static long extendedControl(X86Cpu c, int number) {
        if (number == 0) {
            return c.xcr0;
        }
        if (number == 1 && c.model.has(Feature.XGETBV1)) {
            return c.xcr0 & ExtendedState.inUse(c);
        }
        throw c.gp();
    }

    /// INVPCID's operands are checked, and everything it may name is dropped: PCIDs are not told apart.
    private void invalidate(X86Cpu c) {
        long type = is64 ? c.r[reg] : c.r[reg] & 0xffff_ffffL;
        long address = c.linear(segment, ea.offset(c), 16, false);
        long pcid = c.load64(address);
        long linear = c.load64(address + 8 & c.addressMask());
        boolean needsPcid = type <= 1 && (c.cr4 & CR4_PCIDE) == 0 && (pcid & 0xfff) != 0;
        boolean nonCanonical = type == 0 && !c.isCanonical(linear);
        if ((type & ~3L) != 0 || pcid >>> 12 != 0 || needsPcid || nonCanonical) {
            throw c.gp();
        }
        if (type == 0) {
            c.flushPage(linear);
        } else if (type == 3) {
            c.flushNonGlobal();
        } else {
            c.flushTlbs();
        }
    }

    private void monitor(X86Cpu c) {
        if (c.cpl != 0) {
            throw c.fault(UD);
        }
        if ((c.r[RCX] & 0xffff_ffffL) != 0) {
            throw c.gp();
        }
        long line = c.linear(segment, c.r[RAX] & c.addressMask(), 1, false) & -MONITOR_LINE;
        c.monitored = line;
        c.monitoredSum = sum(c, line);
    }

    private static long sum(X86Cpu c, long line) {
        long sum = 0;
        for (int i = 0; i < MONITOR_LINE; i += 8) {
            sum = sum * 31 + c.load64(line + i);
        }
        return sum;
    }

    /// Waits for a store to the monitored line, an interrupt, or some milliseconds: MWAIT may end for other reasons (SDM
    /// volume 3, 10.10.4).
    private static void await(X86Cpu c) {
        if (c.cpl != 0) {
            throw c.fault(UD);
        }
        if ((c.r[RCX] & 0xffff_fffeL) != 0) {
            throw c.gp();
        }
        for (int i = 0; i < MWAIT_CHECKS; i++) {
            boolean wakes = c.interrupts.pending() || c.nmiPending || c.wantsAttention();
            if (c.monitored == X86Cpu.NOTHING_MONITORED
                    || wakes
                    || sum(c, c.monitored) != c.monitoredSum) {
                break;
            }
            LockSupport.parkNanos(MWAIT_CHECK_NANOS);
        }
        c.monitored = X86Cpu.NOTHING_MONITORED;
    }

    private static void extendedState(X86Cpu c) {
        if ((c.cr4 & CR4_OSXSAVE) == 0) {
            throw c.fault(UD);
        }
    }

    private static void baseAccess(X86Cpu c) {
        if ((c.cr4 & CR4_FSGSBASE) == 0) {
            throw c.fault(UD);
        }
    }

    private long source(X86Cpu c, int bytes) {
        return ea == null ? Reg.get(c.r, rm, bytes) : c.load(ea.address(c), bytes);
    }

    /// To a register of the operand size, or to two bytes of memory.
    private void toEither(X86Cpu c, long value) {
        if (ea == null) {
            Reg.set(c.r, rm, width, value);
        } else {
            c.store(ea.address(c), 2, value);
        }
    }

    // ---- ports

    /// IOPL and the I/O permission bitmap (SDM volume 1, 19.5).
    static void checkPort(X86Cpu c, int port, int width) {
        if (!c.isProtected() || c.cpl <= c.iopl() && !c.isVm86()) {
            return;
        }
        if (c.program != null) {
            throw c.gp();
        }
        long limit = c.tr.limit & 0xffff_ffffL;
        if ((c.tr.attributes & 8) == 0 || limit < 103) {
            throw c.gp();
        }
        long map = c.systemLoad(c.tr.base + 102, 2) + (port >>> 3);
        if (map + 1 > limit) {
            throw c.gp();
        }
        long bits = c.systemLoad(c.tr.base + map, 2) >>> (port & 7);
        if ((bits & (1 << width) - 1) != 0) {
            throw c.gp();
        }
    }

    private int port(X86Cpu c) {
        return fromDx ? (int) c.r[RDX] & 0xffff : immediate;
    }

    private void in(X86Cpu c) {
        int port = port(c);
        checkPort(c, port, width);
        Reg.set(c.r, RAX, width, c.readPort(port, width));
    }

    private void out(X86Cpu c) {
        int port = port(c);
        checkPort(c, port, width);
        c.writePort(port, width, Reg.get(c.r, RAX, width));
    }

    // ---- flags

    private static void cli(X86Cpu c) {
        if (VirtualInterrupts.forCliAndSti(c)) {
            VirtualInterrupts.cli(c);
            return;
        }
        if (c.isProtected() && c.iopl() < c.cpl) {
            throw c.gp();
        }
        c.clearSystemFlags(RFLAGS_IF);
    }

    private void sti(X86Cpu c) {
        if (VirtualInterrupts.forCliAndSti(c)) {
            VirtualInterrupts.sti(c);
            return;
        }
        if (c.isProtected() && c.iopl() < c.cpl) {
            throw c.gp();
        }
        if (!c.flag(RFLAGS_IF)) {
            c.addSystemFlags(RFLAGS_IF);
            if (!coversNext) {
                c.request(X86Cpu.ATTENTION_SHADOW);
            }
            c.interruptsEnabled();
        }
    }

    private void pushf(X86Cpu c) {
        if (VirtualInterrupts.forFlags(c, width)) {
            c.push(VirtualInterrupts.image(c), 2);
            return;
        }
        if (c.isVm86() && c.iopl() < 3) {
            throw c.gp();
        }
        c.push(c.rflags() & ~(RFLAGS_VM | RFLAGS_RF), width);
    }

    private void popf(X86Cpu c) {
        if (VirtualInterrupts.forFlags(c, width)) {
            long image = c.peek(0, 2);
            VirtualInterrupts.check(c, image);
            c.release(2);
            VirtualInterrupts.load(c, image);
            c.updateMmuIndex();
            return;
        }
        if (c.isVm86() && c.iopl() < 3) {
            throw c.gp();
        }
        long flags = c.peek(0, width);
        c.release(width);
        long cleared = RFLAGS_RF | RFLAGS_VIF | RFLAGS_VIP;
        long wanted = flags & ~cleared | c.rflags() & RFLAGS_RF;
        Events.setReturnFlags(c, wanted, width, c.isProtected() ? c.cpl : 0, c.iopl());
        c.updateMmuIndex();
        c.interruptsEnabled();
    }

    // ---- identification and counters

    private static void cpuid(X86Cpu c) {
        int[] leaf = c.cpuid((int) c.r[RAX], (int) c.r[RCX]);
        c.r[RAX] = leaf[0] & 0xffff_ffffL;
        c.r[RBX] = leaf[1] & 0xffff_ffffL;
        c.r[RCX] = leaf[2] & 0xffff_ffffL;
        c.r[RDX] = leaf[3] & 0xffff_ffffL;
    }

    private void readCounter(X86Cpu c) {
        if (op == Op.RDPMC) {
            if (c.cpl != 0 && (c.cr4 & CR4_PCE) == 0) {
                throw c.gp();
            }
            throw c.gp();
        }
        if ((c.cr4 & CR4_TSD) != 0 && c.cpl != 0) {
            throw c.gp();
        }
        long tsc = c.tsc();
        c.r[RAX] = tsc & 0xffff_ffffL;
        c.r[RDX] = tsc >>> 32;
        if (op == Op.RDTSCP) {
            c.r[RCX] = c.r[X86Cpu.TSC_AUX];
        }
    }

    // ---- tables

    /// CR4.UMIP keeps user code from reading what the system is made of.
    private static void refuseUnderUmip(X86Cpu c) {
        if ((c.cr4 & CR4_UMIP) != 0 && c.cpl > 0) {
            throw c.gp();
        }
    }

    private void table(X86Cpu c) {
        long address = c.linear(segment, ea.offset(c), 6, op == Op.SGDT || op == Op.SIDT);
        int baseWidth = is64 ? 8 : 4;
        if (op == Op.SGDT || op == Op.SIDT) {
            refuseUnderUmip(c);
            c.store(address, 2, op == Op.SGDT ? c.gdtLimit : c.idtLimit);
            c.store(
                    address + 2 & c.addressMask(),
                    baseWidth,
                    op == Op.SGDT ? c.gdtBase : c.idtBase);
            return;
        }
        privileged(c);
        int limit = (int) c.load(address, 2);
        long base = c.load(address + 2 & c.addressMask(), baseWidth);
        if (!is64 && width == 2) {
            base &= 0xff_ffff;
        }
        if (!c.isCanonical(base)) {
            throw c.gp();
        }
        if (op == Op.LGDT) {
            c.gdtBase = base;
            c.gdtLimit = limit;
        } else {
            c.idtBase = base;
            c.idtLimit = limit;
        }
    }

    /// LAR, LSL, VERR and VERW: ZF says whether the selector could be used.
    private void inspect(X86Cpu c) {
        int selector = (int) source(c, 2);
        long descriptor = 0;
        boolean ok = (selector & 0xfffc) != 0;
        if (ok) {
            try {
                descriptor = Descriptors.read(c, selector, GP);
            } catch (straddle.tcg.GuestFault fault) {
                if (c.faultVector == PF) {
                    throw fault;
                }
                ok = false;
            }
        }
        boolean codeOrData = Descriptors.isCodeOrData(descriptor);
        int type = Descriptors.type(descriptor);
        boolean code = codeOrData && (type & 8) != 0;
        boolean conforming = code && (type & 4) != 0;
        int dpl = Descriptors.dpl(descriptor);
        boolean visible = conforming || dpl >= Math.max(c.cpl, selector & 3);
        ok =
                ok
                        && switch (op) {
                            case VERR -> codeOrData && visible && (!code || (type & 2) != 0);
                            case VERW -> codeOrData && !code && visible && (type & 2) != 0;
                            case LAR -> visible && (codeOrData || hasRights(c, type));
                            default -> visible && (codeOrData || hasLimit(c, type));
                        };
        if (ok && op == Op.LAR) {
            Reg.set(c.r, reg, width, descriptor >>> 32 & 0xff_ff00);
        } else if (ok && op == Op.LSL) {
            Reg.set(c.r, reg, width, Segment.limit(descriptor) & 0xffff_ffffL);
        }
        int flags = Arith.eager(c) & ~Flags.ZF;
        c.setFlags(Flags.EAGER, ok ? flags | Flags.ZF : flags, 0, 0);
    }

    private static boolean hasRights(X86Cpu c, int type) {
        return switch (type) {
            case 2, 9, 11, 12 -> true;
            case 1, 3, 4, 5 -> !c.isLongMode();
            default -> false;
        };
    }

    private static boolean hasLimit(X86Cpu c, int type) {
        return switch (type) {
            case 2, 9, 11 -> true;
            case 1, 3 -> !c.isLongMode();
            default -> false;
        };
    }

    // ---- control and debug registers

    private long readCr(X86Cpu c) {
        return switch (reg) {
            case 0 -> c.cr0;
            case 2 -> c.cr2;
            case 3 -> c.cr3;
            case 4 -> c.cr4;
            case 8 -> {
                c.requireAlone();
                yield c.interrupts.taskPriority();
            }
            default -> throw c.fault(UD);
        };
    }

    private void writeCr(X86Cpu c, long value) {
        switch (reg) {
            case 0 -> setCr0(c, value);
            case 2 -> c.cr2 = value;
            case 3 -> {
                boolean pcids = (c.cr4 & CR4_PCIDE) != 0;
                long kept = pcids ? value & ~CR3_KEEP : value;
                if (c.isLongMode() && (kept & c.model.reservedBits()) != 0) {
                    throw c.gp();
                }
                c.paging.loadPointers(kept);
                c.cr3 = kept;
                // What is cached is not told apart by PCID: flushing more than asked for is
                // allowed.
                c.addressSpaceChanged();
            }
            case 4 -> setCr4(c, value);
            case 8 -> {
                if (value >>> 4 != 0) {
                    throw c.gp();
                }
                c.requireAlone();
                c.interrupts.setTaskPriority((int) value);
                c.interruptsEnabled();
            }
            default -> throw c.fault(UD);
        }
    }

    static void setCr0(X86Cpu c, long wanted) {
        long value = wanted & CR0_WRITABLE | CR0_ET;
        boolean paging = (value & CR0_PG) != 0;
        if (paging && (value & CR0_PE) == 0
                || (value & CR0_NW) != 0 && (value & CR0_CD) == 0
                || wanted >>> 32 != 0
                || !paging && (c.cr4 & CR4_PCIDE) != 0) {
            throw c.gp();
        }
        boolean was = (c.cr0 & CR0_PG) != 0;
        if (paging && !was && (c.efer & EFER_LME) != 0) {
            if ((c.cr4 & CR4_PAE) == 0 || c.segments[CS].has(Segment.L)) {
                throw c.gp();
            }
            c.efer |= EFER_LMA;
        } else if (!paging && was && c.isLongMode()) {
            if (c.is64()) {
                throw c.gp();
            }
            c.efer &= ~EFER_LMA;
        }
        boolean wasProtected = c.isProtected();
        long before = c.cr0;
        c.cr0 = value;
        if (((before ^ value) & (CR0_PG | CR0_CD | CR0_NW)) != 0) {
            try {
                c.paging.loadPointers(c.cr3);
            } catch (straddle.tcg.GuestFault fault) {
                c.cr0 = before;
                throw fault;
            }
        }
        if (!c.isProtected()) {
            c.cpl = 0;
        } else if (!wasProtected) {
            c.cpl = 0;
            // Until a far jump, CS keeps its real-mode form, whose low bits say nothing of
            // privilege.
            c.segments[SS].attributes &= ~(3 << Segment.DPL_SHIFT);
        }
        c.flushTlbs();
        c.updateMode();
    }

    private static void setCr4(X86Cpu c, long value) {
        boolean leavesPae = c.isLongMode() && (value & CR4_PAE) == 0;
        boolean pcidOutside =
                (value & CR4_PCIDE) != 0
                        && (c.cr4 & CR4_PCIDE) == 0
                        && (!c.isLongMode() || (c.cr3 & 0xfff) != 0);
        long changed = c.cr4 ^ value;
        boolean otherLevels = c.isLongMode() && (changed & CR4_LA57) != 0;
        if ((value & ~c.model.cr4()) != 0 || leavesPae || pcidOutside || otherLevels) {
            throw c.gp();
        }
        long before = c.cr4;
        c.cr4 = value;
        if ((changed & (CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP)) != 0) {
            try {
                c.paging.loadPointers(c.cr3);
            } catch (straddle.tcg.GuestFault fault) {
                c.cr4 = before;
                throw fault;
            }
        }
        if ((changed & (CR4_LA57 | CR4_TSD)) != 0) {
            c.tbs.clear(); // some blocks know which targets of jumps are canonical, or that they
            // may count
        }
        c.updateBreakpoints();
        c.flushTlbs();
        c.updateMode();
    }

    private static void writeDr(X86Cpu c, int number, long value) {
        if (number >= 6 && value >>> 32 != 0) {
            throw c.gp();
        }
        switch (number) {
            case 6 -> c.dr[6] = value & 0xe00f | 0xffff_0ff0L;
            case 7 -> c.writeDr7(value & 0xffff_2bffL | 0x400);
            default -> {
                c.dr[number] = value;
                c.updateBreakpoints();
            }
        }
    }

    private int debugRegister(X86Cpu c) {
        int number = reg & 7;
        if (reg > 7 || (number == 4 || number == 5) && (c.cr4 & CR4_DE) != 0) {
            throw c.fault(UD);
        }
        if ((c.dr[7] & Events.DR7_GD) != 0) {
            c.dr[6] |= DR6_BD;
            throw c.fault(DB);
        }
        return number == 4 ? 6 : number == 5 ? 7 : number;
    }
}
