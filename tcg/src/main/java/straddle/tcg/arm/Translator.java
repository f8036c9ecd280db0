package straddle.tcg.arm;

import static straddle.tcg.arm.ArmCpu.C;
import static straddle.tcg.arm.ArmCpu.CARRY;
import static straddle.tcg.arm.ArmCpu.COMPARED;
import static straddle.tcg.arm.ArmCpu.COND;
import static straddle.tcg.arm.ArmCpu.LR;
import static straddle.tcg.arm.ArmCpu.N;
import static straddle.tcg.arm.ArmCpu.OPERAND;
import static straddle.tcg.arm.ArmCpu.PC;
import static straddle.tcg.arm.ArmCpu.RESULT;
import static straddle.tcg.arm.ArmCpu.SP;
import static straddle.tcg.arm.ArmCpu.T0;
import static straddle.tcg.arm.ArmCpu.T1;
import static straddle.tcg.arm.ArmCpu.V;
import static straddle.tcg.arm.ArmCpu.Z;
import static straddle.tcg.arm.ArmCpu.ZERO;

import straddle.core.user.UserStop;
import straddle.tcg.GuestFault;
import straddle.tcg.block.Tb;
import straddle.tcg.op.BlockHead;
import straddle.tcg.op.Branch;
import straddle.tcg.op.Fence;
import straddle.tcg.op.Jump;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.Move;
import straddle.tcg.op.Word;
import straddle.tcg.user.Stop;
import straddle.tcg.user.SystemCall;
import straddle.tcg.user.UserCpu;

/// The ARM front end: makes a block's micro-ops.
///
/// An instruction with a condition is skipped by a jump within the block, or leaves it where the instruction ends it. A comparison right
/// before a conditional branch is repeated by the branch, which saves making up the condition from flags.
final class Translator {
    private static final int MAX_INSNS = 64;
    private static final int AL = 14;
    private static final int PC_NUMBER = 15;
    private static final long MASK = 0xffff_ffffL;

    private final ArmCpu cpu;
    private final Insn insn = new Insn();
    private final Vfp vfp = new Vfp(this);
    private final Neon neon = new Neon(this);

    private boolean thumb;
    private int it;

    /// [#it] when the present instruction began.
    private int itBefore;

    private long blockPc;
    private long secondPage;
    private long pc;
    private MicroOp first;
    private MicroOp last;
    private int count;
    private boolean ended;
    private boolean conditional;

    /// Operands of the CMP or SUBS that flags are of, as long as they have them; else -1.
    private int comparedA = -1;

    private int comparedB;

    Translator(ArmCpu cpu) {
        this.cpu = cpu;
    }

    Tb translate(long gpa, long mode) {
        thumb = (mode & ArmCpu.MODE_THUMB) != 0;
        it = (int) (mode >>> ArmCpu.MODE_IT_SHIFT) & 0xff;
        blockPc = cpu.pc;
        secondPage = -1;
        pc = blockPc;
        first = null;
        last = null;
        count = 0;
        ended = false;
        comparedA = -1;
        int limit = (mode & UserCpu.ALONE) != 0 ? 1 : MAX_INSNS;
        itBefore = it;
        if (it != 0) {
            append(new ArmOps.SetIt(0));
        }
        while (!ended && count < limit && secondPage == -1) {
            if (count > 0 && (pc & 4095) == 0 || !decode()) {
                break;
            }
            itBefore = it;
            one();
            count++;
            pc = pc + insn.length & MASK;
        }
        Tb tb = new Tb(blockPc, mode, gpa, (int) (pc - blockPc & MASK), count, secondPage);
        if (!ended) {
            if (it != 0) {
                append(new ArmOps.SetIt(it));
            }
            append(jump(pc));
        }
        BlockHead.lead(tb, first);
        return tb;
    }

    /// Decodes the next instruction; false if it lies across pages and is not the block's first.
    private boolean decode() {
        if (!thumb) {
            insn.decodeA32(cpu.fetch32(pc));
            return true;
        }
        int first16 = cpu.fetch16(pc);
        if (!Insn.isWide(first16)) {
            insn.decodeT16(first16);
            return true;
        }
        long behind = pc + 2 & MASK;
        if ((behind & 4095) == 0) {
            if (count > 0) {
                return false;
            }
            secondPage = secondPageAt(behind);
        }
        insn.decodeT32(first16 << 16 | cpu.fetch16(behind));
        return true;
    }

    private long secondPageAt(long at) {
        try {
            return cpu.fetchAddress(at) & -4096;
        } catch (GuestFault fault) {
            secondPage = -1;
            throw fault;
        }
    }

    // ---- emitting

    void append(MicroOp op) {
        op.pc = pc;
        op.index = count;
        op.context = (byte) itBefore;
        if (last == null) {
            first = op;
        } else {
            last.next = op;
        }
        last = op;
    }

    private void end(MicroOp op) {
        append(op);
        ended = true;
    }

    /// What a condition may skip does not end the block.
    void raise(UserStop why) {
        append(new Stop(why));
        ended = !conditional;
    }

    void undefined() {
        raise(UserStop.ILLEGAL_INSTRUCTION);
    }

