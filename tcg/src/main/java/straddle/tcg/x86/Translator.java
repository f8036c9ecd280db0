package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import straddle.core.memory.Region;
import straddle.tcg.GuestFault;
import straddle.tcg.block.Tb;
import straddle.tcg.mmu.Raw;
import straddle.tcg.op.Alu;
import straddle.tcg.op.Arith;
import straddle.tcg.op.BlockHead;
import straddle.tcg.op.Branch;
import straddle.tcg.op.Ea;
import straddle.tcg.op.Jump;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.Move;
import straddle.tcg.op.Reg;
import straddle.tcg.op.Stack;

/// The x86 front end: decodes a block's instructions and emits their micro-ops.
///
/// Frequent instructions become ISA-neutral micro-ops; the rest become an [X86Op] of their group, whose
/// `exec` is the manual's "Operation".
final class Translator implements Decoder.Code {
    private static final int MAX_INSNS = 64;

    private final X86Cpu cpu;
    private final Decoder decoder = new Decoder();
    private final Vectors vectors = new Vectors(this);
    private final AvxVectors avxVectors = new AvxVectors(this);

    private long mode;
    private int codeBits;
    private long pcMask;

    /// The last offset that the code segment has, or -1 where there is no end.
    private long lastOfCode;

    // Where the code is fetched from.
    private long blockPc;
    private long blockGpa;
    private long secondPage;
    private long pc;

    // The block so far.
    private MicroOp first;
    private MicroOp last;
    private int count;
    private boolean ended;

    /// How many instructions it may have.
    private int most;

    /// An STI, if it is the last instruction so far.
    private Control shadowing;

    /// A compare that may fuse with the conditional jump after it.
    private Compare pendingCompare;

    private record Compare(boolean test, int width, int d, int s, long value, long pc, int index) {}

    Translator(X86Cpu cpu) {
        this.cpu = cpu;
    }

    Tb translate(long gpa, long modeKey) {
        mode = modeKey;
        codeBits =
                (mode & X86Cpu.MODE_CODE) == X86Cpu.MODE_CODE64
                        ? 64
                        : (mode & X86Cpu.MODE_CODE) == 1 ? 32 : 16;
        pcMask = codeBits == 64 ? -1 : 0xffff_ffffL;
        lastOfCode = X86Cpu.lastOfCode(mode);
        blockPc = cpu.pc;
        blockGpa = gpa;
        secondPage = -1;
        pc = blockPc;
        first = null;
        last = null;
        count = 0;
        ended = false;
        pendingCompare = null;
        vectors.beginBlock();
        avxVectors.beginBlock();
        most = (mode & X86Cpu.MODE_ALONE) != 0 ? 1 : MAX_INSNS;
        shadowing = null;
        while (!ended) {
            if (count > 0 && (count >= most || secondPage != -1 || bytesLeftInPage() == 0)) {
                break;
            }
            Insn insn;
            try {
                insn = decoder.decode(this, codeBits);
            } catch (GuestFault fault) {
                if (count == 0) {
                    throw fault;
                }
                break;
            }
            if (secondPage != -1 && count > 0) {
                secondPage = -1;
                break;
            }
            if (shadowing != null) {
                shadowing.coversNext = true;
                shadowing = null;
            }
            emit(insn);
            pc = pc + insn.length & pcMask;
            count++;
        }
        flushCompare();
        int bytes = (int) (pc - blockPc & pcMask);
        Tb tb = new Tb(blockPc, mode, blockGpa, bytes, count, secondPage);
        if (!ended) {
            append(jump(pc));
        }
        BlockHead.lead(tb, first);
        return tb;
    }

    // ---- code bytes

    private long bytesLeftInPage() {
        return 4096 - (blockGpa & 4095) - (pc - blockPc & pcMask);
    }

