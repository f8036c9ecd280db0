package straddle.core.arch.x86;

/// Register numbers and bits with the manual's names (SDM volumes 1 and 3; MSRs: volume 4).
public final class X86 {
    public static final int RAX = 0;
    public static final int RCX = 1;
    public static final int RDX = 2;
    public static final int RBX = 3;
    public static final int RSP = 4;
    public static final int RBP = 5;
    public static final int RSI = 6;
    public static final int RDI = 7;

    public static final int ES = 0;
    public static final int CS = 1;
    public static final int SS = 2;
    public static final int DS = 3;
    public static final int FS = 4;
    public static final int GS = 5;

    public static final int RFLAGS_CF = 1;
    public static final int RFLAGS_FIXED = 1 << 1;
    public static final int RFLAGS_PF = 1 << 2;
    public static final int RFLAGS_AF = 1 << 4;
    public static final int RFLAGS_ZF = 1 << 6;
    public static final int RFLAGS_SF = 1 << 7;
    public static final int RFLAGS_TF = 1 << 8;
    public static final int RFLAGS_IF = 1 << 9;
    public static final int RFLAGS_DF = 1 << 10;
    public static final int RFLAGS_OF = 1 << 11;
    public static final int RFLAGS_IOPL = 3 << 12;
    public static final int RFLAGS_NT = 1 << 14;
    public static final int RFLAGS_RF = 1 << 16;
    public static final int RFLAGS_VM = 1 << 17;
    public static final int RFLAGS_AC = 1 << 18;
    public static final int RFLAGS_VIF = 1 << 19;
    public static final int RFLAGS_VIP = 1 << 20;
    public static final int RFLAGS_ID = 1 << 21;

    public static final long CR0_PE = 1;
    public static final long CR0_MP = 1 << 1;
    public static final long CR0_EM = 1 << 2;
    public static final long CR0_TS = 1 << 3;
    public static final long CR0_ET = 1 << 4;
    public static final long CR0_NE = 1 << 5;
    public static final long CR0_WP = 1 << 16;
    public static final long CR0_AM = 1 << 18;
    public static final long CR0_NW = 1 << 29;
    public static final long CR0_CD = 1 << 30;
    public static final long CR0_PG = 1L << 31;

    public static final long CR4_VME = 1;
    public static final long CR4_PVI = 1 << 1;
    public static final long CR4_TSD = 1 << 2;
    public static final long CR4_DE = 1 << 3;
    public static final long CR4_PSE = 1 << 4;
    public static final long CR4_PAE = 1 << 5;
    public static final long CR4_MCE = 1 << 6;
    public static final long CR4_PGE = 1 << 7;
    public static final long CR4_PCE = 1 << 8;
    public static final long CR4_OSFXSR = 1 << 9;
    public static final long CR4_OSXMMEXCPT = 1 << 10;
    public static final long CR4_UMIP = 1 << 11;
    public static final long CR4_LA57 = 1 << 12;
    public static final long CR4_FSGSBASE = 1 << 16;
    public static final long CR4_PCIDE = 1 << 17;
    public static final long CR4_OSXSAVE = 1 << 18;
    public static final long CR4_SMEP = 1 << 20;
    public static final long CR4_SMAP = 1 << 21;
    public static final long CR4_PKE = 1 << 22;

    public static final long EFER_SCE = 1;
    public static final long EFER_LME = 1 << 8;
    public static final long EFER_LMA = 1 << 10;
    public static final long EFER_NXE = 1 << 11;

    public static final int MSR_TSC = 0x10;
    public static final int MSR_APIC_BASE = 0x1b;

    /// Of [#MSR_APIC_BASE]: the local APIC is there.
    public static final long APIC_BASE_ENABLE = 1 << 11;

    public static final int MSR_TSC_ADJUST = 0x3b;
    public static final int MSR_SYSENTER_CS = 0x174;
    public static final int MSR_SYSENTER_ESP = 0x175;
    public static final int MSR_SYSENTER_EIP = 0x176;
    public static final int MSR_MISC_ENABLE = 0x1a0;
    public static final int MSR_PAT = 0x277;
    public static final int MSR_MTRR_DEF_TYPE = 0x2ff;
    public static final int MSR_TSC_DEADLINE = 0x6e0;
    public static final int MSR_X2APIC = 0x800;
    public static final int MSR_EFER = 0xc000_0080;
    public static final int MSR_STAR = 0xc000_0081;
    public static final int MSR_LSTAR = 0xc000_0082;
    public static final int MSR_CSTAR = 0xc000_0083;
    public static final int MSR_SFMASK = 0xc000_0084;
    public static final int MSR_FS_BASE = 0xc000_0100;
    public static final int MSR_GS_BASE = 0xc000_0101;
    public static final int MSR_KERNEL_GS_BASE = 0xc000_0102;
    public static final int MSR_TSC_AUX = 0xc000_0103;

    public static final int DE = 0;
    public static final int DB = 1;
    public static final int NMI = 2;
    public static final int BP = 3;
    public static final int OF = 4;
    public static final int BR = 5;
    public static final int UD = 6;
    public static final int NM = 7;
    public static final int DF = 8;
    public static final int TS = 10;
    public static final int NP = 11;
    public static final int STACK_FAULT = 12;
    public static final int GP = 13;
    public static final int PF = 14;
    public static final int MF = 16;
    public static final int AC = 17;
    public static final int MC = 18;
    public static final int XM = 19;

    // Bits of a page fault's error code (SDM volume 3, 5.7).
    public static final int PF_PRESENT = 1;
    public static final int PF_WRITE = 2;
    public static final int PF_USER = 4;
    public static final int PF_RESERVED = 8;
    public static final int PF_FETCH = 16;

    /// The manual's mnemonic of an exception (SDM volume 3, table 7-1): `#PF`, or `vector 9` where it has none.
    public static String exceptionName(int vector) {
        return switch (vector) {
            case DE -> "#DE";
            case DB -> "#DB";
            case NMI -> "NMI";
            case BP -> "#BP";
            case OF -> "#OF";
            case BR -> "#BR";
            case UD -> "#UD";
            case NM -> "#NM";
            case DF -> "#DF";
            case TS -> "#TS";
            case NP -> "#NP";
            case STACK_FAULT -> "#SS";
            case GP -> "#GP";
            case PF -> "#PF";
            case MF -> "#MF";
            case AC -> "#AC";
            case MC -> "#MC";
            case XM -> "#XM";
            default -> "vector " + vector;
        };
    }

    private X86() {}
}