    private Jump jump(long target) {
        boolean samePage = (target & -4096) == (blockPc & -4096) && secondPage == -1;
        Jump jump = new Jump(pc, target & MASK, samePage);
        jump.index = count;
        return jump;
    }

    private long nextPc() {
        return pc + insn.length & MASK;
    }

    /// What an instruction reads as the program counter.
    long pcValue() {
        return pc + (thumb ? 4 : 8) & MASK;
    }

    /// A register's slot; the program counter becomes one.
    int reg(int number) {
        if (number != PC_NUMBER) {
            return number;
        }
        append(new Move.Constant(PC, pcValue()));
        return PC;
    }

    private int reg(Field field) {
        return reg(insn.get(field));
    }

    int get(Field field) {
        return insn.get(field);
    }

    // ---- conditions

    /// A condition as [Word] has it.
    private record Test(int cond, int a, int b) {
        Test negated() {
            return new Test(cond ^ 1, a, b);
        }
    }

    private Test test(int cond) {
        if (comparedA >= 0) {
            Test fused = compared(cond & ~1);
            if (fused != null) {
                return (cond & 1) == 0 ? fused : fused.negated();
            }
        }
        Test test =
                switch (cond & ~1) {
                    case 0 -> new Test(Word.EQUAL, Z, ZERO);
                    case 2 -> new Test(Word.NOT_EQUAL, C, ZERO);
                    case 4 -> new Test(Word.IS_LESS, N, ZERO);
                    case 6 -> new Test(Word.IS_LESS, V, ZERO);
                    case 8 -> {
                        append(Word.registers(Word.SUB, COND, ZERO, C));
                        append(Word.registers(Word.AND, COND, COND, Z));
                        yield new Test(Word.NOT_EQUAL, COND, ZERO);
                    }
                    case 10 -> {
                        append(Word.registers(Word.XOR, COND, N, V));
                        yield new Test(Word.IS_NOT_LESS, COND, ZERO);
                    }
                    default -> {
                        append(Word.registers(Word.XOR, COND, N, V));
                        append(Word.constant(Word.SAR, COND, COND, 31));
                        append(Word.registers(Word.BIC, COND, Z, COND));
                        yield new Test(Word.NOT_EQUAL, COND, ZERO);
                    }
                };
        return (cond & 1) == 0 ? test : test.negated();
    }

    /// What an even condition asks of the operands of the CMP before.
    private Test compared(int cond) {
        int a = comparedA;
        int b = comparedB;
        return switch (cond) {
            case 0 -> new Test(Word.EQUAL, a, b);
            case 2 -> new Test(Word.IS_NOT_BELOW, a, b);
            case 8 -> new Test(Word.IS_BELOW, b, a);
            case 10 -> new Test(Word.IS_NOT_LESS, a, b);
            case 12 -> new Test(Word.IS_LESS, b, a);
            default -> null;
        };
    }

    // ---- one instruction

    private void one() {
        if (insn.row == null) {
            advanceIt();
            undefined();
            return;
        }
        boolean inIt = (it & 15) != 0;
        int cond = condition(inIt);
        if (insn.op == Op.IT) {
            beginIt();
            return;
        }
        boolean setsFlags = setsFlags(inIt);
        advanceIt();
        if (insn.op == Op.B) {
            branch(cond);
            return;
        }
        Test test = cond >= AL ? null : test(cond);
        int stillCompared = keepsCompared(setsFlags) ? comparedA : -1;
        comparedA = stillCompared;
        if (test == null) {
            general(setsFlags);
        } else if (endsBlock()) {
            Test not = test.negated();
            append(new Word.LeaveIf(not.cond, not.a, not.b, itJump()));
            general(setsFlags);
        } else if (onlyComputes(setsFlags)) {
            int d = get(Field.RD);
            insn.set(Field.RD, RESULT);
            general(false);
            append(new Word.MoveIf(test.cond, test.a, test.b, d, RESULT));
        } else {
            Word.Join join = new Word.Join();
            append(new Word.Unless(test.cond, test.a, test.b, join));
            conditional = true;
            general(setsFlags);
            conditional = false;
            append(join);
            comparedA = stillCompared;
        }
    }

    /// Whether an instruction does nothing but write RD, which it does not read otherwise: then it may be done whether its
    /// condition holds or not.
    private boolean onlyComputes(boolean setsFlags) {
        return !setsFlags
                && switch (insn.op) {
                    case ADC,
                            ADD,
                            ADR,
                            ADR_SUB,
                            AND,
                            BIC,
                            CLZ,
                            EOR,
                            MOV,
                            MVN,
                            ORN,
                            ORR,
                            RBIT,
                            REV,
                            REV16,
                            REVSH,
                            RSB,
                            RSC,
                            SBC,
                            SUB,
                            SXTAB,
                            SXTAH,
                            UXTAB,
                            UXTAH ->
                            true;
                    default -> false;
                };
    }

    /// Whether an instruction leaves both the flags and what was compared as they are.
    private boolean keepsCompared(boolean setsFlags) {
        return switch (insn.op) {
            case BFC, BFI, MOVT, SBFX, UBFX -> !isCompared(get(Field.RD));
            case LDR, LDRB, LDRH, LDRSB, LDRSH ->
                    !isCompared(get(Field.RT)) && !isCompared(get(Field.RN));
            case STR, STRB, STRH -> !isCompared(get(Field.RN));
            default -> onlyComputes(setsFlags) && !isCompared(get(Field.RD));
        };
    }