    @Override
    public int at(int offset) {
        if (lastOfCode >= 0 && pc + offset > lastOfCode) {
            throw cpu.gp();
        }
        long distance = (pc - blockPc & pcMask) + offset;
        long gpa = blockGpa + distance;
        if ((gpa & -4096) != (blockGpa & -4096)) {
            if (secondPage == -1) {
                long linear = pc + offset + cpu.fetchBase() & cpu.addressMask();
                secondPage = cpu.fetchAddress(linear & -4096);
            }
            gpa = secondPage | gpa & 4095;
        }
        Region.Ram ram = cpu.ram(gpa);
        return ram != null ? Raw.getByte(ram.hva(gpa)) : (int) cpu.memory.read(gpa, 1);
    }

    // ---- emitting

    void append(MicroOp op) {
        op.pc = pc;
        op.index = count;
        if (last == null) {
            first = op;
        } else {
            last.next = op;
        }
        last = op;
    }

    private Jump jump(long target) {
        long base = cpu.fetchBase();
        boolean samePage = (target + base & -4096) == (blockPc + base & -4096) && secondPage == -1;
        return new Jump(pc, target & pcMask, samePage);
    }

    private void end(MicroOp op) {
        append(op);
        ended = true;
    }

    private void flushCompare() {
        Compare compare = pendingCompare;
        if (compare != null) {
            pendingCompare = null;
            long herePc = pc;
            int hereCount = count;
            pc = compare.pc;
            count = compare.index;
            int op = compare.test ? Alu.TEST : Alu.CMP;
            append(
                    compare.s < 0
                            ? Alu.constant(op, compare.width, compare.d, compare.value)
                            : Alu.registers(op, compare.width, compare.d, compare.s));
            pc = herePc;
            count = hereCount;
        }
    }

    private void raise(int vector) {
        end(new X86Op.Raise(vector));
    }

    // ---- operands

    private static int slot8(Insn insn, int reg) {
        return !insn.hasRex && reg >= 4 ? reg - 4 | Reg.HIGH : reg;
    }

    private int slot(Insn insn, int reg, int width) {
        return width == 1 ? slot8(insn, reg) : reg;
    }

    int defaultSegment(Insn insn) {
        if (insn.segmentPrefix >= 0) {
            return insn.segmentPrefix;
        }
        return insn.base == RSP || insn.base == RBP ? SS : DS;
    }

    /// The memory operand, with a segment check before it where limits matter.
    Ea ea(Insn insn, int width, boolean write) {
        return checked(plainEa(insn), defaultSegment(insn), width, write);
    }

    Ea plainEa(Insn insn) {
        long mask = insn.addressSize == 8 ? -1 : insn.addressSize == 4 ? 0xffff_ffffL : 0xffff;
        int base = insn.base;
        long displacement = insn.displacement;
        if (base == Insn.RIP) {
            base = -1;
            displacement += pc + insn.length;
        }
        int segment = defaultSegment(insn);
        boolean noBase = codeBits == 64 && segment < FS;
        return new Ea(
                base < 0 ? X86Cpu.ZERO : base,
                insn.index < 0 ? X86Cpu.ZERO : insn.index,
                insn.scale,
                displacement,
                mask,
                noBase ? X86Cpu.ZERO : X86Cpu.SEGMENT_BASE + segment,
                codeBits == 64 ? -1 : 0xffff_ffffL);
    }

    private Ea checked(Ea ea, int segment, int width, boolean write) {
        if ((mode & X86Cpu.flatMode(segment)) == 0) {
            append(new X86Op.SegmentCheck(ea, segment, width, write));
        }
        return ea;
    }

    private Ea offsetEa(Insn insn) {
        insn.base = -1;
        insn.index = -1;
        return plainEa(insn);
    }

    // ---- instructions

    private int width(Insn insn, Operand operand) {
        return switch (operand) {
            case Eb, Gb, Ib, Zb, AL, Ob, Mb -> 1;
            case Ew, Gw, Mw -> 2;
            case Ed, Gd, Md -> 4;
            case Eq, Mq -> 8;
            case Ey, Gy -> codeBits == 64 && insn.rexW ? 8 : 4;
            default -> insn.operandSize;
        };
    }

