package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import straddle.tcg.x86.Feature.Leaf;

/// What CPUID says, and what follows from it for instructions, control registers and paging (SDM volume 2, CPUID).
///
/// [CpuModels] has the ones that can be chosen.
public final class CpuModel {
    private static final int TSC_HZ_IN_KHZ = 1_000_000;
    private static final int TSC_DEADLINE_ECX = 1 << 24;
    private static final int TSC_ADJUST_EBX = 1 << 1;
    private static final int HTT_EDX = 1 << 28;
    private static final int OSXSAVE_ECX = 1 << 27;
    private static final int CMP_LEGACY_ECX = 1 << 1;
    private static final int LEVEL_THREAD = 1;
    private static final int LEVEL_CORE = 2;
    private static final XsaveLayout LAYOUT = XsaveLayout.withAvx();

    /// Flags of leaf 1's EDX that leaf 8000_0001's repeats on AMD's processors.
    private static final int REPEATED_EDX = 0x0183_f3ff;

    private final String name;
    private final Identity identity;
    private final Set<Feature> features;

    /// What a processor calls itself.
    ///
    /// @param vendor 12 characters
    /// @param signature family, model and stepping as in leaf 1's EAX
    /// @param highest the highest basic leaf
    record Identity(String vendor, int signature, int highest) {}

    CpuModel(String name, Identity identity, Set<Feature> features) {
        this.name = name;
        this.identity = identity;
        this.features = EnumSet.copyOf(features);
    }

    /// What `--cpu` says: a model's name, and features to add or to leave out.
    ///
    /// @throws IllegalArgumentException with a sentence for the user if there is no such model or feature, or
    ///     the translator can't offer it
    public static CpuModel of(String choice) {
        return CpuModels.parse(choice);
    }

    public String name() {
        return name;
    }

    public boolean has(Feature feature) {
        return features.contains(feature);
    }

    /// Whether an instruction exists here. LZCNT and TZCNT become BSR and BSF where they don't.
    boolean allows(Insn insn) {
        if (insn.op == Op.LZCNT && !has(Feature.LZCNT)) {
            insn.op = Op.BSR;
            return true;
        }
        if (insn.op == Op.TZCNT && !has(Feature.BMI1)) {
            insn.op = Op.BSF;
            return true;
        }
        Feature needed = Feature.of(insn);
        return needed == null || features.contains(needed);
    }

    // ---- CPUID

    /// EAX, EBX, ECX and EDX of a leaf.
    int[] cpuid(int leaf, int subleaf, X86Cpu c) {
        boolean extended = (leaf & 0x8000_0000) != 0;
        if (extended ? !has(Feature.LM) && !has(Feature.NX) : leaf > identity.highest) {
            return new int[4];
        }
        return switch (leaf) {
            case 0 -> vendor(identity.highest);
            case 1 -> features(c);
            case 2 -> new int[] {1, 0, 0, 0x002c_307d};
            case 4 -> caches(subleaf, c);
            case 5 -> has(Feature.MONITOR) ? new int[] {64, 64, 3, 0} : new int[4];
            case 7 ->
                    subleaf == 0
                            ? new int[] {0, word(Leaf.F7_EBX), word(Leaf.F7_ECX), 0}
                            : new int[4];
            case 0xb -> topology(subleaf, c);
            case 0xd -> extendedState(subleaf, c);
            case 0x8000_0000 -> vendor(0x8000_0008);
            case 0x8000_0001 ->
                    new int[] {
                        identity.signature,
                        0,
                        word(Leaf.E1_ECX) | (c.processors() > 1 ? CMP_LEGACY_ECX : 0),
                        word(Leaf.E1_EDX) | basicFlags(c) & REPEATED_EDX
                    };
            case 0x8000_0002, 0x8000_0003, 0x8000_0004 -> brand((leaf - 0x8000_0002) * 16);
            case 0x8000_0005 -> new int[] {0x01ff_01ff, 0x01ff_01ff, 0x4002_0140, 0x4002_0140};
            case 0x8000_0006 -> new int[] {0, 0x4200_4200, 0x0200_8140, 0};
            case 0x8000_0007 -> new int[] {0, 0, 0, word(Leaf.E7_EDX)};
            case 0x8000_0008 ->
                    new int[] {
                        physicalBits() | linearBits() << 8,
                        0,
                        coreBits(c) << 12 | c.processors() - 1,
                        0
                    };
            default -> new int[4];
        };
    }

    private int word(Leaf leaf) {
        return Feature.word(features, leaf);
    }

    private int[] features(X86Cpu c) {
        int ecx = word(Leaf.F1_ECX);
        if (!c.hasApic()) {
            Set<Feature> ofApic = EnumSet.of(Feature.X2APIC, Feature.TSC_DEADLINE);
            ecx &= ~Feature.word(ofApic, Leaf.F1_ECX);
        }
        return new int[] {
            identity.signature,
            c.id() << 24 | (1 << coreBits(c)) << 16 | (has(Feature.CLFSH) ? 8 << 8 : 0),
            ecx | ((c.cr4 & CR4_OSXSAVE) != 0 ? OSXSAVE_ECX : 0),
            basicFlags(c) | (c.processors() > 1 ? HTT_EDX : 0)
        };
    }

