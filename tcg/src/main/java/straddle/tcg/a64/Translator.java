package straddle.tcg.a64;

import static straddle.tcg.a64.Slots.source;
import static straddle.tcg.a64.Slots.target;
import static straddle.tcg.a64.Slots.v;

import straddle.core.user.UserStop;
import straddle.tcg.a64.Access.Mode;
import straddle.tcg.a64.Access.Writeback;
import straddle.tcg.a64.Binary.Op;
import straddle.tcg.a64.Binary.Operand;
import straddle.tcg.block.Tb;
import straddle.tcg.mmu.Raw;
import straddle.tcg.op.BlockHead;
import straddle.tcg.op.Branch;
import straddle.tcg.op.Fence;
import straddle.tcg.op.Jump;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.Move;
import straddle.tcg.user.Stop;
import straddle.tcg.user.SystemCall;

/// The A64 front end: decodes a block's instructions and makes their micro-ops, chapter by chapter of the manual.
final class Translator {
    /// A block of nothing but stores of pairs still makes a method that HotSpot compiles.
    private static final int MAX_INSNS = 32;

    private final A64Cpu cpu;
    private final Floats floats = new Floats(this);
    private final Vectors vectors = new Vectors(this);

    private long pc;
    private MicroOp first;
    private MicroOp last;
    private int count;
    private boolean ended;

    /// The comparison that the instruction before was, if a branch may take it along; else null.
    private Binary comparison;

    private Binary comparisonNow;

    /// What comes before [#comparison], or null.
    private MicroOp beforeComparison;

    Translator(A64Cpu cpu) {
        this.cpu = cpu;
    }

    Tb translate(long gpa, long mode) {
        long blockPc = cpu.pc;
        if ((blockPc & 3) != 0) {
            throw cpu.misaligned(blockPc, false);
        }
        pc = blockPc;
        first = null;
        last = null;
        count = 0;
        ended = false;
        comparison = null;
        int limit = (mode & A64Cpu.ALONE) != 0 ? 1 : MAX_INSNS;
        limit = Math.min(limit, (int) (4096 - (gpa & 4095)) / 4);
        long host = cpu.code(gpa).hva(gpa);
        while (!ended && count < limit) {
            comparisonNow = null;
            emit(Raw.getInt(host + 4L * count));
            comparison = comparisonNow;
            pc += 4;
            count++;
        }
        Tb tb = new Tb(blockPc, mode, gpa, 4 * count, count, -1);
        if (!ended) {
            append(new Jump(pc, pc, false));
        }
        BlockHead.lead(tb, first);
        return tb;
    }

    long pc() {
        return pc;
    }

    void append(MicroOp op) {
        op.pc = pc;
        op.index = count;
        if (last == null) {
            first = op;
        } else {
            last.next = op;
        }
        if (op instanceof Binary binary && isComparison(binary)) {
            comparisonNow = binary;
            beforeComparison = last;
        }
        last = op;
    }

    private void end(MicroOp op) {
        append(op);
        ended = true;
    }

    private static boolean isComparison(Binary op) {
        return op.op == Op.SUB
                && op.flags
                && op.d == Slots.SINK
                && op.change == Binary.LSL
                && op.amount == 0;
    }

    private Jump jump(long to) {
        Jump jump = new Jump(pc, to, ((to ^ pc) & -4096) == 0);
        jump.index = count;
        return jump;
    }

    /// The instruction is unallocated, or not one of this processor's.
    void undefined() {
        end(new Stop(UserStop.ILLEGAL_INSTRUCTION));
    }

    /// Whether a new translator, which has no processor, finds that an instruction is not undefined.
    boolean allocates(int word) {
        emit(word);
        return !(first instanceof Stop stop && stop.why() == UserStop.ILLEGAL_INSTRUCTION);
    }

    private void emit(int word) {
        Row row = DecodeTable.find(word);
        switch (row) {
            case null -> undefined();
            case DataImmediate each -> dataImmediate(each, word);
            case Control each -> control(each, word);
            case LoadStore each -> loadStore(each, word);
            case DataRegister each -> dataRegister(each, word);
            case ScalarFloat each -> floats.emit(each, word);
            case Simd each -> vectors.emit(each, word);
        }
    }

    // ---- fields

    static int bits(int word, int low, int width) {
        return word >>> low & (1 << width) - 1;
    }

    static int bit(int word, int number) {
        return word >>> number & 1;
    }