    private boolean isCompared(int register) {
        return register == comparedA || register == comparedB;
    }

    /// To the next instruction, which is outside any IT block: what ends a block stands at an IT block's end.
    private Jump itJump() {
        return jump(nextPc());
    }

    private int condition(boolean inIt) {
        if (insn.row.set() == Row.Set.A32) {
            return thumb ? inIt ? it >>> 4 : AL : insn.row.has(Field.COND) ? get(Field.COND) : AL;
        }
        if (insn.op == Op.B && insn.row.has(Field.COND)) {
            return get(Field.COND);
        }
        return inIt ? it >>> 4 : AL;
    }

    private boolean setsFlags(boolean inIt) {
        int s = get(Field.S);
        return s == 1 || s == 2 && !inIt;
    }

    private void beginIt() {
        it = get(Field.COND) << 4 | get(Field.MASK);
    }

    /// ITAdvance (DDI 0406C, A2.5.2).
    private void advanceIt() {
        it = (it & 7) == 0 ? 0 : it & 0xe0 | it << 1 & 0x1f;
    }

    private boolean endsBlock() {
        return switch (insn.op) {
            case BL, BLX, BLX_REGISTER, BX, SVC, TBB, TBH -> true;
            case LDM -> (get(Field.LIST) & 1 << PC_NUMBER) != 0;
            case LDR -> get(Field.RT) == PC_NUMBER;
            case ADC, ADD, ADR, ADR_SUB, AND, BIC, EOR, MOV, MVN, ORN, ORR, RSB, RSC, SBC, SUB ->
                    get(Field.RD) == PC_NUMBER;
            default -> false;
        };
    }

    private void general(boolean setsFlags) {
        switch (insn.op) {
            case ADC,
                    ADD,
                    AND,
                    BIC,
                    CMN,
                    CMP,
                    EOR,
                    MOV,
                    MVN,
                    ORN,
                    ORR,
                    RSB,
                    RSC,
                    SBC,
                    SUB,
                    TEQ,
                    TST ->
                    dataProcessing(setsFlags);
            case ADR, ADR_SUB -> address();
            case MOVT -> {
                append(Word.constant(Word.AND, get(Field.RD), get(Field.RD), 0xffff));
                long high = (long) (get(Field.IMM) & 0xffff) << 16;
                append(Word.constant(Word.OR, get(Field.RD), get(Field.RD), high));
            }
            case MLA, MLS, MUL, SMLAL, SMULL, UMLAL, UMULL, SMUL_XY, SMULW_Y -> multiply(setsFlags);
            case SDIV, UDIV ->
                    append(
                            new ArmOps.Divide(
                                    insn.op == Op.SDIV,
                                    get(Field.RD),
                                    reg(Field.RN),
                                    reg(Field.RM)));
            case SMLA_XY,
                    SMLAD,
                    SMLAL_XY,
                    SMLALD,
                    SMLAW_Y,
                    SMLSD,
                    SMLSLD,
                    SMMLA,
                    SMMLS,
                    UMAAL,
                    USADA8 ->
                    multiplyRarely();
            case PARALLEL,
                    PKH,
                    QADD,
                    QDADD,
                    QDSUB,
                    QSUB,
                    SEL,
                    SSAT,
                    SSAT16,
                    SXTAB16,
                    USAT,
                    USAT16,
                    UXTAB16 ->
                    media();
            case BFC, BFI, SBFX, UBFX -> bitField();
            case CLZ -> unary(Word.CLZ);
            case RBIT -> unary(Word.REVERSE_BITS);
            case REV -> unary(Word.REVERSE);
            case REV16 -> unary(Word.SWAP_IN_HALVES);
            case REVSH -> unary(Word.REVERSE_SIGNED_HALF);
            case SXTAB, SXTAH, UXTAB, UXTAH -> extend();
            case LDM -> loadMultiple();
            case STM -> storeMultiple();
            case LDR -> load(4, false);
            case LDRB -> load(1, false);
            case LDRH -> load(2, false);
            case LDRSB -> load(1, true);
            case LDRSH -> load(2, true);
            case LDRD -> loadDual();
            case STR -> store(4);
            case STRB -> store(1);
            case STRH -> store(2);
            case STRD -> storeDual();
            case PLD, NOP -> {}
            case SWP, SWPB ->
                    append(
                            new ArmOps.Swap(
                                    insn.op == Op.SWP ? 4 : 1,
                                    get(Field.RT),
                                    reg(Field.RM),
                                    reg(Field.RN)));
            case CLREX -> append(new ArmOps.ClearExclusive());
            case DMB -> append(new Fence());
            case LDREX -> loadExclusive(4);
            case LDREXB -> loadExclusive(1);
            case LDREXH -> loadExclusive(2);
            case LDREXD -> loadExclusive(8);
            case STREX -> storeExclusive(4);
            case STREXB -> storeExclusive(1);
            case STREXH -> storeExclusive(2);
            case STREXD -> storeExclusive(8);
            case BKPT -> raise(UserStop.BREAK_INSTRUCTION);
            case UDF, SETEND -> undefined();
            case BL -> call(thumb);
            case BLX -> call(!thumb);
            case BLX_REGISTER -> {
                append(new Move.Reg64(T0, reg(Field.RM)));
                link();
                end(new ArmOps.BranchExchange(T0, thumb, false));
            }
            case BX -> branchExchange(reg(Field.RM), get(Field.RM) == LR);
            case CBZ -> compareAndBranch();
            case TBB, TBH -> tableBranch();
            case SVC -> end(new SystemCall(nextPc()));
            case MRC, MCR -> coprocessor();
            case MRS -> append(new ArmOps.ReadStatus(get(Field.RD)));
            case MSR -> {
                int value = insn.row.form() == 'i' ? constant(RESULT, expanded()) : reg(Field.RM);
                append(new ArmOps.WriteStatus(value, get(Field.FIELDS)));
            }
            case B, IT -> throw new IllegalStateException(insn.op + " has come too far");
            default -> {
                if (insn.op.isVector()) {
                    neon.emit(insn);
                } else {
                    vfp.emit(insn);
                }
            }
        }
    }

