package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

/// Model-specific registers (SDM volume 4): those with an effect, those that just hold a value, and #GP for the rest.
final class Msrs {
    private static final int PLATFORM_ID = 0x17;

    /// Which supervisor state components XSAVES saves: none.
    private static final int XSS = 0xda0;

    private static final int SPEC_CTRL = 0x48;
    private static final int BIOS_SIGN_ID = 0x8b;
    private static final int MTRRCAP = 0xfe;

    // AMD's, which systems read and write unasked on a processor of that name (BKDG, family 0Fh).
    private static final int TOP_MEM = 0xc001_001a;
    private static final int TOP_MEM2 = 0xc001_001d;
    private static final int LS_CFG = 0xc001_1020;
    private static final int IC_CFG = 0xc001_1021;
    private static final int DC_CFG = 0xc001_1022;
    private static final int BU_CFG = 0xc001_1023;
    private static final int SYSCFG = 0xc001_0010;
    private static final int HWCR = 0xc001_0015;
    private static final int NB_CFG = 0xc001_001f;
    private static final int INT_PENDING = 0xc001_0055;
    private static final int DE_CFG = 0xc001_1029;
    private static final int MCG_CAP = 0x179;
    private static final int MCG_STATUS = 0x17a;
    private static final int DEBUGCTL = 0x1d9;
    private static final long DEBUGCTL_BITS = 0x3f;

    private Msrs() {}

    static long read(X86Cpu c, int number) {
        if (c.interrupts.hasMsr(number)) {
            c.requireAlone();
            long value = c.interrupts.readMsr(number);
            return number == MSR_TSC_DEADLINE && value != 0 ? value + c.tscOffset : value;
        }
        return switch (number) {
            case MSR_EFER -> {
                if (c.model.efer() == 0) {
                    throw c.gp();
                }
                yield c.efer;
            }
            case MSR_FS_BASE -> c.segments[FS].base;
            case MSR_GS_BASE -> c.segments[GS].base;
            case MSR_KERNEL_GS_BASE -> c.r[X86Cpu.KERNEL_GS_BASE];
            case MSR_APIC_BASE -> c.apicBase;
            case MSR_TSC -> c.tsc();
            case MSR_TSC_ADJUST -> c.tscOffset;
            case PLATFORM_ID, MCG_CAP, MCG_STATUS -> 0;
            case SYSCFG,
                    HWCR,
                    NB_CFG,
                    DE_CFG,
                    INT_PENDING,
                    TOP_MEM,
                    TOP_MEM2,
                    LS_CFG,
                    IC_CFG,
                    DC_CFG,
                    BU_CFG ->
                    0;
            case XSS -> {
                requireXsaves(c);
                yield 0;
            }
            case BIOS_SIGN_ID -> 1L << 32;
            case MTRRCAP -> 0x508;
            case MSR_PAT -> c.msrs.get(number, 0x0007_0406_0007_0406L);
            case MSR_MISC_ENABLE -> c.msrs.get(number, 1L);
            default -> {
                if (!isPlain(number)) {
                    throw c.gp();
                }
                yield c.msrs.get(number, 0L);
            }
        };
    }

    static void write(X86Cpu c, int number, long value) {
        if (c.interrupts.hasMsr(number)) {
            c.requireAlone();
            writeApic(c, number, value);
            return;
        }
        switch (number) {
            case MSR_EFER -> writeEfer(c, value);
            case MSR_FS_BASE, MSR_GS_BASE -> {
                canonical(c, value);
                c.segments[number == MSR_FS_BASE ? FS : GS].base = value;
                c.updateMode();
            }
            case MSR_KERNEL_GS_BASE -> {
                canonical(c, value);
                c.r[X86Cpu.KERNEL_GS_BASE] = value;
            }
            case MSR_LSTAR, MSR_CSTAR, MSR_SYSENTER_ESP, MSR_SYSENTER_EIP -> {
                canonical(c, value);
                c.msrs.put(number, value);
                c.updateMsrSlots();
            }
            case MSR_APIC_BASE -> c.apicBase = value;
            case MSR_TSC -> c.tscOffset += c.hasForeignCounter() ? 0 : value - c.tsc();
            case MSR_TSC_ADJUST -> c.tscOffset = c.hasForeignCounter() ? 0 : value;
            case BIOS_SIGN_ID,
                    MCG_STATUS,
                    SYSCFG,
                    HWCR,
                    NB_CFG,
                    DE_CFG,
                    INT_PENDING,
                    TOP_MEM,
                    TOP_MEM2,
                    LS_CFG,
                    IC_CFG,
                    DC_CFG,
                    BU_CFG -> {}
            case MSR_TSC_AUX -> {
                c.msrs.put(number, value & 0xffff_ffffL);
                c.updateMsrSlots();
            }
            case DEBUGCTL -> {
                if ((value & ~DEBUGCTL_BITS) != 0) {
                    throw c.gp();
                }
                c.msrs.put(number, value);
            }
            case XSS -> {
                requireXsaves(c);
                if (value != 0) {
                    throw c.gp();
                }
            }
            default -> {
                if (!isPlain(number) || !isMemoryTyped(c, number, value)) {
                    throw c.gp();
                }
                c.msrs.put(number, value);
                c.updateMsrSlots();
            }
        }
    }