    static long signed(int word, int low, int width) {
        return (long) word << 64 - low - width >> 64 - width;
    }

    static int rd(int word) {
        return word & 31;
    }

    static int rn(int word) {
        return word >>> 5 & 31;
    }

    static int ra(int word) {
        return word >>> 10 & 31;
    }

    static int rm(int word) {
        return word >>> 16 & 31;
    }

    private static boolean sf(int word) {
        return word < 0;
    }

    // ---- data processing with an immediate

    private void dataImmediate(DataImmediate row, int word) {
        boolean wide = sf(word);
        int d = rd(word);
        int n = rn(word);
        long imm12 = (long) bits(word, 10, 12) << 12 * bit(word, 22);
        switch (row) {
            case ADR -> append(new Move.Constant(target(d), pc + relative(word)));
            case ADRP ->
                    append(new Move.Constant(target(d), (pc & -4096) + (relative(word) << 12)));
            case ADD -> append(Binary.of(Op.ADD, false, wide, d, n, Operand.constant(imm12)));
            case ADDS ->
                    append(Binary.of(Op.ADD, true, wide, target(d), n, Operand.constant(imm12)));
            case SUB -> append(Binary.of(Op.SUB, false, wide, d, n, Operand.constant(imm12)));
            case SUBS ->
                    append(Binary.of(Op.SUB, true, wide, target(d), n, Operand.constant(imm12)));
            case AND -> logicImmediate(Op.AND, false, word);
            case ORR -> logicImmediate(Op.ORR, false, word);
            case EOR -> logicImmediate(Op.EOR, false, word);
            case ANDS -> logicImmediate(Op.AND, true, word);
            case MOVN, MOVZ, MOVK -> moveWide(row, wide, word);
            case SBFM, BFM, UBFM -> bitfield(row, wide, word);
            case EXTR -> extract(wide, word);
        }
    }

    private static long relative(int word) {
        return signed(word, 5, 19) << 2 | bits(word, 29, 2);
    }

    private void logicImmediate(Op op, boolean flags, int word) {
        boolean wide = sf(word);
        long mask = BitMasks.decode(bits(word, 22, 1), bits(word, 10, 6), bits(word, 16, 6), wide);
        if (mask == 0) {
            undefined();
            return;
        }
        int d = flags ? target(rd(word)) : rd(word);
        int n = source(rn(word));
        if (op == Op.ORR && n == Slots.ZERO) {
            append(new Move.Constant(d, wide ? mask : mask & 0xffff_ffffL));
        } else {
            append(Binary.of(op, flags, wide, d, n, Operand.constant(mask)));
        }
    }

    private void moveWide(DataImmediate row, boolean wide, int word) {
        int shift = 16 * bits(word, 21, 2);
        if (!wide && shift >= 32) {
            undefined();
            return;
        }
        int d = target(rd(word));
        long value = (long) bits(word, 5, 16) << shift;
        switch (row) {
            case MOVZ -> append(new Move.Constant(d, value));
            case MOVN -> append(new Move.Constant(d, wide ? ~value : ~value & 0xffff_ffffL));
            default -> {
                long kept = ~(0xffffL << shift);
                append(new Integers.InsertConstant(d, wide ? kept : kept & 0xffff_ffffL, value));
            }
        }
    }

    private void bitfield(DataImmediate row, boolean wide, int word) {
        int width = wide ? 64 : 32;
        int immr = bits(word, 16, 6);
        int imms = bits(word, 10, 6);
        if (bit(word, 22) != bit(word, 31) || immr >= width || imms >= width) {
            undefined();
            return;
        }
        int d = target(rd(word));
        int n = source(rn(word));
        int left = 63 - imms;
        int right = imms >= immr ? left + immr : left - (width - immr);
        if (row == DataImmediate.BFM) {
            long field =
                    imms >= immr ? -1L >>> 63 - (imms - immr) : -1L >>> 63 - imms << width - immr;
            append(new Integers.InsertField(wide, d, n, left, right, field));
        } else {
            append(new Integers.Field(row == DataImmediate.SBFM, wide, d, n, left, right));
        }
    }

    private void extract(boolean wide, int word) {
        int low = bits(word, 10, 6);
        if (bit(word, 22) != bit(word, 31) || !wide && low >= 32) {
            undefined();
            return;
        }
        int d = target(rd(word));
        int m = source(rm(word));
        if (low == 0) {
            append(wide ? new Move.Reg64(d, m) : new Move.Reg32(d, m));
        } else {
            append(new Integers.Extract(wide, d, source(rn(word)), m, low));
        }
    }

