package straddle.tcg.x86;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// What CPUID tells a processor can do, by the flag's place, and which instructions need it (SDM volume 2, CPUID; APM
/// volume 3, appendix E, for the extended leaves).
///
/// A name given to `--cpu` is the constant's in lower case: `sse4.1`, `tsc-deadline`.
public enum Feature {
    FPU(Leaf.F1_EDX, 0),
    VME(Leaf.F1_EDX, 1),
    DE(Leaf.F1_EDX, 2),
    PSE(Leaf.F1_EDX, 3),
    TSC(Leaf.F1_EDX, 4),
    MSR(Leaf.F1_EDX, 5),
    PAE(Leaf.F1_EDX, 6),
    MCE(Leaf.F1_EDX, 7),
    CX8(Leaf.F1_EDX, 8),
    APIC(Leaf.F1_EDX, 9),
    SEP(Leaf.F1_EDX, 11),
    MTRR(Leaf.F1_EDX, 12),
    PGE(Leaf.F1_EDX, 13),
    MCA(Leaf.F1_EDX, 14),
    CMOV(Leaf.F1_EDX, 15),
    PAT(Leaf.F1_EDX, 16),
    PSE36(Leaf.F1_EDX, 17),
    CLFSH(Leaf.F1_EDX, 19),
    MMX(Leaf.F1_EDX, 23),
    FXSR(Leaf.F1_EDX, 24),
    SSE(Leaf.F1_EDX, 25, FXSR),
    SSE2(Leaf.F1_EDX, 26, SSE),
    SSE3(Leaf.F1_ECX, 0, SSE2),
    PCLMULQDQ(Leaf.F1_ECX, 1, SSE2),
    MONITOR(Leaf.F1_ECX, 3),
    SSSE3(Leaf.F1_ECX, 9, SSE3),
    CX16(Leaf.F1_ECX, 13),
    PCID(Leaf.F1_ECX, 17, PAE),
    SSE4_1(Leaf.F1_ECX, 19, SSSE3),
    SSE4_2(Leaf.F1_ECX, 20, SSE4_1),
    X2APIC(Leaf.F1_ECX, 21, APIC),
    MOVBE(Leaf.F1_ECX, 22),
    POPCNT(Leaf.F1_ECX, 23),
    TSC_DEADLINE(Leaf.F1_ECX, 24, APIC),
    AES(Leaf.F1_ECX, 25, SSE2),
    XSAVE(Leaf.F1_ECX, 26, FXSR),
    AVX(Leaf.F1_ECX, 28, XSAVE, SSE4_2),
    F16C(Leaf.F1_ECX, 29, AVX),
    FMA(Leaf.F1_ECX, 12, AVX),
    RDRAND(Leaf.F1_ECX, 30),
    HYPERVISOR(Leaf.F1_ECX, 31),
    FSGSBASE(Leaf.F7_EBX, 0),
    TSC_ADJUST(Leaf.F7_EBX, 1, TSC),
    BMI1(Leaf.F7_EBX, 3),
    AVX2(Leaf.F7_EBX, 5, AVX),
    SMEP(Leaf.F7_EBX, 7),
    BMI2(Leaf.F7_EBX, 8),
    ERMS(Leaf.F7_EBX, 9),
    INVPCID(Leaf.F7_EBX, 10),
    RDSEED(Leaf.F7_EBX, 18),
    ADX(Leaf.F7_EBX, 19),
    SMAP(Leaf.F7_EBX, 20),
    CLFLUSHOPT(Leaf.F7_EBX, 23),
    CLWB(Leaf.F7_EBX, 24),
    SHA(Leaf.F7_EBX, 29, SSE2),
    UMIP(Leaf.F7_ECX, 2),
    GFNI(Leaf.F7_ECX, 8, SSE2),
    VAES(Leaf.F7_ECX, 9, AVX, AES),
    VPCLMULQDQ(Leaf.F7_ECX, 10, AVX, PCLMULQDQ),
    LAHF(Leaf.E1_ECX, 0),
    LZCNT(Leaf.E1_ECX, 5),
    PREFETCHW(Leaf.E1_ECX, 8),
    SYSCALL(Leaf.E1_EDX, 11),
    NX(Leaf.E1_EDX, 20, PAE),
    PDPE1GB(Leaf.E1_EDX, 26, PAE),
    RDTSCP(Leaf.E1_EDX, 27, TSC),
    LM(Leaf.E1_EDX, 29, PAE, CX8, SSE2, SYSCALL),
    LA57(Leaf.F7_ECX, 16, LM),
    INVTSC(Leaf.E7_EDX, 8, TSC),
    XSAVEOPT(Leaf.XSAVE_EAX, 0, XSAVE),
    XSAVEC(Leaf.XSAVE_EAX, 1, XSAVE),
    XGETBV1(Leaf.XSAVE_EAX, 2, XSAVE),
    XSAVES(Leaf.XSAVE_EAX, 3, XSAVEC);