    /// The local APIC counts the clock, not what the guest made of its time-stamp counter.
    private static void writeApic(X86Cpu c, int number, long value) {
        boolean armsDeadline = number == MSR_TSC_DEADLINE && value != 0;
        long ofClock = armsDeadline ? Math.max(1, value - c.tscOffset) : value;
        if (!c.interrupts.writeMsr(number, ofClock)) {
            throw c.gp();
        }
        c.interruptsEnabled();
    }

    private static void requireXsaves(X86Cpu c) {
        if (!c.model.has(Feature.XSAVES)) {
            throw c.gp();
        }
    }

    private static void canonical(X86Cpu c, long address) {
        if (!c.isCanonical(address)) {
            throw c.gp();
        }
    }

    private static void writeEfer(X86Cpu c, long value) {
        long writable = c.model.efer();
        boolean paging = (c.cr0 & CR0_PG) != 0;
        if (writable == 0
                || (value & ~(writable | EFER_LMA)) != 0
                || paging && ((value ^ c.efer) & EFER_LME) != 0) {
            throw c.gp();
        }
        c.efer = value & writable | c.efer & EFER_LMA;
        c.flushTlbs();
        c.updateMode();
    }

    /// False if a register of memory types is to have one that does not exist, or a bit that it lacks (SDM volume 3, 13.11
    /// and 13.12.2).
    private static boolean isMemoryTyped(X86Cpu c, int number, long value) {
        long address = c.model.reservedBits();
        if (number == MSR_PAT) {
            return areTypes(value, true);
        }
        if (number == MSR_MTRR_DEF_TYPE) {
            return areTypes(value & 0xff, false) && (value & ~0xcffL) == 0;
        }
        if (number >= 0x200 && number <= 0x20f) {
            return (number & 1) == 0
                    ? areTypes(value & 0xff, false) && (value & (0xf00 | address)) == 0
                    : (value & (0x7ff | address)) == 0;
        }
        boolean fixed = number >= 0x250 && number <= 0x26f;
        return !fixed || areTypes(value, false);
    }

    /// Whether each byte is a memory type: UC, WC, WT, WP, WB, or UC-.
    private static boolean areTypes(long value, boolean withUcMinus) {
        for (int i = 0; i < 64; i += 8) {
            int type = (int) (value >>> i) & 0xff;
            if (type > 7 || type == 2 || type == 3 || type == 7 && !withUcMinus) {
                return false;
            }
        }
        return true;
    }

    /// Registers that hold what was written, with no effect of their own here.
    private static boolean isPlain(int number) {
        return switch (number) {
            case MSR_SYSENTER_CS,
                    MSR_SYSENTER_ESP,
                    MSR_SYSENTER_EIP,
                    MSR_STAR,
                    MSR_LSTAR,
                    MSR_CSTAR,
                    MSR_SFMASK,
                    MSR_TSC_AUX,
                    MSR_PAT,
                    MSR_MISC_ENABLE,
                    MSR_MTRR_DEF_TYPE,
                    SPEC_CTRL,
                    DEBUGCTL ->
                    true;
            // MTRRs: variable and fixed ranges.
            default ->
                    number >= 0x200 && number <= 0x20f
                            || number == 0x250
                            || number == 0x258
                            || number == 0x259
                            || number >= 0x268 && number <= 0x26f;
        };
    }
}