    // ---- branches, exceptions and system instructions

    private void control(Control row, int word) {
        switch (row) {
            case B_COND -> conditional(word);
            case SVC -> end(new SystemCall(pc + 4));
            case HVC, SMC, HLT, DCPS1, DCPS2, DCPS3, ERET, DRPS, MSR_IMMEDIATE -> undefined();
            case BRK -> end(new Stop(UserStop.BREAK_INSTRUCTION));
            case HINT -> {
                if (bits(word, 5, 7) == SystemOps.YIELD) {
                    append(new SystemOps.Yield());
                }
            }
            case CLREX -> append(new Synchronization.Clear());
            case DSB, DMB -> append(new Fence());
            case ISB -> end(jump(pc + 4));
            case SYS, SYSL, MSR, MRS -> system(row, word);
            case BR -> end(new Branches.Indirect(source(rn(word)), 0, false));
            case BLR -> end(new Branches.Indirect(source(rn(word)), pc + 4, false));
            case RET -> end(new Branches.Indirect(source(rn(word)), 0, true));
            case B -> end(jump(pc + 4 * signed(word, 0, 26)));
            case BL -> end(new Branches.Call(pc + 4, jump(pc + 4 * signed(word, 0, 26))));
            case CBZ, CBNZ -> {
                long mask = sf(word) ? -1 : 0xffff_ffffL;
                testBranch(word, mask, row == Control.CBZ, signed(word, 5, 19));
            }
            case TBZ, TBNZ -> {
                long mask = 1L << (bit(word, 31) << 5 | bits(word, 19, 5));
                testBranch(word, mask, row == Control.TBZ, signed(word, 5, 14));
            }
        }
    }

    private void testBranch(int word, long mask, boolean ifZero, long distance) {
        end(
                new Branches.TestBranch(
                        source(rd(word)), mask, ifZero, jump(pc + 4 * distance), jump(pc + 4)));
    }

    private void conditional(int word) {
        int cond = Conditions.of(bits(word, 0, 4));
        Jump taken = jump(pc + 4 * signed(word, 5, 19));
        if (cond < 0) {
            end(taken);
            return;
        }
        Jump fallThrough = jump(pc + 4);
        if (comparison != null) {
            Binary compare = comparison;
            last = beforeComparison;
            if (last == null) {
                first = null;
            }
            MicroOp both = new Branches.CompareBranch(compare, cond, taken, fallThrough);
            end(both);
            both.pc = compare.pc;
            both.index = compare.index;
        } else {
            end(new Branch.Conditional(cond, taken, fallThrough));
        }
    }

    private void system(Control row, int word) {
        MicroOp op = SystemOps.of(row, word, pc);
        if (op == null) {
            undefined();
        } else if (op != SystemOps.NOTHING) {
            append(op);
        }
    }

    // ---- data processing on registers

