package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import java.nio.charset.StandardCharsets;

/// What CPUID says, and what follows from it for control registers (SDM volume 2, CPUID).
///
/// One model for now: the x86-64-v2 level on a processor of the K8's family, which every system knows.
public final class CpuModel {
    private static final int PHYSICAL_BITS = 40;
    private static final int TSC_HZ_IN_KHZ = 1_000_000;

    private static final int FEATURES_EDX =
            1 // FPU
                    | 1 << 1 // VME
                    | 1 << 2 // DE
                    | 1 << 3 // PSE
                    | 1 << 4 // TSC
                    | 1 << 5 // MSR
                    | 1 << 6 // PAE
                    | 1 << 8 // CX8
                    | 1 << 11 // SEP
                    | 1 << 12 // MTRR
                    | 1 << 13 // PGE
                    | 1 << 15 // CMOV
                    | 1 << 16 // PAT
                    | 1 << 17 // PSE-36
                    | 1 << 19 // CLFSH
                    | 1 << 23 // MMX
                    | 1 << 24 // FXSR
                    | 1 << 25 // SSE
                    | 1 << 26; // SSE2
    private static final int FEATURES_ECX =
            1 // SSE3
                    | 1 << 9 // SSSE3
                    | 1 << 13 // CX16
                    | 1 << 19 // SSE4.1
                    | 1 << 20 // SSE4.2
                    | 1 << 22 // MOVBE
                    | 1 << 23 // POPCNT
                    | 1 << 31; // hypervisor
    private static final int APIC_EDX = 1 << 9;
    private static final int APIC_ECX = 1 << 21 | 1 << 24; // x2APIC, TSC deadline
    private static final int HTT_EDX = 1 << 28;
    private static final int OSXSAVE_ECX = 1 << 27;
    private static final int EXTENDED_EDX =
            1 << 11 // SYSCALL
                    | 1 << 20 // NX
                    | 1 << 27 // RDTSCP
                    | 1 << 29; // LM
    private static final int EXTENDED_ECX = 1; // LAHF in 64-bit mode
    private static final int CMP_LEGACY_ECX = 1 << 1;
    private static final int FEATURES_7_EBX =
            1 // FSGSBASE
                    | 1 << 1 // TSC_ADJUST
                    | 1 << 7 // SMEP
                    | 1 << 20; // SMAP
    private static final long APIC_BASE_ENABLE = 1 << 11;
    private static final int LEVEL_THREAD = 1;
    private static final int LEVEL_CORE = 2;

    private static final String VENDOR = "AuthenticAMD";
    private static final String BRAND = "Straddle x86-64-v2";

    public CpuModel() {}

    /// EAX, EBX, ECX and EDX of a leaf.
    int[] cpuid(int leaf, int subleaf, X86Cpu c) {
        return switch (leaf) {
            case 0 -> vendor(0xb);
            case 1 ->
                    new int[] {
                        0x0006_0fb1,
                        c.id() << 24 | (1 << coreBits(c)) << 16 | 8 << 8,
                        FEATURES_ECX
                                | ((c.cr4 & CR4_OSXSAVE) != 0 ? OSXSAVE_ECX : 0)
                                | (c.hasApic() ? APIC_ECX : 0),
                        FEATURES_EDX | apicIfEnabled(c) | (c.processors() > 1 ? HTT_EDX : 0)
                    };
            case 2 -> new int[] {1, 0, 0, 0x002c_307d};
            case 4 -> caches(subleaf, c);
            case 7 -> new int[] {0, subleaf == 0 ? FEATURES_7_EBX : 0, 0, 0};
            case 0xb -> topology(subleaf, c);
            case 0x8000_0000 -> vendor(0x8000_0008);
            case 0x8000_0001 ->
                    new int[] {
                        0x0006_0fb1,
                        0,
                        EXTENDED_ECX | (c.processors() > 1 ? CMP_LEGACY_ECX : 0),
                        FEATURES_EDX & 0x0183_f3ff | EXTENDED_EDX | apicIfEnabled(c)
                    };
            case 0x8000_0002, 0x8000_0003, 0x8000_0004 -> brand((leaf - 0x8000_0002) * 16);
            case 0x8000_0005 -> new int[] {0x01ff_01ff, 0x01ff_01ff, 0x4002_0140, 0x4002_0140};
            case 0x8000_0006 -> new int[] {0, 0x4200_4200, 0x0200_8140, 0};
            case 0x8000_0007 -> new int[] {0, 0, 0, 1 << 8};
            case 0x8000_0008 ->
                    new int[] {
                        PHYSICAL_BITS | 48 << 8, 0, coreBits(c) << 12 | c.processors() - 1, 0
                    };
            default -> new int[4];
        };
    }