    // ---- branches

    private static int signed(int value, int bits) {
        return value << 32 - bits >> 32 - bits;
    }

    private long target() {
        if (insn.row.set() == Row.Set.A32) {
            return pcValue() + (signed(get(Field.IMM), 24) << 2) & MASK;
        }
        if (insn.length == 2) {
            int bits = insn.row.has(Field.COND) ? 8 : 11;
            return pcValue() + (signed(get(Field.IMM), bits) << 1) & MASK;
        }
        int s = get(Field.SIGN);
        int distance;
        if (insn.row.has(Field.IMM6)) {
            distance =
                    signed(
                            s << 20
                                    | get(Field.J2) << 19
                                    | get(Field.J1) << 18
                                    | get(Field.IMM6) << 12
                                    | get(Field.IMM11) << 1,
                            21);
        } else {
            int i1 = 1 ^ get(Field.J1) ^ s;
            int i2 = 1 ^ get(Field.J2) ^ s;
            distance =
                    signed(
                            s << 24
                                    | i1 << 23
                                    | i2 << 22
                                    | get(Field.IMM10) << 12
                                    | get(Field.IMM11) << 1,
                            25);
        }
        return pcValue() + distance & MASK;
    }

    private void branch(int cond) {
        long to = target();
        if (cond >= AL) {
            if (insn.row.has(Field.COND) && thumb) {
                undefined();
            } else {
                end(jump(to));
            }
            return;
        }
        Test test = test(cond);
        end(new Word.If(test.cond, test.a, test.b, jump(to), jump(nextPc())));
    }

    private void link() {
        append(new Branch.Link(LR, nextPc() | (thumb ? 1 : 0), nextPc()));
    }

    private void call(boolean toThumb) {
        link();
        long to = target();
        if (toThumb == thumb) {
            end(jump(to));
            return;
        }
        if (toThumb) {
            to += get(Field.J1) << 1; // the H bit of A32
        } else {
            to = (pcValue() & -4) + (to - pcValue()) & -4;
        }
        end(new ArmOps.JumpExchange(toThumb, jump(to & MASK)));
    }

    private void branchExchange(int slot, boolean isReturn) {
        end(new ArmOps.BranchExchange(slot, thumb, isReturn));
    }

    /// BranchWritePC, in the present state.
    private void branchTo(int slot) {
        append(Word.constant(Word.AND, T0, slot, (thumb ? ~1 : ~3) & MASK));
        end(new Branch.Indirect(T0, MASK));
    }

    private void compareAndBranch() {
        int cond = get(Field.OP) == 0 ? Word.EQUAL : Word.NOT_EQUAL;
        long to = pcValue() + get(Field.IMM) & MASK;
        end(new Word.If(cond, get(Field.RN), ZERO, jump(to), jump(nextPc())));
    }

    private void tableBranch() {
        int width = insn.op == Op.TBB ? 1 : 2;
        int base = reg(Field.RN);
        int index = get(Field.RM);
        if (width == 2) {
            append(Word.constant(Word.SHL, T0, index, 1));
            index = T0;
        }
        append(Word.registers(Word.ADD, T0, base, index));
        append(new Word.Load(T0, T0, 0, width, 0));
        append(Word.constant(Word.SHL, T0, T0, 1));
        append(Word.constant(Word.ADD, T0, T0, pcValue()));
        end(new Branch.Indirect(T0, MASK));
    }

    // ---- data processing

    /// The value of a modified immediate (DDI 0406C, A5.2.4 and A6.3.2) or a plain one.
    private long expanded() {
        int imm = get(Field.IMM);
        return switch (insn.row.form()) {
            case 'i' -> Integer.rotateRight(imm & 0xff, imm >>> 7 & 0x1e) & MASK;
            case 't' -> expandedT32(imm) & MASK;
            default -> imm & MASK;
        };
    }