    private void dataRegister(DataRegister row, int word) {
        boolean wide = sf(word);
        int d = target(rd(word));
        int n = source(rn(word));
        int m = source(rm(word));
        switch (row) {
            case UDIV, SDIV, LSLV, LSRV, ASRV, RORV ->
                    append(new Integers.Function(row, wide, d, n, m));
            case CRC32B, CRC32H, CRC32W, CRC32X, CRC32CB, CRC32CH, CRC32CW, CRC32CX ->
                    append(new Integers.Crc(bit(word, 12) != 0, 1 << bits(word, 10, 2), d, n, m));
            case RBIT, REV16, REV_32, REV32, REV, CLZ, CLS ->
                    append(new Integers.Function(row, wide, d, n, Slots.ZERO));
            case AND_SHIFTED -> logicShifted(Op.AND, false, word);
            case BIC_SHIFTED -> logicShifted(Op.BIC, false, word);
            case ORR_SHIFTED -> logicShifted(Op.ORR, false, word);
            case ORN_SHIFTED -> logicShifted(Op.ORN, false, word);
            case EOR_SHIFTED -> logicShifted(Op.EOR, false, word);
            case EON_SHIFTED -> logicShifted(Op.EON, false, word);
            case ANDS_SHIFTED -> logicShifted(Op.AND, true, word);
            case BICS_SHIFTED -> logicShifted(Op.BIC, true, word);
            case ADD_SHIFTED -> addShifted(Op.ADD, false, word);
            case ADDS_SHIFTED -> addShifted(Op.ADD, true, word);
            case SUB_SHIFTED -> addShifted(Op.SUB, false, word);
            case SUBS_SHIFTED -> addShifted(Op.SUB, true, word);
            case ADD_EXTENDED -> addExtended(Op.ADD, false, word);
            case ADDS_EXTENDED -> addExtended(Op.ADD, true, word);
            case SUB_EXTENDED -> addExtended(Op.SUB, false, word);
            case SUBS_EXTENDED -> addExtended(Op.SUB, true, word);
            case ADC -> append(Binary.of(Op.ADC, false, wide, d, n, Operand.register(m)));
            case ADCS -> append(Binary.of(Op.ADC, true, wide, d, n, Operand.register(m)));
            case SBC -> append(Binary.of(Op.SBC, false, wide, d, n, Operand.register(m)));
            case SBCS -> append(Binary.of(Op.SBC, true, wide, d, n, Operand.register(m)));
            case CCMN_REGISTER, CCMP_REGISTER -> conditionalCompare(word, m, 0);
            case CCMN_IMMEDIATE, CCMP_IMMEDIATE -> conditionalCompare(word, -1, rm(word));
            case CSEL, CSINC, CSINV, CSNEG ->
                    append(
                            new Integers.Select(
                                    row, wide, Conditions.of(bits(word, 12, 4)), d, n, m));
            case MADD, MSUB, SMADDL, SMSUBL, SMULH, UMADDL, UMSUBL, UMULH ->
                    append(new Integers.Multiply(row, wide, d, n, m, source(ra(word))));
        }
    }

    private void logicShifted(Op op, boolean flags, int word) {
        boolean wide = sf(word);
        int amount = bits(word, 10, 6);
        if (!wide && amount >= 32) {
            undefined();
            return;
        }
        int d = target(rd(word));
        int n = source(rn(word));
        int m = source(rm(word));
        int shift = bits(word, 22, 2);
        if (op == Op.ORR && !flags && n == Slots.ZERO && shift == 0 && amount == 0) {
            append(wide ? new Move.Reg64(d, m) : new Move.Reg32(d, m));
        } else {
            append(Binary.of(op, flags, wide, d, n, new Operand(m, shift, amount, 0)));
        }
    }

    private void addShifted(Op op, boolean flags, int word) {
        boolean wide = sf(word);
        int amount = bits(word, 10, 6);
        int shift = bits(word, 22, 2);
        if (shift == Binary.ROR || !wide && amount >= 32) {
            undefined();
            return;
        }
        Operand operand = new Operand(source(rm(word)), shift, amount, 0);
        append(Binary.of(op, flags, wide, target(rd(word)), source(rn(word)), operand));
    }

    private void addExtended(Op op, boolean flags, int word) {
        int amount = bits(word, 10, 3);
        if (amount > 4) {
            undefined();
            return;
        }
        int option = bits(word, 13, 3);
        int m = source(rm(word));
        Operand operand =
                (option & 3) == 3 // UXTX, SXTX: all of it
                        ? new Operand(m, Binary.LSL, amount, 0)
                        : new Operand(m, Binary.UXTB + option, amount, 0);
        int d = flags ? target(rd(word)) : rd(word);
        append(Binary.of(op, flags, sf(word), d, rn(word), operand));
    }

    private void conditionalCompare(int word, int m, long value) {
        append(
                new Integers.ConditionalCompare(
                        bit(word, 30) == 0,
                        sf(word),
                        Conditions.of(bits(word, 12, 4)),
                        source(rn(word)),
                        m,
                        value,
                        bits(word, 0, 4)));
    }

    // ---- loads and stores