    private void emit(Insn insn) {
        if (insn.row == null) {
            flushCompare();
            if (insn.length == Decoder.TOO_LONG) {
                raise(GP);
            } else {
                raise(UD);
            }
            return;
        }
        if (!cpu.model.allows(insn)) {
            flushCompare();
            raise(UD);
            return;
        }
        if (insn.lock && !(insn.row.has(Row.LOCK) && insn.isMemory() && insn.hasModRm)) {
            flushCompare();
            raise(UD);
            return;
        }
        if (insn.vex && !takesVex(insn)) {
            flushCompare();
            raise(UD);
            return;
        }
        if (insn.op != Op.JCC) {
            flushCompare();
        }
        switch (insn.op) {
            case ADD, OR, ADC, SBB, AND, SUB, XOR, CMP, TEST -> alu(insn);
            case MOV -> mov(insn);
            case MOVZX, MOVSX, MOVSXD -> extend(insn);
            case LEA -> {
                if (insn.isRegister()) {
                    raise(UD);
                } else {
                    append(new Move.Lea(insn.reg, insn.operandSize, plainEa(insn)));
                }
            }
            case PUSH -> push(insn);
            case POP -> pop(insn);
            case INC -> unary(insn, Arith.INC);
            case DEC -> unary(insn, Arith.DEC);
            case NOT -> unary(insn, Arith.NOT);
            case NEG -> unary(insn, Arith.NEG);
            case ROL -> shift(insn, Arith.ROL);
            case ROR -> shift(insn, Arith.ROR);
            case RCL -> shift(insn, Arith.RCL);
            case RCR -> shift(insn, Arith.RCR);
            case SHL -> shift(insn, Arith.SHL);
            case SHR -> shift(insn, Arith.SHR);
            case SAR -> shift(insn, Arith.SAR);
            case IMUL -> imul(insn);
            case CMOVCC -> {
                int s = insn.rm;
                if (insn.isMemory()) {
                    s = X86Cpu.T0;
                    append(load(X86Cpu.T0, insn.operandSize, ea(insn, insn.operandSize, false)));
                }
                append(new Arith.ConditionalMove(insn.opcode & 15, insn.operandSize, insn.reg, s));
            }
            case SETCC -> {
                int cond = insn.opcode & 15;
                if (insn.isMemory()) {
                    Ea ea = ea(insn, 1, true);
                    append(new Arith.SetCondition(cond, X86Cpu.T0));
                    append(new Move.StoreNarrow(X86Cpu.T0, 1, ea));
                } else {
                    append(new Arith.SetCondition(cond, slot8(insn, insn.rm)));
                }
            }
            case NOP, PREFETCH, PAUSE, LFENCE, SFENCE -> append(new X86Op.Nothing());
            case CLFLUSH -> append(load(X86Cpu.T0, 1, ea(insn, 1, false)));
            case XCHG -> xchg(insn);
            case JCC -> jcc(insn);
            case JMP -> {
                if (isNowhere(branchTarget(insn))) {
                    raise(GP);
                } else {
                    end(jump(branchTarget(insn)));
                }
            }
            case JMPI -> indirect(insn, false);
            case CALL -> call(insn);
            case CALLI -> indirect(insn, true);
            case RET -> ret(insn);
            case LOOP, LOOPE, LOOPNE, JCXZ -> loop(insn);
            default -> other(insn);
        }
    }

    /// In real and virtual-8086 mode no instruction has a VEX prefix (SDM volume 2, 2.3.5).
    private boolean takesVex(Insn insn) {
        return (mode & X86Cpu.MODE_PROTECTED) != 0
                && (mode & X86Cpu.MODE_VM86) == 0
                && AvxVectors.isValid(insn);
    }