    /// Bits of an APIC ID that number the cores of the one package.
    private static int coreBits(X86Cpu c) {
        return 32 - Integer.numberOfLeadingZeros(c.processors() - 1);
    }

    /// The APIC's flag follows IA32_APIC_BASE's enable bit (SDM volume 3, 12.4.3).
    private static int apicIfEnabled(X86Cpu c) {
        return c.hasApic() && (c.apicBase() & APIC_BASE_ENABLE) != 0 ? APIC_EDX : 0;
    }

    /// Leaf 0BH: one thread a core, all cores in one package.
    private static int[] topology(int subleaf, X86Cpu c) {
        if (!c.hasApic()) {
            return new int[4];
        }
        return switch (subleaf) {
            case 0 -> new int[] {0, 1, LEVEL_THREAD << 8, c.id()};
            case 1 -> new int[] {coreBits(c), c.processors(), LEVEL_CORE << 8 | 1, c.id()};
            default -> new int[] {0, 0, subleaf & 0xff, c.id()};
        };
    }

    /// Leaf 4: first-level caches of 64 KiB for data and code, and 512 KiB of second level, each core's own.
    private static int[] caches(int subleaf, X86Cpu c) {
        int cores = (1 << coreBits(c)) - 1 << 26;
        int lines = 63;
        return switch (subleaf) {
            case 0 -> new int[] {cores | 1 << 8 | 1 << 5 | 1, 1 << 22 | lines, 511, 0};
            case 1 -> new int[] {cores | 1 << 8 | 1 << 5 | 2, 1 << 22 | lines, 511, 0};
            case 2 -> new int[] {cores | 1 << 8 | 2 << 5 | 3, 15 << 22 | lines, 511, 0};
            default -> new int[4];
        };
    }

    private static int[] vendor(int highest) {
        return new int[] {highest, word(VENDOR, 0), word(VENDOR, 8), word(VENDOR, 4)};
    }

    private static int[] brand(int at) {
        return new int[] {
            word(BRAND, at), word(BRAND, at + 4), word(BRAND, at + 8), word(BRAND, at + 12)
        };
    }

    private static int word(String text, int at) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        int value = 0;
        for (int i = 0; i < 4; i++) {
            value |= (at + i < bytes.length ? bytes[at + i] & 0xff : 0) << 8 * i;
        }
        return value;
    }

    /// What XSETBV may set.
    long xcr0() {
        return 3;
    }

    /// What MOV to CR4 may set.
    long cr4() {
        return CR4_VME
                | CR4_PVI
                | CR4_TSD
                | CR4_DE
                | CR4_PSE
                | CR4_PAE
                | CR4_MCE
                | CR4_PGE
                | CR4_PCE
                | CR4_OSFXSR
                | CR4_OSXMMEXCPT
                | CR4_FSGSBASE
                | CR4_SMEP
                | CR4_SMAP;
    }

    boolean has1GiBPages() {
        return false;
    }

    /// Address bits of a page-table entry beyond what this model can address.
    long reservedAddressBits() {
        return (1L << 52) - (1L << PHYSICAL_BITS);
    }

    int tscKiloHertz() {
        return TSC_HZ_IN_KHZ;
    }
}
