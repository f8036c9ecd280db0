package straddle.tcg.x86;

/// Which class has an instruction's semantics, for those that the translator gives no micro-ops of their own.
enum Group {
    /// [Integers].
    ARITHMETIC,
    /// [Atomics].
    ATOMIC,
    /// [Strings].
    STRING,
    /// [FlagOps].
    FLAG,
    /// [Control].
    CONTROL,
    /// [Transfer].
    TRANSFER,
    /// [BitFields].
    BIT_FIELD,
    /// [Vectors] and [AvxVectors].
    VECTOR,
    /// [FpuState].
    FPU_STATE,
    /// [ExtendedState].
    EXTENDED_STATE,
    /// [X87Ops].
    X87,
    /// Raises #UD by definition.
    UNDEFINED;

    static Group of(Op op) {
        return switch (op) {
            case MUL,
                    IMUL,
                    DIV,
                    IDIV,
                    BT,
                    BTS,
                    BTR,
                    BTC,
                    BSF,
                    BSR,
                    TZCNT,
                    LZCNT,
                    POPCNT,
                    SHLD,
                    SHRD,
                    BSWAP,
                    CBW,
                    CWD,
                    AAA,
                    AAS,
                    DAA,
                    DAS,
                    AAM,
                    AAD,
                    MOVBE,
                    CRC32,
                    ADCX,
                    ADOX,
                    XLAT,
                    MOVNTI,
                    BOUND,
                    ARPL,
                    RDRAND,
                    RDSEED,
                    SALC,
                    LEAVE,
                    ENTER,
                    PUSHA,
                    POPA ->
                    ARITHMETIC;
            case ANDN, BLSR, BLSMSK, BLSI, BZHI, PEXT, PDEP, MULX, BEXTR, SHLX, SARX, SHRX, RORX ->
                    BIT_FIELD;
            case XCHG, XADD, CMPXCHG, CMPXCHG8B -> ATOMIC;
            case MOVSB,
                    MOVSW,
                    CMPSB,
                    CMPSW,
                    STOSB,
                    STOSW,
                    LODSB,
                    LODSW,
                    SCASB,
                    SCASW,
                    INSB,
                    INSW,
                    OUTSB,
                    OUTSW ->
                    STRING;
            case CLC, STC, CMC, CLD, STD, LAHF, SAHF -> FLAG;
            case IN,
                    OUT,
                    HLT,
                    CLI,
                    STI,
                    PUSHF,
                    POPF,
                    CPUID,
                    RDTSC,
                    RDTSCP,
                    RDPMC,
                    RDMSR,
                    WRMSR,
                    SGDT,
                    SIDT,
                    LGDT,
                    LIDT,
                    SMSW,
                    LMSW,
                    INVLPG,
                    INVPCID,
                    CLTS,
                    INVD,
                    WBINVD,
                    MOVFROMCR,
                    MOVTOCR,
                    MOVFROMDR,
                    MOVTODR,
                    SLDT,
                    STR,
                    LLDT,
                    LTR,
                    VERR,
                    VERW,
                    LAR,
                    LSL,
                    SWAPGS,
                    XGETBV,
                    XSETBV,
                    CLAC,
                    STAC,
                    MONITOR,
                    MWAIT,
                    MFENCE,
                    RDFSBASE,
                    RDGSBASE,
                    WRFSBASE,
                    WRGSBASE ->
                    CONTROL;
            case FWAIT, EMMS, FXSAVE, FXRSTOR, LDMXCSR, STMXCSR -> FPU_STATE;
            case XSAVE, XRSTOR, XSAVEOPT, XSAVEC, XSAVES, XRSTORS -> EXTENDED_STATE;
            case PUSH,
                    POP,
                    MOVTOSEG,
                    MOVFROMSEG,
                    LES,
                    LDS,
                    LSS,
                    LFS,
                    LGS,
                    CALLF,
                    JMPF,
                    RETF,
                    INT,
                    INT1,
                    INT3,
                    INTO,
                    IRET,
                    SYSCALL,
                    SYSRET,
                    SYSENTER,
                    SYSEXIT ->
                    TRANSFER;
            case X87 -> X87;
            case UD0, UD1, UD2, RSM, VMCALL, VMMCALL -> UNDEFINED;
            default -> VECTOR;
        };
    }
}