    private long branchTarget(Insn insn) {
        long target = pc + insn.length + insn.immediate;
        return codeBits == 64
                ? target
                : insn.operandSize == 2 ? target & 0xffff : target & 0xffff_ffffL;
    }

    /// Whether a near branch may not go there: beyond the code segment's limit, or not canonical.
    private boolean isNowhere(long target) {
        return codeBits == 64 ? !cpu.isCanonical(target) : lastOfCode >= 0 && target > lastOfCode;
    }

    private static int aluOp(Op op) {
        return switch (op) {
            case ADD -> Alu.ADD;
            case OR -> Alu.OR;
            case ADC -> Alu.ADC;
            case SBB -> Alu.SBB;
            case AND -> Alu.AND;
            case SUB -> Alu.SUB;
            case XOR -> Alu.XOR;
            case CMP -> Alu.CMP;
            default -> Alu.TEST;
        };
    }

    /// With one vCPU nobody can see an instruction's parts.
    private boolean isAtomic(Insn insn) {
        return insn.lock && cpu.isShared();
    }

    private void alu(Insn insn) {
        int op = aluOp(insn.op);
        Operand to = insn.row.operands().get(0);
        Operand from = insn.row.operands().get(1);
        int width = width(insn, to);
        boolean constant = from == Operand.Ib || from == Operand.Is || from == Operand.Iz;
        long value = width == 1 ? (byte) insn.immediate : insn.immediate;
        switch (to) {
            case Eb, Ev -> {
                int s = constant ? -1 : slot(insn, insn.reg, width);
                if (insn.isMemory()) {
                    Ea ea = ea(insn, width, Alu.writes(op));
                    append(new Alu.ToMemory(op, width, ea, s, value, isAtomic(insn)));
                } else {
                    registerAlu(op, width, slot(insn, insn.rm, width), s, value);
                }
            }
            case Gb, Gv -> {
                int d = slot(insn, insn.reg, width);
                if (insn.isMemory()) {
                    append(new Alu.FromMemory(op, width, d, ea(insn, width, false)));
                } else {
                    registerAlu(op, width, d, slot(insn, insn.rm, width), 0);
                }
            }
            default -> registerAlu(op, width, RAX, -1, value);
        }
    }

    private void registerAlu(int op, int width, int d, int s, long value) {
        if (!Alu.writes(op) && width >= 4) {
            pendingCompare = new Compare(op == Alu.TEST, width, d, s, value, pc, count);
        } else if (s < 0) {
            append(Alu.constant(op, width, d, value));
        } else {
            append(Alu.registers(op, width, d, s));
        }
    }

    private void jcc(Insn insn) {
        Jump fallThrough = jump(pc + insn.length);
        int cond = insn.opcode & 15;
        if (isNowhere(branchTarget(insn))) {
            flushCompare();
            end(new X86Op.JumpNowhere(cond, 0, false, fallThrough));
            return;
        }
        Compare compare = pendingCompare;
        pendingCompare = null;
        Jump taken = jump(branchTarget(insn));
        if (compare == null) {
            end(new Branch.Conditional(cond, taken, fallThrough));
        } else if (compare.s < 0) {
            end(
                    new Branch.CompareConstant(
                            compare.test,
                            compare.width,
                            compare.d,
                            compare.value,
                            cond,
                            taken,
                            fallThrough));
        } else {
            end(
                    new Branch.CompareRegisters(
                            compare.test,
                            compare.width,
                            compare.d,
                            compare.s,
                            cond,
                            taken,
                            fallThrough));
        }
    }

    MicroOp load(int d, int width, Ea ea) {
        return switch (width) {
            case 8 -> new Move.Load64(d, ea);
            case 4 -> new Move.Load32(d, ea);
            default -> new Move.LoadNarrow(d, width, ea);
        };
    }

    MicroOp store(int s, int width, Ea ea) {
        return switch (width) {
            case 8 -> new Move.Store64(s, ea);
            case 4 -> new Move.Store32(s, ea);
            default -> new Move.StoreNarrow(s, width, ea);
        };
    }