    private static int expandedT32(int imm) {
        int low = imm & 0xff;
        if (imm >>> 10 != 0) {
            return Integer.rotateRight(low & 0x7f | 0x80, imm >>> 7);
        }
        return switch (imm >>> 8) {
            case 0 -> low;
            case 1 -> low << 16 | low;
            case 2 -> low << 24 | low << 8;
            default -> low * 0x0101_0101;
        };
    }

    /// Whether a modified immediate sets the carry flag, to its top bit.
    private boolean immediateSetsCarry() {
        int imm = get(Field.IMM);
        return insn.row.form() == 'i' ? imm >>> 8 != 0 : insn.row.form() == 't' && imm >>> 10 != 0;
    }

    private int constant(int slot, long value) {
        append(new Move.Constant(slot, value));
        return slot;
    }

    /// The last operand's slot.
    ///
    /// @param carry whether the shifter's carry is wanted, in CARRY
    private int operand(boolean carry) {
        if (insn.row.form() == 'r') {
            int m = reg(Field.RM);
            append(
                    new ArmOps.ShiftByRegister(
                            get(Field.TYPE), OPERAND, m, get(Field.RS), carry ? CARRY : -1));
            return OPERAND;
        }
        return shifted(reg(Field.RM), get(Field.TYPE), get(Field.SHIFT), carry);
    }

    /// Whether the last operand is a register that is shifted, or may be.
    private boolean isShifted() {
        return insn.row.form() == 'r' || get(Field.TYPE) != 0 || get(Field.SHIFT) != 0;
    }

    /// A register shifted by an immediate (DDI 0406C, A8.4.1).
    private int shifted(int m, int type, int amount, boolean carry) {
        if (type == 0 && amount == 0) {
            return m;
        }
        if (type == 3 && amount == 0) {
            append(Word.constant(Word.SHL, OPERAND, C, 31));
            append(Word.constant(Word.SHR, T1, m, 1));
            if (carry) {
                append(Word.constant(Word.AND, CARRY, m, 1));
            }
            append(Word.registers(Word.OR, OPERAND, OPERAND, T1));
            return OPERAND;
        }
        int by = amount == 0 ? 32 : amount;
        if (carry) {
            append(new Word.Extract(CARRY, m, type == 0 ? 32 - by : by - 1, 1, false));
        }
        if (by == 32) {
            append(
                    type == 1
                            ? new Move.Constant(OPERAND, 0)
                            : Word.constant(Word.SAR, OPERAND, m, 31));
        } else {
            int operation =
                    switch (type) {
                        case 0 -> Word.SHL;
                        case 1 -> Word.SHR;
                        case 2 -> Word.SAR;
                        default -> Word.ROR;
                    };
            append(Word.constant(operation, OPERAND, m, by));
        }
        return OPERAND;
    }

    private void dataProcessing(boolean setsFlags) {
        Op op = insn.op;
        boolean compares =
                switch (op) {
                    case CMP, CMN, TST, TEQ -> true;
                    default -> false;
                };
        boolean flags = setsFlags || compares;
        boolean toPc = !compares && get(Field.RD) == PC_NUMBER;
        if (toPc && flags) {
            undefined();
            return;
        }
        int d = compares || toPc ? RESULT : get(Field.RD);
        boolean immediate =
                switch (insn.row.form()) {
                    case 'i', 't', 'p' -> true;
                    default -> false;
                };
        switch (op) {
            case ADD, ADC, CMN, CMP, RSB, RSC, SBC, SUB -> arithmetic(flags, immediate, d);
            default -> logic(flags, immediate, d);
        }
        if (toPc) {
            if (thumb) {
                branchTo(RESULT);
            } else {
                boolean isReturn = op == Op.MOV && !immediate && get(Field.RM) == LR;
                branchExchange(RESULT, isReturn);
            }
        }
    }

    private void arithmetic(boolean flags, boolean immediate, int d) {
        Op op = insn.op;
        int n = reg(Field.RN);
        if (immediate && !flags && (op == Op.ADD || op == Op.SUB || op == Op.RSB)) {
            long value = expanded();
            switch (op) {
                case ADD -> append(Word.constant(Word.ADD, d, n, value));
                case SUB -> append(Word.constant(Word.ADD, d, n, -value & MASK));
                default -> append(Word.constant(Word.RSB, d, n, value));
            }
            return;
        }
        boolean isCompare = flags && (op == Op.CMP || op == Op.SUB);
        int m = immediate ? constant(isCompare ? COMPARED : OPERAND, expanded()) : operand(false);
        if (flags) {
            switch (op) {
                case ADD, CMN -> append(new ArmOps.AddFlags(false, d, n, m));
                case SUB, CMP -> append(new ArmOps.AddFlags(true, d, n, m));
                case RSB -> append(new ArmOps.AddFlags(true, d, m, n));
                case ADC -> append(new ArmOps.AddCarryFlags(false, d, n, m));
                case SBC -> append(new ArmOps.AddCarryFlags(true, d, n, m));
                default -> append(new ArmOps.AddCarryFlags(true, d, m, n));
            }
            if (isCompare && m != OPERAND && m != PC && n != PC && d != n && d != m) {
                comparedA = n;
                comparedB = m;
            }
            return;
        }
        switch (op) {
            case ADD -> append(Word.registers(Word.ADD, d, n, m));
            case SUB -> append(Word.registers(Word.SUB, d, n, m));
            case RSB -> append(Word.registers(Word.SUB, d, m, n));
            case ADC -> {
                append(Word.registers(Word.ADD, T1, n, m));
                append(Word.registers(Word.ADD, d, T1, C));
            }
            default -> {
                append(Word.registers(Word.SUB, T1, op == Op.SBC ? n : m, op == Op.SBC ? m : n));
                append(Word.registers(Word.ADD, T1, T1, C));
                append(Word.constant(Word.ADD, d, T1, MASK));
            }
        }
    }