    private void loadStore(LoadStore row, int word) {
        switch (row) {
            case ST_MULTIPLE,
                    LD_MULTIPLE,
                    ST_MULTIPLE_POST,
                    LD_MULTIPLE_POST,
                    ST_SINGLE,
                    LD_SINGLE,
                    ST_SINGLE_POST,
                    LD_SINGLE_POST -> {
                MicroOp op = Structures.of(row, word);
                if (op == null) {
                    undefined();
                } else {
                    append(op);
                }
            }
            case STXR, STLXR, STXP, STLXP, LDXR, LDAXR, LDXP, LDAXP -> exclusive(row, word);
            case STLR ->
                    append(
                            new Synchronization.StoreRelease(
                                    1 << bits(word, 30, 2), source(rd(word)), rn(word)));
            case LDAR ->
                    append(
                            new Synchronization.LoadAcquire(
                                    bits(word, 30, 2), target(rd(word)), rn(word)));
            case LDR_LITERAL -> literal(bit(word, 30) == 0 ? Access.U32 : Access.U64, word);
            case LDRSW_LITERAL -> literal(Access.S32, word);
            case PRFM_LITERAL, PRFM_UNSCALED, PRFM_UNSIGNED -> {}
            case PRFM_REGISTER -> {
                if (bit(word, 14) == 0) {
                    undefined();
                }
            }
            case LDR_SIMD_LITERAL -> {
                int opc = bits(word, 30, 2);
                if (opc == 3) {
                    undefined();
                } else {
                    append(new Access.LoadVector(4 << opc, v(rd(word)), literalMode(word)));
                }
            }
            case STNP, STP, STP_POST, STP_PRE -> {
                int width = sf(word) ? 8 : 4;
                append(
                        new Access.StorePair(
                                width, source(rd(word)), source(ra(word)), pairMode(word, width)));
            }
            case LDNP, LDP, LDP_POST, LDP_PRE -> {
                int kind = sf(word) ? Access.U64 : Access.U32;
                append(
                        new Access.LoadPair(
                                kind,
                                target(rd(word)),
                                target(ra(word)),
                                pairMode(word, Access.width(kind))));
            }
            case LDPSW, LDPSW_POST, LDPSW_PRE ->
                    append(
                            new Access.LoadPair(
                                    Access.S32,
                                    target(rd(word)),
                                    target(ra(word)),
                                    pairMode(word, 4)));
            case STNP_SIMD,
                    STP_SIMD,
                    STP_SIMD_POST,
                    STP_SIMD_PRE,
                    LDNP_SIMD,
                    LDP_SIMD,
                    LDP_SIMD_POST,
                    LDP_SIMD_PRE ->
                    pairVectors(word);
            case STR_UNSCALED, STR_POST, STR_UNPRIVILEGED, STR_PRE, STR_REGISTER, STR_UNSIGNED -> {
                int log = bits(word, 30, 2);
                Mode mode = mode(word, log);
                if (mode != null) {
                    append(Access.store(1 << log, source(rd(word)), mode));
                }
            }
            case LDR_UNSCALED, LDR_POST, LDR_UNPRIVILEGED, LDR_PRE, LDR_REGISTER, LDR_UNSIGNED ->
                    load(bits(word, 30, 2), word);
            case LDRSB_UNSCALED,
                    LDRSB_POST,
                    LDRSB_UNPRIVILEGED,
                    LDRSB_PRE,
                    LDRSB_REGISTER,
                    LDRSB_UNSIGNED ->
                    load(Access.S8, word);
            case LDRSH_UNSCALED,
                    LDRSH_POST,
                    LDRSH_UNPRIVILEGED,
                    LDRSH_PRE,
                    LDRSH_REGISTER,
                    LDRSH_UNSIGNED ->
                    load(Access.S16, word);
            case LDRSW_UNSCALED,
                    LDRSW_POST,
                    LDRSW_UNPRIVILEGED,
                    LDRSW_PRE,
                    LDRSW_REGISTER,
                    LDRSW_UNSIGNED ->
                    load(Access.S32, word);
            case LDRSB_32_UNSCALED,
                    LDRSB_32_POST,
                    LDRSB_32_UNPRIVILEGED,
                    LDRSB_32_PRE,
                    LDRSB_32_REGISTER,
                    LDRSB_32_UNSIGNED ->
                    load(Access.S8_32, word);
            case LDRSH_32_UNSCALED,
                    LDRSH_32_POST,
                    LDRSH_32_UNPRIVILEGED,
                    LDRSH_32_PRE,
                    LDRSH_32_REGISTER,
                    LDRSH_32_UNSIGNED ->
                    load(Access.S16_32, word);
            case STR_SIMD_UNSCALED,
                    STR_SIMD_POST,
                    STR_SIMD_PRE,
                    STR_SIMD_REGISTER,
                    STR_SIMD_UNSIGNED ->
                    vector(true, bits(word, 30, 2), word);
            case LDR_SIMD_UNSCALED,
                    LDR_SIMD_POST,
                    LDR_SIMD_PRE,
                    LDR_SIMD_REGISTER,
                    LDR_SIMD_UNSIGNED ->
                    vector(false, bits(word, 30, 2), word);
            case STR_SIMD_128_UNSCALED,
                    STR_SIMD_128_POST,
                    STR_SIMD_128_PRE,
                    STR_SIMD_128_REGISTER,
                    STR_SIMD_128_UNSIGNED ->
                    vector(true, 4, word);
            case LDR_SIMD_128_UNSCALED,
                    LDR_SIMD_128_POST,
                    LDR_SIMD_128_PRE,
                    LDR_SIMD_128_REGISTER,
                    LDR_SIMD_128_UNSIGNED ->
                    vector(false, 4, word);
        }
    }