    private MicroOp copy(int d, int s, int width) {
        return switch (width) {
            case 8 -> new Move.Reg64(d, s);
            case 4 -> new Move.Reg32(d, s);
            default -> new Move.RegNarrow(d, s, width);
        };
    }

    private MicroOp constant(int d, int width, long value) {
        return width >= 4
                ? new Move.Constant(d, width == 4 ? value & 0xffff_ffffL : value)
                : new Move.ConstantNarrow(d, width, value);
    }

    private void mov(Insn insn) {
        Operand to = insn.row.operands().get(0);
        Operand from = insn.row.operands().get(1);
        int width = width(insn, to);
        switch (to) {
            case Eb, Ev -> {
                boolean constant = from == Operand.Ib || from == Operand.Iz;
                if (insn.isMemory()) {
                    Ea ea = ea(insn, width, true);
                    append(
                            constant
                                    ? new Move.StoreConstant(insn.immediate, width, ea)
                                    : store(slot(insn, insn.reg, width), width, ea));
                } else if (constant) {
                    append(constant(slot(insn, insn.rm, width), width, insn.immediate));
                } else {
                    append(copy(slot(insn, insn.rm, width), slot(insn, insn.reg, width), width));
                }
            }
            case Gb, Gv -> {
                int d = slot(insn, insn.reg, width);
                if (insn.isMemory()) {
                    append(load(d, width, ea(insn, width, false)));
                } else {
                    append(copy(d, slot(insn, insn.rm, width), width));
                }
            }
            case Zb, Zv -> {
                int reg = insn.opcode & 7 | (insn.rexB ? 8 : 0);
                append(constant(slot(insn, reg, width), width, insn.immediate));
            }
            case AL, rAX ->
                    append(
                            load(
                                    RAX,
                                    width,
                                    checked(offsetEa(insn), defaultSegment(insn), width, false)));
            default -> {
                int size = width(insn, from);
                append(store(RAX, size, checked(offsetEa(insn), defaultSegment(insn), size, true)));
            }
        }
    }

    private void extend(Insn insn) {
        boolean signed = insn.op != Op.MOVZX;
        int from = width(insn, insn.row.operands().get(1));
        int to = insn.operandSize;
        from = Math.min(from, to);
        if (insn.isMemory()) {
            Ea ea = ea(insn, from, false);
            if (from == 1 && !signed && to >= 4) {
                append(new Move.LoadByte(insn.reg, ea));
            } else {
                append(new Move.LoadExtend(insn.reg, to, from, signed, ea));
            }
        } else {
            append(new Move.Extend(insn.reg, to, slot(insn, insn.rm, from), from, signed));
        }
    }

    private void unary(Insn insn, int op) {
        Operand operand = insn.row.operands().get(0);
        int width = width(insn, operand);
        if (operand == Operand.Zv) {
            append(new Arith.Unary(op, width, insn.opcode & 7));
        } else if (insn.isMemory()) {
            append(new Arith.UnaryMemory(op, width, ea(insn, width, true), isAtomic(insn)));
        } else {
            append(new Arith.Unary(op, width, slot(insn, insn.rm, width)));
        }
    }

    private void shift(Insn insn, int op) {
        int width = width(insn, insn.row.operands().get(0));
        Operand by = insn.row.operands().get(1);
        int count = by == Operand.One ? 1 : (int) insn.immediate;
        int countSlot = by == Operand.CL ? RCX : -1;
        if (insn.isMemory()) {
            append(new Arith.Shift(op, width, -1, ea(insn, width, true), countSlot, count));
            return;
        }
        int d = slot(insn, insn.rm, width);
        int masked = count & (width == 8 ? 63 : 31);
        if (countSlot < 0 && op >= Arith.SHL && width >= 4 && masked != 0) {
            append(new Arith.ShiftConstant(op, width, d, masked));
        } else {
            append(new Arith.Shift(op, width, d, null, countSlot, count));
        }
    }

