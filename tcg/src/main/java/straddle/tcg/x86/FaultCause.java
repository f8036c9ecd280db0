package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

/// What the processor reports of an access that faulted, and the micro-op that made it does not know: whether
/// the instruction was to write there too, and through which segment it went.
///
/// Found by decoding the instruction again, as faults are rare.
final class FaultCause {
    /// Bytes around RSP that an instruction without a memory operand reaches.
    private static final long STACK_REACH = 1024;

    private FaultCause() {}

    /// Completes the exception that is about to be delivered.
    static void complete(X86Cpu c) {
        if (c.faultVector == PF && (c.faultError & (PF_WRITE | PF_FETCH)) == 0) {
            // The load of a read-modify-write instruction faults as a write (SDM volume 3, 5.7).
            long address = c.cr2;
            int error = c.faultError;
            boolean writes = modifiesMemory(c.decodeAgain());
            c.pageFault(address, writes ? error | PF_WRITE : error);
        } else if (c.faultVector == GP && c.nonCanonical) {
            long address = c.nonCanonicalAddress;
            Insn insn = c.decodeAgain();
            c.fault(insn != null && isOnStack(c, insn, address) ? STACK_FAULT : GP, 0);
        }
        c.nonCanonical = false;
    }

    private static boolean modifiesMemory(Insn insn) {
        if (insn == null || !insn.hasModRm || insn.isRegister()) {
            return false;
        }
        return switch (insn.op) {
            case ADD, OR, ADC, SBB, AND, SUB, XOR ->
                    switch (insn.row.operands().get(0)) {
                        case Eb, Ev -> true;
                        default -> false;
                    };
            case INC,
                    DEC,
                    NOT,
                    NEG,
                    ROL,
                    ROR,
                    RCL,
                    RCR,
                    SHL,
                    SHR,
                    SAR,
                    SHLD,
                    SHRD,
                    BTS,
                    BTR,
                    BTC,
                    XCHG,
                    XADD,
                    CMPXCHG,
                    CMPXCHG8B ->
                    true;
            default -> false;
        };
    }

    /// A non-canonical address on the stack is #SS, elsewhere #GP (SDM volume 1, 3.3.7.1).
    private static boolean isOnStack(X86Cpu c, Insn insn, long address) {
        boolean byOperand = insn.hasModRm && insn.isMemory() && insn.op != Op.LEA;
        if (byOperand && insn.segmentPrefix < FS && c.defaultSegment(insn) == SS) {
            return true;
        }
        long pointer = insn.op == Op.LEAVE || insn.op == Op.ENTER ? c.r[RBP] : c.r[RSP];
        boolean usesStack =
                switch (insn.op) {
                    case PUSH,
                            POP,
                            PUSHF,
                            POPF,
                            CALL,
                            CALLI,
                            CALLF,
                            RET,
                            RETF,
                            IRET,
                            ENTER,
                            LEAVE ->
                            true;
                    default -> false;
                };
        return usesStack && Math.abs(address - pointer) <= STACK_REACH;
    }
}