    private void load(int kind, int word) {
        Mode mode = mode(word, kind & 3);
        if (mode != null) {
            append(Access.load(kind, target(rd(word)), mode));
        }
    }

    private void vector(boolean store, int log, int word) {
        Mode mode = mode(word, log);
        if (mode != null) {
            int t = v(rd(word));
            append(
                    store
                            ? new Access.StoreVector(1 << log, t, mode)
                            : new Access.LoadVector(1 << log, t, mode));
        }
    }

    /// The addressing mode of a single-register access, or null after having ended the block as undefined.
    ///
    /// @param log the access's size: 0 for a byte to 4 for 16 bytes
    private Mode mode(int word, int log) {
        int base = rn(word);
        if (bit(word, 24) != 0) {
            return Mode.offset(base, (long) bits(word, 10, 12) << log);
        }
        if (bit(word, 21) == 0) {
            Writeback writeback =
                    switch (bits(word, 10, 2)) {
                        case 1 -> Writeback.POST;
                        case 3 -> Writeback.PRE;
                        default -> Writeback.NONE;
                    };
            return new Mode(base, Slots.ZERO, 3, 0, signed(word, 12, 9), writeback);
        }
        int option = bits(word, 13, 3);
        if ((option & 2) == 0) {
            undefined();
            return null;
        }
        int shift = bit(word, 12) != 0 ? log : 0;
        return new Mode(base, source(rm(word)), option, shift, 0, Writeback.NONE);
    }

    private Mode literalMode(int word) {
        return Mode.offset(Slots.ZERO, pc + 4 * signed(word, 5, 19));
    }

    private void literal(int kind, int word) {
        append(Access.load(kind, target(rd(word)), literalMode(word)));
    }

    private static Mode pairMode(int word, int width) {
        Writeback writeback =
                switch (bits(word, 23, 2)) {
                    case 1 -> Writeback.POST;
                    case 3 -> Writeback.PRE;
                    default -> Writeback.NONE;
                };
        return new Mode(rn(word), Slots.ZERO, 3, 0, width * signed(word, 15, 7), writeback);
    }

    private void pairVectors(int word) {
        int opc = bits(word, 30, 2);
        if (opc == 3) {
            undefined();
            return;
        }
        boolean load = bit(word, 22) != 0;
        Mode mode = pairMode(word, 4 << opc);
        int t = v(rd(word));
        int t2 = v(ra(word));
        if (opc == 2) {
            append(load ? new Access.LoadQuads(t, t2, mode) : new Access.StoreQuads(t, t2, mode));
        } else if (load) {
            append(new Access.LoadPair(opc == 0 ? Access.U32 : Access.U64, t, t2, mode));
        } else {
            append(new Access.StorePair(4 << opc, t, t2, mode));
        }
    }

    private void exclusive(LoadStore row, int word) {
        int log = bits(word, 30, 2);
        boolean acquire = bit(word, 15) != 0;
        int t = rd(word);
        int t2 = ra(word);
        int n = rn(word);
        switch (row) {
            case LDXR, LDAXR ->
                    append(
                            new Synchronization.LoadExclusive(
                                    acquire, false, 1 << log, target(t), Slots.SINK, n));
            case LDXP, LDAXP ->
                    append(
                            new Synchronization.LoadExclusive(
                                    acquire, true, 1 << log, target(t), target(t2), n));
            case STXR, STLXR ->
                    append(
                            new Synchronization.StoreExclusive(
                                    false, 1 << log, target(rm(word)), source(t), Slots.ZERO, n));
            default ->
                    append(
                            new Synchronization.StoreExclusive(
                                    true, 1 << log, target(rm(word)), source(t), source(t2), n));
        }
    }
}