    private void logic(boolean flags, boolean immediate, int d) {
        Op op = insn.op;
        boolean isMove = op == Op.MOV || op == Op.MVN;
        int n = isMove ? ZERO : reg(Field.RN);
        boolean carry = flags && (immediate ? immediateSetsCarry() : isShifted());
        if (immediate) {
            long value = expanded();
            if (carry) {
                append(new Move.Constant(CARRY, value >>> 31));
            }
            switch (op) {
                case AND, TST -> append(Word.constant(Word.AND, d, n, value));
                case BIC -> append(Word.constant(Word.AND, d, n, ~value & MASK));
                case EOR, TEQ -> append(Word.constant(Word.XOR, d, n, value));
                case ORR -> append(Word.constant(Word.OR, d, n, value));
                case ORN -> append(Word.constant(Word.OR, d, n, ~value & MASK));
                case MOV -> append(new Move.Constant(d, value));
                default -> append(new Move.Constant(d, ~value & MASK));
            }
        } else {
            int m = operand(carry);
            switch (op) {
                case AND, TST -> append(Word.registers(Word.AND, d, n, m));
                case BIC -> append(Word.registers(Word.BIC, d, n, m));
                case EOR, TEQ -> append(Word.registers(Word.XOR, d, n, m));
                case ORR -> append(Word.registers(Word.OR, d, n, m));
                case ORN -> append(Word.registers(Word.ORN, d, n, m));
                case MOV -> append(new Move.Reg64(d, m));
                default -> append(new Word.Unary(Word.NOT, d, m));
            }
        }
        if (flags) {
            append(new ArmOps.SetNz(d));
            if (carry) {
                append(new Move.Reg64(C, CARRY));
            }
        }
    }

    /// ADR: relative to the aligned program counter.
    private void address() {
        long base = pcValue() & -4;
        long value = expanded();
        long address = insn.op == Op.ADR ? base + value : base - value;
        if (get(Field.RD) == PC_NUMBER) {
            branchTo(constant(RESULT, address & MASK));
        } else {
            append(new Move.Constant(get(Field.RD), address & MASK));
        }
    }

    // ---- multiplication, fields, media

    private void multiply(boolean setsFlags) {
        int n = get(Field.RN);
        int m = get(Field.RM);
        int d = get(Field.RD);
        int low = get(Field.RDLO);
        int high = get(Field.RDHI);
        switch (insn.op) {
            case MUL -> append(Word.registers(Word.MUL, d, n, m));
            case MLA -> {
                append(Word.registers(Word.MUL, T0, n, m));
                append(Word.registers(Word.ADD, d, T0, get(Field.RA)));
            }
            case MLS -> {
                append(Word.registers(Word.MUL, T0, n, m));
                append(Word.registers(Word.SUB, d, get(Field.RA), T0));
            }
            case SMULL -> multiplyLong(Word.MultiplyLong.SET, true, high, low);
            case UMULL -> multiplyLong(Word.MultiplyLong.SET, false, high, low);
            case SMLAL -> multiplyLong(Word.MultiplyLong.ACCUMULATE, true, high, low);
            case UMLAL -> multiplyLong(Word.MultiplyLong.ACCUMULATE, false, high, low);
            case SMUL_XY -> {
                append(new Word.Extract(T0, n, 16 * get(Field.X), 16, true));
                append(new Word.Extract(T1, m, 16 * get(Field.Y), 16, true));
                append(Word.registers(Word.MUL, d, T0, T1));
            }
            default -> {
                constant(T0, 0);
                append(new Media(Op.SMLAW_Y, d, n, m, T0, get(Field.Y) << 1));
            }
        }
        if (setsFlags) {
            if (insn.row.has(Field.RDLO)) {
                append(Word.registers(Word.OR, Z, high, low));
                append(new Move.Reg64(N, high));
            } else {
                append(new ArmOps.SetNz(d));
            }
        }
    }

    private void multiplyLong(int how, boolean signed, int high, int low) {
        append(new Word.MultiplyLong(how, signed, high, low, get(Field.RN), get(Field.RM)));
    }

    private void multiplyRarely() {
        int n = get(Field.RN);
        int m = get(Field.RM);
        Op op = insn.op;
        boolean isLong = insn.row.has(Field.RDLO);
        int how =
                switch (op) {
                    case SMLA_XY, SMLAL_XY -> get(Field.X) | get(Field.Y) << 1;
                    case SMLAW_Y -> get(Field.Y) << 1;
                    case SMMLA, SMMLS -> get(Field.ROUND) << 2;
                    default -> get(Field.Y);
                };
        if (isLong) {
            append(new Media(op, get(Field.RDLO), n, m, get(Field.RDHI), how));
            return;
        }
        int a = get(Field.RA);
        append(new Media(op, get(Field.RD), n, m, a == PC_NUMBER ? ZERO : a, how));
    }