    /// The words of flags that CPUID returns: F for basic leaves, E for extended ones.
    enum Leaf {
        F1_EDX,
        F1_ECX,
        F7_EBX,
        F7_ECX,
        E1_ECX,
        E1_EDX,
        E7_EDX,
        XSAVE_EAX
    }

    /// What the translator does not implement yet.
    private static final Set<Feature> MISSING = EnumSet.noneOf(Feature.class);

    private final Leaf leaf;
    private final int bit;

    @SuppressWarnings("ImmutableEnumChecker") // List.of's don't change
    private final List<Feature> needs;

    Feature(Leaf leaf, int bit, Feature... needs) {
        this.leaf = leaf;
        this.bit = bit;
        this.needs = List.of(needs);
    }

    /// As given to `--cpu`.
    public String label() {
        String name = name().toLowerCase(Locale.ROOT);
        return name.startsWith("sse4") ? name.replace('_', '.') : name.replace('_', '-');
    }

    /// The feature that a label means, its dots, dashes and underscores aside.
    static Optional<Feature> labelled(String label) {
        return Arrays.stream(values())
                .filter(each -> letters(each.label()).equals(letters(label)))
                .findFirst();
    }

    private static String letters(String label) {
        return label.replaceAll("[._-]", "");
    }

    public boolean isImplemented() {
        return !MISSING.contains(this);
    }

    /// The features without which this one is not offered.
    List<Feature> needs() {
        return needs;
    }

    /// The flags of one of CPUID's words.
    static int word(Set<Feature> features, Leaf leaf) {
        int word = 0;
        for (Feature each : features) {
            word |= each.leaf == leaf ? 1 << each.bit : 0;
        }
        return word;
    }

    /// What an instruction needs; null if every processor here has it.
    static Feature of(Insn insn) {
        if (insn.vex) {
            return ofVex(insn.row, insn.wide, insn.isRegister());
        }
        return switch (insn.row.map()) {
            case 0 -> ofOneByte(insn);
            case 1 -> ofTwoBytes(insn);
            case 2 -> ofMap38(insn);
            default -> ofMap3a(insn);
        };
    }

    private static Feature ofOneByte(Insn insn) {
        return switch (insn.op) {
            case X87, FWAIT -> FPU;
            case LAHF, SAHF -> insn.mode == 64 ? LAHF : null;
            default -> null;
        };
    }

    private static Feature ofTwoBytes(Insn insn) {
        return switch (insn.op) {
            case CMOVCC -> CMOV;
            case CMPXCHG8B -> insn.rexW ? CX16 : CX8;
            case RDTSC -> TSC;
            case RDTSCP -> RDTSCP;
            case RDMSR, WRMSR -> MSR;
            case SYSENTER, SYSEXIT -> SEP;
            case SYSCALL, SYSRET -> SYSCALL;
            case CLFLUSH -> insn.operandPrefix ? insn.reg == 6 ? CLWB : CLFLUSHOPT : CLFSH;
            case FXSAVE, FXRSTOR -> FXSR;
            case XSAVE, XRSTOR, XGETBV, XSETBV -> XSAVE;
            case XSAVEOPT -> XSAVEOPT;
            case XSAVEC -> XSAVEC;
            case XSAVES, XRSTORS -> XSAVES;
            case RDFSBASE, RDGSBASE, WRFSBASE, WRGSBASE -> FSGSBASE;
            case POPCNT -> POPCNT;
            case RDRAND -> RDRAND;
            case RDSEED -> RDSEED;
            case CLAC, STAC -> SMAP;
            case MONITOR, MWAIT -> MONITOR;
            case LDMXCSR, STMXCSR, SFENCE -> SSE;
            case LFENCE, MFENCE, MOVNTI -> SSE2;
            case EMMS -> MMX;
            default -> Group.of(insn.op) == Group.VECTOR ? ofTwoByteVector(insn) : null;
        };
    }

    private static Feature ofTwoByteVector(Insn insn) {
        return switch (insn.op) {
            case JCC, SETCC, MOVZX, MOVSX, NOP, PREFETCH, PUSH, POP, IMUL, CALL -> null;
            case ADDSUBPD,
                    ADDSUBPS,
                    HADDPD,
                    HADDPS,
                    HSUBPD,
                    HSUBPS,
                    MOVSLDUP,
                    MOVSHDUP,
                    MOVDDUP,
                    LDDQU ->
                    SSE3;
            case PADDQ, PSUBQ, PMULUDQ, MOVQ2DQ, MOVDQ2Q, CVTPI2PD, CVTTPD2PI, CVTPD2PI -> SSE2;
            case PAVGB,
                    PAVGW,
                    PEXTRW,
                    PINSRW,
                    PMAXSW,
                    PMAXUB,
                    PMINSW,
                    PMINUB,
                    PMOVMSKB,
                    PMULHUW,
                    PSADBW,
                    PSHUFW,
                    MASKMOVQ,
                    MOVNTQ ->
                    isMmx(insn) ? SSE : SSE2;
            case CVTPI2PS, CVTTPS2PI, CVTPS2PI -> SSE;
            case CVTDQ2PD, CVTTPS2DQ, CVTPS2DQ, CVTDQ2PS, CVTPS2PD, CVTSS2SD, PSHUFHW -> SSE2;
            default -> isMmx(insn) ? MMX : isSse(insn) ? SSE : SSE2;
        };
    }