    private void imul(Insn insn) {
        if (insn.row.operands().size() == 1) {
            other(insn);
            return;
        }
        int width = insn.operandSize;
        int s = insn.rm;
        if (insn.isMemory()) {
            s = X86Cpu.T0;
            append(load(X86Cpu.T0, width, ea(insn, width, false)));
        }
        if (insn.row.operands().size() == 3) {
            append(new Arith.Multiply(width, insn.reg, s, -1, insn.immediate));
        } else {
            append(new Arith.Multiply(width, insn.reg, insn.reg, s, 0));
        }
    }

    private void xchg(Insn insn) {
        Operand to = insn.row.operands().get(0);
        int width = width(insn, to);
        if (to == Operand.Zv) {
            int reg = insn.opcode & 7 | (insn.rexB ? 8 : 0);
            if (reg == RAX) {
                append(new X86Op.Nothing());
                return;
            }
            swap(RAX, reg, width);
        } else if (insn.isRegister()) {
            swap(slot(insn, insn.rm, width), slot(insn, insn.reg, width), width);
        } else {
            append(new Atomics(Op.XCHG, width, ea(insn, width, true), slot(insn, insn.reg, width)));
        }
    }

    private void swap(int a, int b, int width) {
        append(copy(X86Cpu.T0, a, width));
        append(copy(a, b, width));
        append(copy(b, X86Cpu.T0, width));
    }

    private boolean isStack64() {
        return codeBits == 64;
    }

    private void push(Insn insn) {
        Operand operand = insn.row.operands().get(0);
        int width = insn.operandSize;
        switch (operand) {
            case Zv -> pushSlot(insn.opcode & 7 | (insn.rexB ? 8 : 0), width);
            case Ev -> {
                if (insn.isMemory()) {
                    append(load(X86Cpu.T0, width, ea(insn, width, false)));
                    pushSlot(X86Cpu.T0, width);
                } else {
                    pushSlot(insn.rm, width);
                }
            }
            case Iz, Is -> {
                append(new Move.Constant(X86Cpu.T0, insn.immediate));
                pushSlot(X86Cpu.T0, width);
            }
            default -> {
                append(new X86Op.ReadSelector(segmentOf(operand), X86Cpu.T0));
                pushSlot(X86Cpu.T0, width);
            }
        }
    }

    private void pushSlot(int s, int width) {
        if (isStack64() && width == 8) {
            append(new Stack.Push64(RSP, s));
        } else {
            append(new X86Op.Push(s, width));
        }
    }

    static int segmentOf(Operand operand) {
        return switch (operand) {
            case ES -> ES;
            case CS -> CS;
            case SS -> SS;
            case DS -> DS;
            case FS -> FS;
            default -> GS;
        };
    }

    private void pop(Insn insn) {
        Operand operand = insn.row.operands().get(0);
        int width = insn.operandSize;
        switch (operand) {
            case Zv -> {
                int d = insn.opcode & 7 | (insn.rexB ? 8 : 0);
                if (isStack64() && width == 8) {
                    append(new Stack.Pop64(RSP, d));
                } else {
                    append(new X86Op.Pop(d, width));
                }
            }
            case Ev -> {
                if (insn.isRegister()) {
                    append(
                            isStack64() && width == 8
                                    ? new Stack.Pop64(RSP, insn.rm)
                                    : new X86Op.Pop(insn.rm, width));
                } else {
                    // The address is computed with the stack pointer already raised (SDM volume 2,
                    // POP).
                    if (insn.base == RSP) {
                        insn.displacement += width;
                    }
                    append(new X86Op.PopMemory(width, ea(insn, width, true)));
                }
            }
            default -> {
                append(
                        new Transfer(
                                Op.POP,
                                width,
                                segmentOf(operand),
                                null,
                                pc + insn.length & pcMask,
                                0));
                end(new Branch.Anywhere());
            }
        }
    }