    private void media() {
        Op op = insn.op;
        int d = get(Field.RD);
        int n = get(Field.RN);
        int m = get(Field.RM);
        switch (op) {
            case PARALLEL -> {
                int how = parallel();
                if (how < 0) {
                    undefined();
                } else {
                    append(new Media(op, d, n, m, 0, how));
                }
            }
            case PKH -> {
                boolean tb = get(Field.TYPE) != 0;
                int shifted = shifted(m, get(Field.TYPE), get(Field.SHIFT), false);
                append(Word.constant(Word.AND, T0, tb ? shifted : n, 0xffff));
                append(Word.constant(Word.AND, T1, tb ? n : shifted, 0xffff_0000L));
                append(Word.registers(Word.OR, d, T0, T1));
            }
            case QADD, QSUB, QDADD, QDSUB -> append(new Media(op, d, m, n, 0, 0));
            case SSAT, USAT -> {
                if (thumb && get(Field.TYPE) != 0 && get(Field.SHIFT) == 0) {
                    undefined(); // the place of SSAT16 and USAT16
                    return;
                }
                int shifted = shifted(n, get(Field.TYPE), get(Field.SHIFT), false);
                append(new Media(op, d, shifted, 0, 0, get(Field.SAT)));
            }
            case SSAT16, USAT16 -> append(new Media(op, d, n, 0, 0, get(Field.SAT)));
            case SEL -> append(new Media(op, d, n, m, 0, 0));
            default -> {
                append(Word.constant(Word.ROR, T0, m, get(Field.ROTATE)));
                append(new Media(op, d, n == PC_NUMBER ? ZERO : n, T0, 0, 0));
            }
        }
    }

    /// The kind and operation of parallel arithmetic as A32 encodes them, or -1 where there is none.
    private int parallel() {
        int kind = get(Field.OP1);
        int operation = get(Field.OP2);
        if (insn.row.set() == Row.Set.T32) {
            kind = (kind & 3) == 3 ? 0 : kind + 1;
            operation =
                    switch (operation) {
                        case 0 -> 4;
                        case 1 -> 0;
                        case 2 -> 1;
                        case 4 -> 7;
                        case 5 -> 3;
                        case 6 -> 2;
                        default -> 5;
                    };
        }
        boolean none = (kind & 3) == 0 || operation == 5 || operation == 6;
        return none ? -1 : kind << 3 | operation;
    }

    private void bitField() {
        int lsb = insn.row.has(Field.LSB) ? get(Field.LSB) : get(Field.SHIFT);
        int d = get(Field.RD);
        int n = get(Field.RN);
        switch (insn.op) {
            case SBFX, UBFX -> {
                int width = get(Field.WIDTH) + 1;
                if (lsb + width > 32) {
                    undefined();
                } else {
                    append(new Word.Extract(d, n, lsb, width, insn.op == Op.SBFX));
                }
            }
            default -> {
                int msb = get(Field.MSB);
                if (msb < lsb) {
                    undefined();
                } else {
                    append(new Word.Insert(d, insn.op == Op.BFC ? ZERO : n, lsb, msb - lsb + 1));
                }
            }
        }
    }

    private void unary(int operation) {
        append(new Word.Unary(operation, get(Field.RD), get(Field.RM)));
    }

    /// SXTB and its kin, which add 0 where Rn is 15.
    private void extend() {
        int d = get(Field.RD);
        int n = get(Field.RN);
        int m = get(Field.RM);
        boolean adds = n != PC_NUMBER;
        int to = adds ? T0 : d;
        if (get(Field.ROTATE) != 0) {
            append(Word.constant(Word.ROR, T0, m, get(Field.ROTATE)));
            m = T0;
        }
        switch (insn.op) {
            case SXTAB -> append(new Word.Unary(Word.SIGNED_BYTE, to, m));
            case SXTAH -> append(new Word.Unary(Word.SIGNED_HALF, to, m));
            case UXTAB -> append(Word.constant(Word.AND, to, m, 0xff));
            default -> append(Word.constant(Word.AND, to, m, 0xffff));
        }
        if (adds) {
            append(Word.registers(Word.ADD, d, n, T0));
        }
    }

    // ---- loads and stores

    /// Where an access goes: a base and what is added to it, and what the base register becomes afterwards.
    private record Place(int base, long displacement, int n, int after, long step) {}

    private static final int NO_WRITEBACK = -1;

    private Place place() {
        int n = get(Field.RN);
        boolean index = get(Field.P) != 0;
        boolean add = get(Field.U) != 0;
        boolean writeback = !index || get(Field.W) != 0;
        boolean literal = n == PC_NUMBER;
        if (insn.row.form() == 'p') {
            long offset = (add ? get(Field.IMM) : -get(Field.IMM)) & MASK;
            if (literal) {
                return new Place(ZERO, (pcValue() & -4) + offset & MASK, n, NO_WRITEBACK, 0);
            }
            long displacement = index ? offset : 0;
            return new Place(n, displacement, n, writeback ? n : NO_WRITEBACK, offset);
        }
        int base = reg(n);
        int m = shifted(reg(Field.RM), get(Field.TYPE), get(Field.SHIFT), false);
        append(Word.registers(add ? Word.ADD : Word.SUB, T0, base, m));
        return new Place(index ? T0 : base, 0, n, writeback ? T0 : NO_WRITEBACK, 0);
    }

