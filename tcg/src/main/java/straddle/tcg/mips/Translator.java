package straddle.tcg.mips;

import static straddle.tcg.mips.MipsCpu.COND;
import static straddle.tcg.mips.MipsCpu.F0;
import static straddle.tcg.mips.MipsCpu.HI;
import static straddle.tcg.mips.MipsCpu.KEPT0;
import static straddle.tcg.mips.MipsCpu.KEPT1;
import static straddle.tcg.mips.MipsCpu.LO;
import static straddle.tcg.mips.MipsCpu.RA;
import static straddle.tcg.mips.MipsCpu.SINK;
import static straddle.tcg.mips.MipsCpu.T0;
import static straddle.tcg.mips.MipsCpu.T1;
import static straddle.tcg.mips.MipsCpu.ZERO;

import straddle.core.user.UserStop;
import straddle.tcg.GuestFault;
import straddle.tcg.block.Tb;
import straddle.tcg.op.BlockHead;
import straddle.tcg.op.Branch;
import straddle.tcg.op.Fence;
import straddle.tcg.op.Halves;
import straddle.tcg.op.Jump;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.Move;
import straddle.tcg.op.Word;
import straddle.tcg.user.Stop;
import straddle.tcg.user.SystemCall;
import straddle.tcg.user.UserCpu;

/// The MIPS front end: makes a block's micro-ops.
///
/// A branch and the instruction in its delay slot are one unit: what decides the branch is kept where the slot would change
/// it, then comes the slot, then the jump. The slot's micro-ops have the branch's address, so a fault there shows the branch, which
/// is where the program goes on afterwards, as with Cause.BD set (MD00090, 6.2). A branch that is the last word of a
/// page begins a block of its own.
final class Translator {
    private static final int MAX_INSNS = 64;
    private static final long MASK = 0xffff_ffffL;
    private static final int WORDS = Word.ALIGNED;
    private static final long SIGN_S = 0x8000_0000L;
    private static final long MAGNITUDE_S = 0x7fff_ffffL;

    private final MipsCpu cpu;
    private final int order;

    private boolean fr;
    private long blockPc;
    private long secondPage;

    /// Of the instruction being translated, or of the branch in whose slot it stands.
    private long pc;

    private MicroOp first;
    private MicroOp last;
    private int count;
    private boolean ended;

    Translator(MipsCpu cpu) {
        this.cpu = cpu;
        this.order = cpu.isBigEndian() ? Word.REVERSED : 0;
    }

    Tb translate(long gpa, long mode) {
        fr = (mode & MipsCpu.MODE_FR) != 0;
        blockPc = cpu.pc;
        secondPage = -1;
        pc = blockPc;
        first = null;
        last = null;
        count = 0;
        ended = false;
        int limit = (mode & UserCpu.ALONE) != 0 ? 1 : MAX_INSNS;
        while (!ended && count < limit) {
            if (count > 0 && (pc & 4095) == 0) {
                break;
            }
            int word = cpu.fetch(pc);
            Op op = Decoder.decode(word);
            if (op != null && isBranch(op)) {
                if (count > 0 && (pc & 4095) == 4092) {
                    break;
                }
                branch(op, word);
            } else {
                instruction(op, word);
                count++;
                pc = pc + 4 & MASK;
            }
        }
        Tb tb = new Tb(blockPc, mode, gpa, (int) (pc - blockPc & MASK), count, secondPage);
        if (!ended) {
            append(jump(pc));
        }
        BlockHead.lead(tb, first);
        return tb;
    }

    // ---- emitting