    private void call(Insn insn) {
        if (isNowhere(branchTarget(insn))) {
            raise(GP);
            return;
        }
        long back = pc + insn.length & pcMask;
        Jump to = jump(branchTarget(insn));
        if (codeBits == 64) {
            end(new Stack.Call64(RSP, back, to));
        } else {
            append(new Move.Constant(X86Cpu.T0, back));
            append(new X86Op.Push(X86Cpu.T0, insn.operandSize));
            end(to);
        }
    }

    private void ret(Insn insn) {
        int release = insn.row.operands().isEmpty() ? 0 : (int) insn.immediate;
        if (codeBits == 64) {
            end(new X86Op.Return64(release));
        } else {
            end(new X86Op.Return(insn.operandSize, release, lastOfCode));
        }
    }

    private void indirect(Insn insn, boolean call) {
        int width = insn.operandSize;
        int s = insn.rm;
        if (insn.isMemory()) {
            s = X86Cpu.T0;
            append(load(X86Cpu.T0, width, ea(insn, width, false)));
        }
        if (codeBits == 64) {
            end(new X86Op.Indirect64(s, call, pc + insn.length));
            return;
        }
        if (lastOfCode >= 0 && X86Cpu.sizeMask(width) > lastOfCode) {
            append(new X86Op.TargetCheck(s, width, lastOfCode));
        }
        if (insn.isRegister() && call && s == RSP) {
            append(new Move.Reg64(X86Cpu.T0, s));
            s = X86Cpu.T0;
        }
        if (call) {
            append(new Move.Constant(X86Cpu.T1, pc + insn.length & pcMask));
            pushSlot(X86Cpu.T1, width);
        }
        end(new Branch.Indirect(s, width == 8 ? -1 : width == 4 ? 0xffff_ffffL : 0xffff));
    }

    private void loop(Insn insn) {
        long mask = insn.addressSize == 8 ? -1 : insn.addressSize == 4 ? 0xffff_ffffL : 0xffff;
        int cond = insn.op == Op.LOOPE ? 4 : insn.op == Op.LOOPNE ? 5 : -1;
        if (isNowhere(branchTarget(insn))) {
            boolean decrements = insn.op != Op.JCXZ;
            end(new X86Op.JumpNowhere(cond, mask, decrements, jump(pc + insn.length)));
            return;
        }
        end(
                new Branch.Counter(
                        RCX,
                        mask,
                        insn.op != Op.JCXZ,
                        cond,
                        jump(branchTarget(insn)),
                        jump(pc + insn.length)));
    }

    Vectors vectors() {
        return vectors;
    }

    /// The slot of a general register's or memory's value.
    int generalSource(Insn insn, int width) {
        if (insn.isRegister()) {
            return insn.rm;
        }
        append(load(X86Cpu.T0, width, ea(insn, width, false)));
        return X86Cpu.T0;
    }

    private void bitField(Insn insn) {
        int width = insn.operandSize;
        int a = generalSource(insn, width);
        boolean toVvvv = insn.row.operands().getFirst() == Operand.By;
        int d = toVvvv ? insn.vvvv : insn.reg;
        append(new BitFields(insn.op, width, d, a, insn.vvvv, (int) insn.immediate));
    }