    private static boolean isMmx(Insn insn) {
        for (Operand operand : insn.row.operands()) {
            switch (operand) {
                case Pq, Qd, Qq, Nq -> {
                    return true;
                }
                default -> {}
            }
        }
        return false;
    }

    /// SSE's own instructions of map 0F work on single precision: without mandatory prefix, or F3 for one number.
    private static boolean isSse(Insn insn) {
        return switch (insn.row.prefix()) {
            case Row.NP -> true;
            case Row.PF3 -> insn.op != Op.MOVQ && insn.op != Op.MOVUPS;
            default -> false;
        };
    }

    private static Feature ofMap38(Insn insn) {
        return switch (insn.op) {
            case MOVBE -> MOVBE;
            case CRC32, PCMPGTQ -> SSE4_2;
            case ADCX, ADOX -> ADX;
            case INVPCID -> INVPCID;
            case AESIMC, AESENC, AESENCLAST, AESDEC, AESDECLAST -> AES;
            case GF2P8MULB -> GFNI;
            case SHA1NEXTE, SHA1MSG1, SHA1MSG2, SHA256RNDS2, SHA256MSG1, SHA256MSG2 -> SHA;
            default ->
                    insn.opcode <= 0x0b || insn.opcode >= 0x1c && insn.opcode <= 0x1e
                            ? SSSE3
                            : SSE4_1;
        };
    }

    private static Feature ofMap3a(Insn insn) {
        return switch (insn.op) {
            case PALIGNR -> SSSE3;
            case PCLMULQDQ -> PCLMULQDQ;
            case PCMPESTRM, PCMPESTRI, PCMPISTRM, PCMPISTRI -> SSE4_2;
            case SHA1RNDS4 -> SHA;
            case GF2P8AFFINEQB, GF2P8AFFINEINVQB -> GFNI;
            case AESKEYGENASSIST -> AES;
            default -> SSE4_1;
        };
    }

    /// What a row with a VEX prefix needs.
    ///
    /// @param wide whether it works on 256 bits
    /// @param register whether ModR/M names a register
    static Feature ofVex(Row row, boolean wide, boolean register) {
        return switch (row.op()) {
            case ANDN, BLSR, BLSMSK, BLSI, BEXTR -> BMI1;
            case BZHI, PEXT, PDEP, MULX, SHLX, SARX, SHRX, RORX -> BMI2;
            case VFMADDSUB, VFMSUBADD, VFMADD, VFMSUB, VFNMADD, VFNMSUB -> FMA;
            case VCVTPH2PS, VCVTPS2PH -> F16C;
            case AESENC, AESENCLAST, AESDEC, AESDECLAST -> wide ? VAES : AES;
            case AESIMC, AESKEYGENASSIST -> AES;
            case PCLMULQDQ -> wide ? VPCLMULQDQ : PCLMULQDQ;
            case GF2P8MULB, GF2P8AFFINEQB, GF2P8AFFINEINVQB -> GFNI;
            case VPERMD, VPERMQ, VPSLLVD, VPSLLVQ, VPSRLVD, VPSRLVQ, VPSRAVD, VGATHER -> AVX2;
            case VBROADCAST -> row.mnemonic().startsWith("VP") || register ? AVX2 : AVX;
            case VBROADCAST128, VINSERT128, VEXTRACT128, VPERM2F128 ->
                    row.mnemonic().contains("I128") ? AVX2 : AVX;
            case VMASKMOV -> row.mnemonic().startsWith("VP") ? AVX2 : AVX;
            case VPERMILPS, VPERMILPD, PTEST -> AVX;
            case MPSADBW, MOVNTDQA -> wide ? AVX2 : AVX;
            case BLENDPS -> row.mnemonic().startsWith("VP") ? AVX2 : AVX;
            default -> wide && isInteger(row) ? AVX2 : AVX;
        };
    }

    /// VPERMILPS and VPERMILPD aside, whose mnemonics look like an integer operation's.
    private static boolean isInteger(Row row) {
        return row.mnemonic().startsWith("VP") && !row.mnemonic().startsWith("VPERMIL");
    }
}