    private void append(MicroOp op) {
        op.pc = pc;
        op.index = count;
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

    private Jump jump(long target) {
        boolean samePage = (target & -4096) == (blockPc & -4096) && secondPage == -1;
        Jump jump = new Jump(pc, target, samePage);
        jump.index = count;
        return jump;
    }

    // ---- branches

    private static boolean isBranch(Op op) {
        return switch (op) {
            case BC1F, BC1FL, BC1T, BC1TL -> true;
            case BEQ, BEQL, BGEZ, BGEZAL, BGEZALL, BGEZL, BGTZ, BGTZL -> true;
            case BLEZ, BLEZL, BLTZ, BLTZAL, BLTZALL, BLTZL, BNE, BNEL -> true;
            case J, JAL, JALR, JR -> true;
            default -> false;
        };
    }

    /// The word in the delay slot. One that can't be fetched is the branch's fault.
    private int slot() {
        long at = pc + 4 & MASK;
        if ((at & 4095) == 0) {
            try {
                secondPage = cpu.fetchAddress(at) & -4096;
            } catch (GuestFault fault) {
                secondPage = -1;
                throw fault;
            }
        }
        return cpu.fetch(at);
    }

    /// Translates the slot's instruction, as if it stood at the branch.
    private void emitSlot(int word) {
        Op op = Decoder.decode(word);
        if (op == null || isBranch(op) || op == Op.SYSCALL) {
            append(new Stop(UserStop.RESERVED_INSTRUCTION));
        } else {
            instruction(op, word);
        }
        ended = false;
    }

    /// Whether an instruction may write a register: any that has it in a field where destinations stand.
    private static boolean mayWrite(int word, int register) {
        return register != ZERO
                && ((word >>> 16 & 31) == register || (word >>> 11 & 31) == register);
    }

    private void branch(Op op, int word) {
        int slot = slot();
        int rs = word >>> 21 & 31;
        int rt = word >>> 16 & 31;
        long target = pc + 4 + ((long) (short) word << 2) & MASK;
        switch (op) {
            case J, JAL -> jumpInRegion(op, word, slot);
            case JR, JALR -> jumpRegister(op, word, slot);
            case BC1F -> onCondition(word, Word.EQUAL, false, target, slot);
            case BC1FL -> onCondition(word, Word.EQUAL, true, target, slot);
            case BC1T -> onCondition(word, Word.NOT_EQUAL, false, target, slot);
            case BC1TL -> onCondition(word, Word.NOT_EQUAL, true, target, slot);
            case BEQ -> conditional(Word.EQUAL, rs, rt, false, target, slot);
            case BEQL -> conditional(Word.EQUAL, rs, rt, true, target, slot);
            case BNE -> conditional(Word.NOT_EQUAL, rs, rt, false, target, slot);
            case BNEL -> conditional(Word.NOT_EQUAL, rs, rt, true, target, slot);
            case BGEZ -> conditional(Word.IS_NOT_LESS, rs, ZERO, false, target, slot);
            case BGEZL -> conditional(Word.IS_NOT_LESS, rs, ZERO, true, target, slot);
            case BLTZ -> conditional(Word.IS_LESS, rs, ZERO, false, target, slot);
            case BLTZL -> conditional(Word.IS_LESS, rs, ZERO, true, target, slot);
            case BGTZ -> conditional(Word.IS_LESS, ZERO, rs, false, target, slot);
            case BGTZL -> conditional(Word.IS_LESS, ZERO, rs, true, target, slot);
            case BLEZ -> conditional(Word.IS_NOT_LESS, ZERO, rs, false, target, slot);
            case BLEZL -> conditional(Word.IS_NOT_LESS, ZERO, rs, true, target, slot);
            case BGEZAL -> linking(Word.IS_NOT_LESS, rs, false, target, slot);
            case BGEZALL -> linking(Word.IS_NOT_LESS, rs, true, target, slot);
            case BLTZAL -> linking(Word.IS_LESS, rs, false, target, slot);
            default -> linking(Word.IS_LESS, rs, true, target, slot);
        }
        ended = true;
        count += 2;
        pc = pc + 8 & MASK;
    }

    private void jumpInRegion(Op op, int word, int slot) {
        long target = pc + 4 & 0xf000_0000L | (word & 0x3ff_ffffL) << 2;
        if (op == Op.JAL) {
            append(new Branch.Link(RA, pc + 8 & MASK));
        }
        emitSlot(slot);
        append(jump(target));
    }

    private void jumpRegister(Op op, int word, int slot) {
        int rs = word >>> 21 & 31;
        int rd = op == Op.JALR ? word >>> 11 & 31 : ZERO;
        int target = rs;
        if (mayWrite(slot, rs) || rd == rs && rd != ZERO) {
            target = KEPT0;
            append(new Move.Reg64(KEPT0, rs));
        }
        if (rd != ZERO) {
            append(new Branch.Link(rd, pc + 8 & MASK));
        }
        emitSlot(slot);
        append(new Branch.Indirect(target, MASK, rs == RA && rd == ZERO));
    }

    private void onCondition(int word, int cond, boolean likely, long target, int slot) {
        append(new Move.Reg64(KEPT0, MipsCpu.FCC + (word >>> 18 & 7)));
        decided(cond, KEPT0, ZERO, likely, target, slot);
    }

    private void linking(int cond, int rs, boolean likely, long target, int slot) {
        int a = rs;
        if (rs == RA) {
            a = KEPT0;
            append(new Move.Reg64(KEPT0, rs));
        }
        append(new Branch.Link(RA, pc + 8 & MASK));
        conditional(cond, a, ZERO, likely, target, slot);
    }

    private void conditional(int cond, int a, int b, boolean likely, long target, int slot) {
        if (likely) {
            decided(cond, a, b, true, target, slot);
        } else {
            decided(cond, kept(a, KEPT0, slot), kept(b, KEPT1, slot), false, target, slot);
        }
    }

    /// A register, or a temporary with its value where the slot may change it.
    private int kept(int register, int temporary, int slot) {
        if (register >= 32 || !mayWrite(slot, register)) {
            return register;
        }
        append(new Move.Reg64(temporary, register));
        return temporary;
    }

    private void decided(int cond, int a, int b, boolean likely, long target, int slot) {
        Jump fallThrough = jump(pc + 8 & MASK);
        if (likely) {
            append(new Word.LeaveIf(cond ^ 1, a, b, fallThrough));
            emitSlot(slot);
            append(jump(target));
            return;
        }
        emitSlot(slot);
        if (a == b) {
            append(Word.holds(cond, 0, 0) ? jump(target) : fallThrough);
        } else {
            append(new Word.If(cond, a, b, jump(target), fallThrough));
        }
    }

    // ---- all other instructions

    private void raise(UserStop why) {
        end(new Stop(why));
    }

    private void instruction(Op op, int word) {
        if (op == null) {
            raise(UserStop.RESERVED_INSTRUCTION);
            return;
        }
        switch (op.kind()) {
            case KERNEL, COPROCESSOR2 -> raise(UserStop.RESERVED_INSTRUCTION);
            case WIDE -> {
                if (fr) {
                    general(op, word);
                } else {
                    raise(UserStop.RESERVED_INSTRUCTION);
                }
            }
            case USER -> general(op, word);
        }
    }

    private void general(Op op, int word) {
        switch (op.pattern().substring(0, 6)) {
            case "010001", "010011" -> floating(op, word);
            case "000000" -> special(op, word);
            case "000001" -> trapImmediate(op, word);
            case "011100", "011111" -> extended(op, word);
            default -> immediate(op, word);
        }
    }

    private void word(int operation, int d, int a, int b) {
        if (d != ZERO) {
            append(Word.registers(operation, d, a, b));
        }
    }

    private void constant(int operation, int d, int a, long value) {
        if (d != ZERO) {
            append(Word.constant(operation, d, a, value & MASK));
        }
    }

    /// Opcode SPECIAL.
    private void special(Op op, int word) {
        int rs = word >>> 21 & 31;
        int rt = word >>> 16 & 31;
        int rd = word >>> 11 & 31;
        int sa = word >>> 6 & 31;
        switch (op) {
            case ADDU -> move(rd, rs, rt, Word.ADD);
            case SUBU -> word(Word.SUB, rd, rs, rt);
            case AND -> word(Word.AND, rd, rs, rt);
            case OR -> move(rd, rs, rt, Word.OR);
            case XOR -> word(Word.XOR, rd, rs, rt);
            case NOR -> word(Word.NOR, rd, rs, rt);
            case SLT -> word(Word.LESS, rd, rs, rt);
            case SLTU -> word(Word.BELOW, rd, rs, rt);
            case SLLV -> word(Word.SHL, rd, rt, rs);
            case SRLV -> word(Word.SHR, rd, rt, rs);
            case SRAV -> word(Word.SAR, rd, rt, rs);
            case ROTRV -> word(Word.ROR, rd, rt, rs);
            case SLL -> constant(Word.SHL, rd, rt, sa);
            case SRL -> constant(Word.SHR, rd, rt, sa);
            case SRA -> constant(Word.SAR, rd, rt, sa);
            case ROTR -> constant(Word.ROR, rd, rt, sa);
            case ADD, SUB ->
                    append(new MipsOps.Checked(op == Op.SUB, rd == ZERO ? SINK : rd, rs, rt, 0));
            case MOVN -> moveIf(Word.NOT_EQUAL, rt, rd, rs);
            case MOVZ -> moveIf(Word.EQUAL, rt, rd, rs);
            case MOVF, MOVT -> {
                append(new Move.Reg64(COND, MipsCpu.FCC + (word >>> 18 & 7)));
                moveIf(op == Op.MOVT ? Word.NOT_EQUAL : Word.EQUAL, COND, rd, rs);
            }
            case MFHI -> copy(rd, HI);
            case MFLO -> copy(rd, LO);
            case MTHI -> copy(HI, rs);
            case MTLO -> copy(LO, rs);
            case MULT, MULTU ->
                    append(
                            new Word.MultiplyLong(
                                    Word.MultiplyLong.SET, op == Op.MULT, HI, LO, rs, rt));
            case DIV, DIVU -> append(new MipsOps.Divide(op == Op.DIV, rs, rt));
            case TEQ -> trap(Word.EQUAL, word);
            case TNE -> trap(Word.NOT_EQUAL, word);
            case TGE -> trap(Word.IS_NOT_LESS, word);
            case TGEU -> trap(Word.IS_NOT_BELOW, word);
            case TLT -> trap(Word.IS_LESS, word);
            case TLTU -> trap(Word.IS_BELOW, word);
            case SYNC -> append(new Fence());
            case SYSCALL -> end(new SystemCall(pc + 4));
            default -> raise(MipsCpu.ofCode(breakCode(word), true)); // BREAK
        }
    }

    /// Assemblers put small codes into the upper half of the field.
    private static int breakCode(int word) {
        int code = word >>> 6 & 0xf_ffff;
        return code >= 1 << 10 ? code >>> 10 : code;
    }

    private void copy(int d, int s) {
        if (d != ZERO) {
            append(new Move.Reg64(d, s));
        }
    }

    /// ADDU and OR with register 0 are how moves are written.
    private void move(int rd, int rs, int rt, int operation) {
        if (rd == ZERO) {
            return;
        }
        if (rt == ZERO && rs == ZERO) {
            append(new Move.Constant(rd, 0));
        } else if (rt == ZERO) {
            append(new Move.Reg64(rd, rs));
        } else if (rs == ZERO) {
            append(new Move.Reg64(rd, rt));
        } else {
            append(Word.registers(operation, rd, rs, rt));
        }
    }

    private void moveIf(int cond, int on, int rd, int rs) {
        if (rd != ZERO) {
            append(new Word.MoveIf(cond, on, ZERO, rd, rs));
        }
    }

    private void trap(int cond, int word) {
        int code = word >>> 6 & 0x3ff;
        append(new MipsOps.Trap(cond, word >>> 21 & 31, word >>> 16 & 31, 0, code));
    }

    /// Opcode REGIMM, but for branches.
    private void trapImmediate(Op op, int word) {
        int rs = word >>> 21 & 31;
        long value = (short) word & MASK;
        int cond =
                switch (op) {
                    case TEQI -> Word.EQUAL;
                    case TNEI -> Word.NOT_EQUAL;
                    case TGEI -> Word.IS_NOT_LESS;
                    case TGEIU -> Word.IS_NOT_BELOW;
                    case TLTI -> Word.IS_LESS;
                    case TLTIU -> Word.IS_BELOW;
                    default -> -1; // SYNCI: stores to code are noticed as they happen
                };
        if (cond >= 0) {
            append(new MipsOps.Trap(cond, rs, -1, value, 0));
        }
    }

    /// Opcodes SPECIAL2 and SPECIAL3.
    private void extended(Op op, int word) {
        int rs = word >>> 21 & 31;
        int rt = word >>> 16 & 31;
        int rd = word >>> 11 & 31;
        int lsb = word >>> 6 & 31;
        switch (op) {
            case CLO -> unary(Word.CLO, rd, rs);
            case CLZ -> unary(Word.CLZ, rd, rs);
            case SEB -> unary(Word.SIGNED_BYTE, rd, rt);
            case SEH -> unary(Word.SIGNED_HALF, rd, rt);
            case WSBH -> unary(Word.SWAP_IN_HALVES, rd, rt);
            case MUL -> word(Word.MUL, rd, rs, rt);
            case MADD -> accumulate(Word.MultiplyLong.ACCUMULATE, true, rs, rt);
            case MADDU -> accumulate(Word.MultiplyLong.ACCUMULATE, false, rs, rt);
            case MSUB -> accumulate(Word.MultiplyLong.SUBTRACT, true, rs, rt);
            case MSUBU -> accumulate(Word.MultiplyLong.SUBTRACT, false, rs, rt);
            case EXT -> {
                if (lsb + rd > 31) {
                    raise(UserStop.RESERVED_INSTRUCTION);
                } else if (rt != ZERO) {
                    append(new Word.Extract(rt, rs, lsb, rd + 1, false));
                }
            }
            case INS -> {
                if (lsb > rd) {
                    raise(UserStop.RESERVED_INSTRUCTION);
                } else if (rt != ZERO) {
                    append(new Word.Insert(rt, rs, lsb, rd - lsb + 1));
                }
            }
            case RDHWR -> readHardware(rt, rd);
            default -> raise(UserStop.BREAK_INSTRUCTION); // SDBBP
        }
    }

    private void unary(int operation, int d, int a) {
        if (d != ZERO) {
            append(new Word.Unary(operation, d, a));
        }
    }

    private void accumulate(int how, boolean signed, int rs, int rt) {
        append(new Word.MultiplyLong(how, signed, HI, LO, rs, rt));
    }

    /// The registers that Linux lets programs read (MD00086, RDHWR).
    private void readHardware(int rt, int number) {
        int d = rt == ZERO ? SINK : rt;
        switch (number) {
            case 0 -> append(new Move.Constant(d, 0)); // CPUNum
            case 1 -> append(new Move.Constant(d, 32)); // SYNCI_Step
            case 2 -> append(new MipsOps.ReadCounter(d));
            case 3 -> append(new Move.Constant(d, 2)); // CCRes
            case 29 -> append(new Move.Reg64(d, MipsCpu.USER_LOCAL));
            default -> raise(UserStop.RESERVED_INSTRUCTION);
        }
    }

    /// Opcodes with an immediate: arithmetic, loads and stores.
    private void immediate(Op op, int word) {
        int rs = word >>> 21 & 31;
        int rt = word >>> 16 & 31;
        long signed = (short) word & MASK;
        long unsigned = word & 0xffff;
        int d = rt == ZERO ? SINK : rt;
        switch (op) {
            case ADDIU -> {
                if (rs == ZERO && rt != ZERO) {
                    append(new Move.Constant(rt, signed));
                } else {
                    constant(Word.ADD, rt, rs, signed);
                }
            }
            case ADDI -> append(new MipsOps.Checked(false, d, rs, -1, signed));
            case ANDI -> constant(Word.AND, rt, rs, unsigned);
            case ORI -> constant(Word.OR, rt, rs, unsigned);
            case XORI -> constant(Word.XOR, rt, rs, unsigned);
            case SLTI -> constant(Word.LESS, rt, rs, signed);
            case SLTIU -> constant(Word.BELOW, rt, rs, signed);
            case LUI -> {
                if (rt != ZERO) {
                    append(new Move.Constant(rt, unsigned << 16));
                }
            }
            case LB -> append(new Word.Load(d, rs, signed, 1, Word.SIGNED));
            case LBU -> append(new Word.Load(d, rs, signed, 1, 0));
            case LH -> append(new Word.Load(d, rs, signed, 2, Word.SIGNED | WORDS | order));
            case LHU -> append(new Word.Load(d, rs, signed, 2, WORDS | order));
            case LW -> append(new Word.Load(d, rs, signed, 4, WORDS | order));
            case SB -> append(new Word.Store(rt, rs, signed, 1, 0));
            case SH -> append(new Word.Store(rt, rs, signed, 2, WORDS | order));
            case SW -> append(new Word.Store(rt, rs, signed, 4, WORDS | order));
            case LWL, LWR ->
                    append(
                            new MipsOps.LoadPart(
                                    op == Op.LWL, d, rt, rs, signed, cpu.isBigEndian()));
            case SWL, SWR ->
                    append(new MipsOps.StorePart(op == Op.SWL, rt, rs, signed, cpu.isBigEndian()));
            case LL -> append(new MipsOps.LoadLinked(d, rs, signed));
            case SC -> append(new MipsOps.StoreConditional(d, rt, rs, signed));
            case LWC1 -> {
                append(new Word.Load(T0, rs, signed, 4, WORDS | order));
                append(copySingle(single(rt), T0));
            }
            case SWC1 -> {
                append(new Word.Extract(T0, slotOf(rt), isHigh(rt) ? 32 : 0, 32, false));
                append(new Word.Store(T0, rs, signed, 4, WORDS | order));
            }
            case LDC1 -> {
                if (isPair(rt)) {
                    append(new Word.Load(F0 + rt, rs, signed, 8, WORDS | order));
                }
            }
            case SDC1 -> {
                if (isPair(rt)) {
                    append(new Word.Store(F0 + rt, rs, signed, 8, WORDS | order));
                }
            }
            default -> {} // PREF
        }
    }

    // ---- floating point

    private boolean isHigh(int register) {
        return !fr && (register & 1) != 0;
    }

    private int slotOf(int register) {
        return F0 + (isHigh(register) ? register - 1 : register);
    }

    private int single(int register) {
        return slotOf(register) | (isHigh(register) ? Halves.HIGH : 0);
    }

    /// Whether registers can hold 64 bits; an odd one can't while Status.FR is clear, and is reserved.
    private boolean isPair(int... registers) {
        if (!fr) {
            for (int register : registers) {
                if ((register & 1) != 0) {
                    raise(UserStop.RESERVED_INSTRUCTION);
                    return false;
                }
            }
        }
        return true;
    }

    private static MicroOp copySingle(int d, int x) {
        return new Halves.Copy(true, d, x, -1, 0);
    }

    /// Opcodes COP1 and COP1X, but for branches.
    private void floating(Op op, int word) {
        int ft = word >>> 16 & 31;
        int fs = word >>> 11 & 31;
        int fd = word >>> 6 & 31;
        switch (op) {
            case MFC1 -> {
                if (ft != ZERO) {
                    append(new Word.Extract(ft, slotOf(fs), isHigh(fs) ? 32 : 0, 32, false));
                }
            }
            case MTC1 -> append(copySingle(single(fs), ft));
            case MFHC1 -> {
                if (ft != ZERO) {
                    append(new Word.Extract(ft, slotOf(fs), 32, 32, false));
                }
            }
            case MTHC1 -> append(copySingle(slotOf(fs) | Halves.HIGH, ft));
            case CFC1 -> append(new FloatOps.ReadControl(ft == ZERO ? SINK : ft, fs));
            case CTC1 -> append(new FloatOps.WriteControl(ft, fs));
            case C_S -> append(compared(true, single(fs), single(ft), word));
            case C_D -> {
                if (isPair(fs, ft)) {
                    append(compared(false, F0 + fs, F0 + ft, word));
                }
            }
            case MOV_S, MOV_D, ABS_S, ABS_D, NEG_S, NEG_D -> bits(op, fd, fs);
            case MOVF_S, MOVF_D, MOVT_S, MOVT_D -> {
                append(new Move.Reg64(COND, MipsCpu.FCC + (word >>> 18 & 7)));
                boolean ifSet = op == Op.MOVT_S || op == Op.MOVT_D;
                boolean isSingle = op == Op.MOVF_S || op == Op.MOVT_S;
                moveIf(isSingle, ifSet ? Word.NOT_EQUAL : Word.EQUAL, COND, fd, fs);
            }
            case MOVN_S -> moveIf(true, Word.NOT_EQUAL, ft, fd, fs);
            case MOVN_D -> moveIf(false, Word.NOT_EQUAL, ft, fd, fs);
            case MOVZ_S -> moveIf(true, Word.EQUAL, ft, fd, fs);
            case MOVZ_D -> moveIf(false, Word.EQUAL, ft, fd, fs);
            case LWXC1, LDXC1, LUXC1, SWXC1, SDXC1, SUXC1, PREFX -> indexed(op, word);
            default -> compute(op, word);
        }
    }

    private static FloatOps.Compare compared(boolean single, int x, int y, int word) {
        return new FloatOps.Compare(single, x, y, word >>> 8 & 7, word & 15);
    }

    private void bits(Op op, int fd, int fs) {
        boolean isSingle = op == Op.MOV_S || op == Op.ABS_S || op == Op.NEG_S;
        long sign = isSingle ? SIGN_S : Long.MIN_VALUE;
        long keep = op == Op.ABS_S || op == Op.ABS_D ? isSingle ? MAGNITUDE_S : Long.MAX_VALUE : -1;
        long flip = op == Op.NEG_S || op == Op.NEG_D ? sign : 0;
        if (isSingle) {
            append(new Halves.Copy(true, single(fd), single(fs), keep, flip));
        } else if (isPair(fd, fs)) {
            append(new Halves.Copy(false, F0 + fd, F0 + fs, keep, flip));
        }
    }

    private void moveIf(boolean isSingle, int cond, int on, int fd, int fs) {
        if (!isSingle && !isPair(fd, fs)) {
            return;
        }
        Word.Join join = new Word.Join();
        append(new Word.Unless(cond, on, ZERO, join));
        append(isSingle ? copySingle(single(fd), single(fs)) : new Move.Reg64(F0 + fd, F0 + fs));
        append(join);
    }

    private void indexed(Op op, int word) {
        int base = word >>> 21 & 31;
        int index = word >>> 16 & 31;
        int fs = word >>> 11 & 31;
        int fd = word >>> 6 & 31;
        append(Word.registers(Word.ADD, T1, base, index));
        switch (op) {
            case LWXC1 -> {
                append(new Word.Load(T0, T1, 0, 4, WORDS | order));
                append(copySingle(single(fd), T0));
            }
            case SWXC1 -> {
                append(new Word.Extract(T0, slotOf(fs), isHigh(fs) ? 32 : 0, 32, false));
                append(new Word.Store(T0, T1, 0, 4, WORDS | order));
            }
            case LDXC1 -> {
                if (isPair(fd)) {
                    append(new Word.Load(F0 + fd, T1, 0, 8, WORDS | order));
                }
            }
            case SDXC1 -> {
                if (isPair(fs)) {
                    append(new Word.Store(F0 + fs, T1, 0, 8, WORDS | order));
                }
            }
            case LUXC1 -> {
                append(Word.constant(Word.AND, T1, T1, ~7 & MASK));
                append(new Word.Load(F0 + fd, T1, 0, 8, order));
            }
            case SUXC1 -> {
                append(Word.constant(Word.AND, T1, T1, ~7 & MASK));
                append(new Word.Store(F0 + fs, T1, 0, 8, order));
            }
            default -> {} // PREFX
        }
    }

    /// Arithmetic and conversions: the row says how many operands there are and of which formats.
    private void compute(Op op, int word) {
        int fr3 = word >>> 21 & 31;
        int ft = word >>> 16 & 31;
        int fs = word >>> 11 & 31;
        int fd = word >>> 6 & 31;
        String name = op.name();
        boolean wideSource = name.endsWith("_D") || name.endsWith("_L");
        char to = name.charAt(name.indexOf('_') + 1);
        boolean wideResult = to == 'D' || to == 'L';
        boolean three = op.pattern().startsWith("010011");
        boolean two = op.pattern().contains("ft");
        if (wideSource && !isPair(fs)
                || wideSource && two && !isPair(ft)
                || wideSource && three && !isPair(fr3)
                || wideResult && !isPair(fd)) {
            return;
        }
        int d = wideResult ? F0 + fd : single(fd);
        int x = wideSource ? F0 + fs : single(fs);
        int y = wideSource ? F0 + ft : single(ft);
        if (three) {
            append(
                    new FloatOps.Compute(
                            op, !wideResult, d, wideSource ? F0 + fr3 : single(fr3), x, y));
        } else if (two) {
            append(new FloatOps.Compute(op, !wideResult, d, x, y));
        } else {
            append(new FloatOps.Compute(op, !wideResult, d, x));
        }
    }
}