    private void writeBack(Place place) {
        if (place.after == NO_WRITEBACK) {
            return;
        }
        if (place.after == place.n) {
            append(Word.constant(Word.ADD, place.n, place.n, place.step));
        } else {
            append(new Move.Reg64(place.n, place.after));
        }
    }

    private void load(int width, boolean signed) {
        Place place = place();
        int t = get(Field.RT);
        boolean toPc = t == PC_NUMBER;
        int to = toPc ? RESULT : t;
        append(new Word.Load(to, place.base, place.displacement, width, signed ? Word.SIGNED : 0));
        writeBack(place);
        if (toPc) {
            branchExchange(RESULT, place.n == SP);
        }
    }

    private void store(int width) {
        Place place = place();
        int t = reg(Field.RT);
        append(new Word.Store(t, place.base, place.displacement, width, 0));
        writeBack(place);
    }

    private int second() {
        return insn.row.has(Field.RT2) ? get(Field.RT2) : get(Field.RT) + 1 & 15;
    }

    private void loadDual() {
        Place place = place();
        append(new Word.Load(T1, place.base, place.displacement, 4, 0));
        append(new Word.Load(OPERAND, place.base, place.displacement + 4, 4, 0));
        writeBack(place);
        append(new Move.Reg64(get(Field.RT), T1));
        append(new Move.Reg64(second(), OPERAND));
    }

    private void storeDual() {
        Place place = place();
        append(new Word.Store(get(Field.RT), place.base, place.displacement, 4, 0));
        append(new Word.Store(second(), place.base, place.displacement + 4, 4, 0));
        writeBack(place);
    }

    private long lowest(int bytes) {
        boolean up = get(Field.U) != 0;
        boolean before = get(Field.P) != 0;
        return (up ? before ? 4 : 0 : before ? -bytes : 4 - bytes) & MASK;
    }

    private void loadMultiple() {
        int list = get(Field.LIST);
        int n = get(Field.RN);
        int bytes = 4 * Integer.bitCount(list);
        long at = lowest(bytes);
        boolean inList = (list >>> n & 1) != 0;
        boolean writeback = get(Field.W) == 1 || get(Field.W) == 2 && !inList;
        for (int i = 0; i < 16; i++) {
            if ((list >>> i & 1) != 0) {
                int to = i == PC_NUMBER ? RESULT : i == n ? T1 : i;
                append(new Word.Load(to, n, at, 4, 0));
                at = at + 4 & MASK;
            }
        }
        if (inList) {
            append(new Move.Reg64(n, T1));
        } else if (writeback) {
            long step = get(Field.U) != 0 ? bytes : -bytes & MASK;
            append(Word.constant(Word.ADD, n, n, step));
        }
        if ((list & 1 << PC_NUMBER) != 0) {
            branchExchange(RESULT, n == SP);
        }
    }

    private void storeMultiple() {
        int list = get(Field.LIST);
        int n = get(Field.RN);
        int bytes = 4 * Integer.bitCount(list);
        long at = lowest(bytes);
        for (int i = 0; i < 16; i++) {
            if ((list >>> i & 1) != 0) {
                append(new Word.Store(reg(i), n, at, 4, 0));
                at = at + 4 & MASK;
            }
        }
        if (get(Field.W) != 0) {
            long step = get(Field.U) != 0 ? bytes : -bytes & MASK;
            append(Word.constant(Word.ADD, n, n, step));
        }
    }

    private void loadExclusive(int width) {
        append(
                new ArmOps.LoadExclusive(
                        width, get(Field.RT), second(), get(Field.RN), get(Field.IMM)));
    }

    private void storeExclusive(int width) {
        append(
                new ArmOps.StoreExclusive(
                        width,
                        get(Field.RD),
                        get(Field.RT),
                        second(),
                        get(Field.RN),
                        get(Field.IMM)));
    }

    // ---- CP15, as far as programs may use it (DDI 0406C, B3.17)

    private void coprocessor() {
        int key =
                get(Field.COPROC) << 16
                        | get(Field.CRN) << 12
                        | get(Field.OPC1) << 8
                        | get(Field.CRM) << 4
                        | get(Field.OPC2);
        boolean reads = insn.op == Op.MRC;
        int t = get(Field.RT);
        switch (key) {
            case 0xfd002 -> {
                int slot = ArmCpu.THREAD_POINTER_WRITABLE;
                append(reads ? new Move.Reg64(t, slot) : new Move.Reg64(slot, t));
            }
            case 0xfd003 -> {
                if (reads) {
                    append(new Move.Reg64(t, ArmCpu.THREAD_POINTER));
                } else {
                    undefined();
                }
            }
            case 0xf7054, 0xf70a4, 0xf70a5 -> {
                if (reads) {
                    undefined();
                } else {
                    append(new Fence());
                }
            }
            default -> undefined();
        }
    }
}