    /// What has a micro-op of its group.
    private void other(Insn insn) {
        Ea ea = insn.hasModRm && insn.isMemory() ? plainEa(insn) : null;
        Group group = Group.of(insn.op);
        switch (group) {
            case ARITHMETIC -> {
                int width =
                        insn.row.operands().isEmpty()
                                ? insn.operandSize
                                : width(insn, insn.row.operands().get(0));
                if (ea != null) {
                    ea(insn, width, true);
                }
                append(
                        new Integers(
                                insn.op,
                                width,
                                slot(insn, insn.reg, width),
                                slot(insn, insn.rm, width(insn, rmOperand(insn))),
                                ea,
                                insn));
            }
            case ATOMIC -> {
                int width =
                        insn.row.operands().size() < 2
                                ? insn.operandSize
                                : width(insn, insn.row.operands().get(0));
                if (ea != null) {
                    ea(insn, insn.op == Op.CMPXCHG8B ? 2 * width : width, true);
                }
                append(
                        new Atomics(
                                insn.op,
                                width,
                                ea,
                                slot(insn, insn.reg, width),
                                slot(insn, insn.rm, width),
                                insn.lock));
            }
            case STRING -> {
                append(new Strings(insn, jump(pc + insn.length)));
                if (insn.repeat != 0) {
                    end(new Branch.Anywhere());
                }
            }
            case FLAG -> append(new FlagOps(insn.op));
            case CONTROL -> control(insn, ea);
            case TRANSFER -> {
                int level = level();
                if (insn.op == Op.SYSCALL && insn.mode == 64 && cpu.program == null) {
                    end(new SystemCalls.Call(pc + insn.length, level == 3));
                } else if (insn.op == Op.SYSRET && insn.rexW) {
                    end(new SystemCalls.Return(level == 0));
                } else {
                    append(new Transfer(insn, ea, defaultSegment(insn), pc + insn.length & pcMask));
                    if (insn.op != Op.MOVFROMSEG) {
                        end(new Branch.Anywhere());
                    }
                }
            }
            case VECTOR -> {
                if (insn.vex) {
                    avxVectors.emit(insn);
                } else {
                    vectors.emit(insn);
                }
            }
            case BIT_FIELD -> bitField(insn);
            case FPU_STATE -> append(new FpuState(insn, ea, defaultSegment(insn)));
            case EXTENDED_STATE -> append(new ExtendedState(insn, ea, defaultSegment(insn)));
            case X87 -> append(new X87Ops(insn, ea, defaultSegment(insn)));
            case UNDEFINED -> raise(UD);
        }
    }

    private int level() {
        return (int) (mode >>> X86Cpu.MODE_CPL_SHIFT) & 3;
    }

    private void control(Insn insn, Ea ea) {
        boolean isKernel = codeBits == 64 && level() == 0;
        boolean mayCount = level() == 0 || (cpu.cr4 & CR4_TSD) == 0;
        Control op =
                new Control(
                        insn,
                        ea,
                        defaultSegment(insn),
                        pc + insn.length & pcMask,
                        isKernel,
                        mayCount);
        append(op);
        if (op.endsBlock()) {
            end(new Branch.Anywhere());
        } else if (insn.op == Op.STI) {
            shadowing = op;
            // Interrupts must have a chance before what may hold them off again.
            most = Math.min(most, count + 2);
        }
    }

    /// The operand that ModR/M.rm names.
    private static Operand rmOperand(Insn insn) {
        for (Operand operand : insn.row.operands()) {
            switch (operand) {
                case Eb, Ew, Ed, Eq, Ev, Ey -> {
                    return operand;
                }
                default -> {}
            }
        }
        return Operand.Ev;
    }

    /// Decodes the instruction at the CPU's PC again, or returns null if it can't be fetched any more.
    Insn decodeAgain() {
        codeBits =
                cpu.is64()
                        ? 64
                        : (cpu.modeKey() & X86Cpu.MODE_CODE) == X86Cpu.MODE_CODE32 ? 32 : 16;
        pcMask = codeBits == 64 ? -1 : 0xffff_ffffL;
        lastOfCode = -1;
        blockPc = cpu.pc;
        pc = blockPc;
        secondPage = -1;
        try {
            blockGpa = cpu.fetchAddress(pc + cpu.fetchBase() & cpu.addressMask());
            Insn insn = decoder.decode(this, codeBits);
            return insn.row == null ? null : insn;
        } catch (GuestFault _) {
            return null;
        }
    }
}
