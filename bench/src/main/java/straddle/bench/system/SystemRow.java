package straddle.bench.system;

/// What is tried: instructions that load, check or change the processor's system state, or whose outcome depends on
/// descriptors, gates, limits and page tables.
enum SystemRow {
    MOV_TO_SEGMENT,
    MOV_FROM_SEGMENT,
    PUSH_SEGMENT,
    POP_SEGMENT,
    LOAD_FAR_POINTER,
    JUMP_FAR,
    JUMP_FAR_THROUGH_MEMORY,
    CALL_FAR,
    CALL_FAR_THROUGH_MEMORY,
    RETURN_FAR,
    IRET,
    INT,
    INT3_AND_INTO,
    LGDT,
    LIDT,
    SGDT_AND_SIDT,
    LLDT,
    LTR,
    SLDT_AND_STR,
    MOV_TO_CONTROL,
    MOV_FROM_CONTROL,
    MOV_TO_DEBUG,
    MOV_FROM_DEBUG,
    CLTS_AND_LMSW,
    SMSW,
    RDMSR,
    WRMSR,
    LAR,
    LSL,
    VERR_AND_VERW,
    ARPL,
    BOUND,
    ENTER_AND_LEAVE,
    PUSHF,
    POPF,
    PUSHA_AND_POPA,
    CLI_AND_STI,
    IN,
    OUT,
    INS_AND_OUTS,
    STRING,
    INVLPG,
    SWAPGS,
    XGETBV_AND_XSETBV,
    LOAD,
    STORE,
    READ_MODIFY_WRITE,
    PUSH_AND_POP,
    CALL_AND_RETURN,
    LOOP;

    /// Those that change no register which another one needs: they may come before any.
    static final SystemRow[] FREE = {PUSHF, CLI_AND_STI};

    /// Whether what is on the stack must be at its top.
    boolean popsStack() {
        return switch (this) {
            case RETURN_FAR, IRET, CALL_AND_RETURN, POPF, POP_SEGMENT, PUSHA_AND_POPA -> true;
            default -> false;
        };
    }
}