    /// Leaf 1's EDX. The APIC's flag follows IA32_APIC_BASE's enable bit (SDM volume 3, 12.4.3).
    private int basicFlags(X86Cpu c) {
        boolean apic = c.hasApic() && (c.apicBase() & APIC_BASE_ENABLE) != 0;
        int hidden = apic ? 0 : Feature.word(EnumSet.of(Feature.APIC), Leaf.F1_EDX);
        return word(Leaf.F1_EDX) & ~hidden;
    }

    /// Bits of an APIC ID that number the cores of the one package.
    private static int coreBits(X86Cpu c) {
        return 32 - Integer.numberOfLeadingZeros(c.processors() - 1);
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

    /// Leaf 0DH: the XSAVE area (SDM volume 1, 13.2).
    private int[] extendedState(int subleaf, X86Cpu c) {
        if (!has(Feature.XSAVE)) {
            return new int[4];
        }
        XsaveLayout layout = xsaveLayout();
        return switch (subleaf) {
            case 0 ->
                    new int[] {
                        (int) xcr0(),
                        layout.standardBytes(c.xcr0),
                        layout.standardBytes(xcr0()),
                        (int) (xcr0() >>> 32)
                    };
            case 1 -> {
                boolean compacts = has(Feature.XSAVEC) || has(Feature.XSAVES);
                int bytes = compacts ? layout.compactedBytes(c.xcr0) : 0;
                yield new int[] {word(Leaf.XSAVE_EAX), bytes, 0, 0};
            }
            default ->
                    subleaf > 1 && subleaf < Long.SIZE - 1 && (xcr0() >>> subleaf & 1) != 0
                            ? new int[] {layout.bytes(subleaf), layout.offset(subleaf), 0, 0}
                            : new int[4];
        };
    }

    /// Where XSAVE has the components.
    XsaveLayout xsaveLayout() {
        return LAYOUT;
    }

    private int[] vendor(int highest) {
        String vendor = identity.vendor;
        return new int[] {highest, word(vendor, 0), word(vendor, 8), word(vendor, 4)};
    }

    private int[] brand(int at) {
        String brand = "Straddle " + name;
        return new int[] {
            word(brand, at), word(brand, at + 4), word(brand, at + 8), word(brand, at + 12)
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

    // ---- what follows from it

    /// What XSETBV may set.
    long xcr0() {
        return XsaveLayout.X87 | XsaveLayout.SSE | ifHas(Feature.AVX, XsaveLayout.AVX);
    }

    /// What MOV to CR4 may set.
    long cr4() {
        return CR4_PCE
                | ifHas(Feature.VME, CR4_VME | CR4_PVI)
                | ifHas(Feature.TSC, CR4_TSD)
                | ifHas(Feature.DE, CR4_DE)
                | ifHas(Feature.PSE, CR4_PSE)
                | ifHas(Feature.PAE, CR4_PAE)
                | ifHas(Feature.MCE, CR4_MCE)
                | ifHas(Feature.PGE, CR4_PGE)
                | ifHas(Feature.FXSR, CR4_OSFXSR)
                | ifHas(Feature.SSE, CR4_OSXMMEXCPT)
                | ifHas(Feature.UMIP, CR4_UMIP)
                | ifHas(Feature.FSGSBASE, CR4_FSGSBASE)
                | ifHas(Feature.PCID, CR4_PCIDE)
                | ifHas(Feature.XSAVE, CR4_OSXSAVE)
                | ifHas(Feature.SMEP, CR4_SMEP)
                | ifHas(Feature.SMAP, CR4_SMAP)
                | ifHas(Feature.LA57, CR4_LA57);
    }

    /// What WRMSR of IA32_EFER may set; without any of it there is no such register.
    long efer() {
        return ifHas(Feature.SYSCALL, EFER_SCE)
                | ifHas(Feature.LM, EFER_LME)
                | ifHas(Feature.NX, EFER_NXE);
    }

    private long ifHas(Feature feature, long bits) {
        return has(feature) ? bits : 0;
    }

    private int linearBits() {
        return has(Feature.LA57) ? 57 : has(Feature.LM) ? 48 : 32;
    }

    boolean has1GiBPages() {
        return has(Feature.PDPE1GB);
    }

    /// Address bits of physical memory.
    int physicalBits() {
        return has(Feature.LM) ? 40 : has(Feature.PAE) ? 36 : 32;
    }

    /// Address bits of a page-table entry beyond what this model can address.
    long reservedAddressBits() {
        return (1L << 52) - (1L << physicalBits());
    }

    /// Takes from a leaf what it tells of a counter that follows the machine's clock.
    void hideCounter(int leaf, int[] registers) {
        switch (leaf) {
            case 1 -> registers[2] &= ~TSC_DEADLINE_ECX;
            case 7 -> registers[1] &= ~TSC_ADJUST_EBX;
            case 0x15, 0x16, 0x4000_0010 -> Arrays.fill(registers, 0);
            default -> {}
        }
    }

    /// Bits that CR3 can't have in long mode.
    long reservedBits() {
        return -1L << physicalBits();
    }

    int tscKiloHertz() {
        return TSC_HZ_IN_KHZ;
    }
}
