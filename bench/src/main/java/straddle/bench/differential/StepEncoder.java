package straddle.bench.differential;

import static straddle.core.arch.x86.X86.*;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import straddle.bench.differential.InstructionTable.Cell;
import straddle.bench.differential.InstructionTable.Form;
import straddle.bench.differential.InstructionTable.Operand;
import straddle.bench.differential.InstructionTable.Prefix;
import straddle.bench.differential.InstructionTable.Row;
import straddle.bench.differential.InstructionTable.Vex;
import straddle.bench.differential.TestCase.Step;

/// Encodes one instruction of a cell with operands of its choice, what prepares them, and what makes
/// its undefined flags equal everywhere.
final class StepEncoder {
    /// Vectors at the start of the read-only page; extended-precision numbers follow.
    static final int POOL_VECTORS = 192;

    /// The last of them have indices for gathers: first of 4, then of 8 bytes.
    private static final int INDEX_VECTORS = 16;

    static final long FLAGS_LOG = UserSandbox.LOG + 0x10;
    static final long ROUNDS_LEFT = UserSandbox.LOG;

    private static final int FLAG_NOTES = 256;
    private static final long MARKERS = UserSandbox.LOG + 0x900;
    private static final int NO_REGISTER = -1;

    private final CodeBuffer code;
    private long fsBase;
    private long gsBase;
    private boolean basesChanged;
    private int notes;

    // The instruction in the making.
    private SplittableRandom random;
    private Cell cell;
    private Row row;
    private boolean hostile;
    private int avoid;
    private int registers;
    private boolean forceRex;
    private int count;
    private long target;

    // ModRM and what follows it.
    private int reg;
    private int mod;
    private int rm;
    private int base;
    private int index;
    private int scale;
    private long displacement;
    private int displacementBytes;
    private boolean ripRelative;
    private long ripTarget;
    private boolean needsSib;
    private long address;

    // VEX's and an immediate's registers.
    private int vvvv;
    private int fourth;
    private int vectorIndex;

    StepEncoder(CodeBuffer code, long fsBase, long gsBase) {
        this.code = code;
        this.fsBase = fsBase;
        this.gsBase = gsBase;
    }

    /// Fills the pool's last vectors with small indices.
    static void fillIndices(SplittableRandom random, ByteBuffer pool) {
        int at = UserSandbox.READ_ONLY_OFFSET + 16 * (POOL_VECTORS - INDEX_VECTORS);
        for (int i = 0; i < 8 * INDEX_VECTORS; i += 4) {
            pool.putInt(at + i, random.nextInt(-120, 120));
        }
        for (int i = 8 * INDEX_VECTORS; i < 16 * INDEX_VECTORS; i += 8) {
            pool.putLong(at + i, random.nextInt(-120, 120));
        }
    }

    /// Whether an instruction so far changed FS's or GS's base.
    boolean changesBases() {
        return basesChanged;
    }

    /// Appends a step.
    ///
    /// @param hostile whether it may fault
    Step step(Cell of, long seed, boolean hostile) {
        int start = code.size();
        int notesBefore = notes;
        long fs = fsBase;
        long gs = gsBase;
        encode(of, seed, hostile, 0);
        // A branch's target is known once the branch has been laid out.
        long landing = target;
        code.cutTo(start);
        notes = notesBefore;
        fsBase = fs;
        gsBase = gs;
        int instruction = encode(of, seed, hostile, landing);
        int undefined = row.undefined().mask(operandBytes(), count);
        if (undefined != 0) {
            code.clearFlags(undefined);
        }
        if (random.nextInt(5) < 2) {
            code.noteFlags(FLAGS_LOG + 8 + 8L * (notes++ % FLAG_NOTES));
        }
        return new Step(start, code.size() - start, instruction, of, undefined);
    }

    private int operandBytes() {
        return cell.size() == 0 ? 1 : cell.size();
    }

    private int encode(Cell of, long seed, boolean mayFault, long landing) {
        random = new SplittableRandom(seed);
        cell = of;
        row = of.row();
        hostile = mayFault && !row.is("friendly");
        target = landing;
        count = 1;
        reg = row.extension() >= 0 ? row.extension() : 0;
        chooseRegisters();
        avoid = avoided();
        Operand rmOperand = row.rm();
        if (row.extension() < 0 && row.hasModRm()) {
            reg = chooseReg();
        }
        chooseVexRegisters();
        mod = 3;
        needsSib = false;
        ripRelative = false;
        displacementBytes = 0;
        base = NO_REGISTER;
        index = NO_REGISTER;
        rm = 0;
        if (of.form() == Form.REGISTER) {
            rm = chooseRm(rmOperand);
        } else if (row.registerInOpcode()) {
            rm = chooseInOpcode();
        }
        prepareOperands();
        if (of.form() == Form.MEMORY) {
            placeMemory(rmOperand);
        }
        prepareImplied();
        int instruction = code.size();
        assemble();
        landBranch();
        return instruction;
    }

    private void chooseRegisters() {
        boolean bytes =
                row.operands().stream()
                        .anyMatch(each -> each.letter() == 'b' && "EGZ".indexOf(each.kind()) >= 0);
        boolean extended = !bytes || random.nextBoolean();
        registers = extended ? 16 : 8;
        forceRex = bytes && extended;
    }

    private boolean isByte(Operand operand) {
        return operand.letter() == 'b' && "EGZ".indexOf(operand.kind()) >= 0;
    }

    /// Registers that what prepares the instruction gives a value, as a bit set.
    private int avoided() {
        return switch (row.setup()) {
            case "div", "idiv" -> 1 << RAX | 1 << RDX;
            case "cl", "loop" -> 1 << RCX;
            case "cmpxchg" -> 1 << RAX;
            case "cmpxchg8b" -> 1 << RAX | 1 << RDX | 1 << RBX | 1 << RCX;
            case "string" -> 1 << RSI | 1 << RDI | 1 << RCX | 1 << RAX;
            default -> 0;
        };
    }

    private int chooseReg() {
        for (int i = 0; i < row.operands().size(); i++) {
            Operand each = row.operands().get(i);
            switch (each.kind()) {
                case 'G' -> {
                    return general(i == 0 && !row.is("reads") || row.is("both"), isByte(each), 0);
                }
                case 'V' -> {
                    return random.nextInt(16);
                }
                case 'P' -> {
                    return random.nextInt(8);
                }
                case 'S' -> {
                    return random.nextInt(6);
                }
                default -> {}
            }
        }
        return 0;
    }

    private void chooseVexRegisters() {
        vvvv = 0;
        vectorIndex = NO_REGISTER;
        fourth = random.nextInt(16);
        for (Operand each : row.operands()) {
            if (each.kind() == 'H') {
                vvvv = random.nextInt(4) == 0 ? reg : random.nextInt(16);
            } else if (each.kind() == 'B') {
                vvvv = general(true, false, 0);
            }
        }
        if (row.setup().equals("gather")) {
            boolean any = hostile && random.nextInt(8) == 0;
            vvvv = any ? vvvv : reg + 1 + random.nextInt(15) & 15;
            do {
                vectorIndex = random.nextInt(16);
            } while (!any && (vectorIndex == reg || vectorIndex == vvvv));
        }
    }

    private int chooseRm(Operand operand) {
        return switch (operand.kind()) {
            case 'W', 'U' -> {
                int near = random.nextInt(2) == 0 ? reg : vvvv;
                boolean same = row.vex() != null && random.nextInt(4) == 0;
                yield same ? near : random.nextInt(16);
            }
            case 'Q', 'N' -> random.nextInt(8);
            default -> {
                boolean written = row.operands().getFirst().isRm() && !row.is("reads");
                yield general(
                        written || row.setup().equals("target"),
                        isByte(operand),
                        withoutForDivision());
            }
        };
    }

    /// What a divisor can't be if the quotient is to fit.
    private int withoutForDivision() {
        boolean divides = row.setup().equals("div") || row.setup().equals("idiv");
        return divides && !hostile ? 0x55 | avoid : 0;
    }

    private int chooseInOpcode() {
        Operand operand = row.operands().getFirst();
        if (operand.kind() != 'Z') {
            return random.nextInt(8);
        }
        boolean written = !row.mnemonic().equals("PUSH");
        return general(written, isByte(operand), row.is("not0") ? 1 : 0);
    }

    /// A general register; RSP is written to only where the case ends anyway.
    private int general(boolean written, boolean asByte, int not) {
        boolean high = asByte && registers == 8;
        int without = not | (written && !hostile && !high ? 1 << RSP : 0);
        int chosen = random.nextInt(registers);
        while ((without >>> chosen & 1) != 0) {
            chosen = random.nextInt(registers);
        }
        return chosen;
    }

    /// Loads operand registers with edge values, half of the time.
    private void prepareOperands() {
        for (Operand each : row.operands()) {
            boolean inRm = each.isRm();
            if (inRm && cell.form() != Form.REGISTER || random.nextBoolean()) {
                continue;
            }
            int register = inRm || each.kind() == 'Z' ? rm : reg;
            switch (each.kind()) {
                case 'E', 'G', 'R', 'Z' -> loadGeneral(each, register);
                case 'B' -> loadGeneral(each, vvvv);
                case 'H' -> loadYmm(vvvv, poolPair());
                case 'L' -> loadYmm(fourth, poolPair());
                case 'V', 'U', 'W' -> {
                    if (row.vex() == null) {
                        loadXmm(register);
                    } else {
                        loadYmm(register, poolPair());
                    }
                }
                case 'P', 'N', 'Q' -> loadMmx(register);
                default -> {}
            }
        }
        if (row.group().equals("x87") && random.nextInt(3) != 0) {
            loadX87();
        }
    }

    private void loadGeneral(Operand operand, int register) {
        int whole = isByte(operand) && registers == 8 ? register & 3 : register;
        if (whole != RSP) {
            code.loadImmediate(whole, EdgeValues.integer(random));
        }
    }

    /// `movups xmm, [pool]`.
    private void loadXmm(int register) {
        if (register >= 8) {
            code.emit(0x44);
        }
        code.emit(0x0f, 0x10, 0x04 | (register & 7) << 3, 0x25);
        code.emitValue(poolVector(), 4);
    }

    /// `vmovups ymm, [address]`.
    private void loadYmm(int register, long from) {
        code.emit(0xc5, register >= 8 ? 0x7c : 0xfc, 0x10, 0x04 | (register & 7) << 3, 0x25);
        code.emitValue(from, 4);
    }

    private long poolPair() {
        return UserSandbox.READ_ONLY + 16L * random.nextInt(POOL_VECTORS - 1);
    }

    /// `movq mm, [pool]`.
    private void loadMmx(int register) {
        code.emit(0x0f, 0x6f, 0x04 | (register & 7) << 3, 0x25);
        code.emitValue(poolVector(), 4);
    }

    private long poolVector() {
        return UserSandbox.READ_ONLY + 16L * random.nextInt(POOL_VECTORS);
    }

    /// `ffree st7; fld [pool]`, once or twice.
    private void loadX87() {
        for (int i = random.nextInt(2); i >= 0; i--) {
            code.emit(0xdd, 0xc7, 0xdb, 0x2c, 0x25);
            code.emitValue(
                    UserSandbox.READ_ONLY
                            + 16L * (POOL_VECTORS + random.nextInt(256 - POOL_VECTORS)),
                    4);
        }
    }

    // ---- memory operands

    private void placeMemory(Operand operand) {
        int bytes = Math.max(1, operand.memoryBytes(operandBytes()));
        if (operand.letter() == '\0' && operand.bytes() == 0) {
            bytes = 1;
        }
        boolean plain = cell.prefix() == Prefix.NONE && row.setup().isEmpty() && !operand.aligned();
        if (plain && !hostile && bytes <= 8 && random.nextInt(16) == 0) {
            placeOnStack();
            return;
        }
        if (plain && !hostile && random.nextInt(16) == 0) {
            placeAcrossPages();
            return;
        }
        boolean bad =
                hostile && random.nextInt(4) != 0 || row.is("nofault") && random.nextBoolean();
        address = bad ? hostileAddress(bytes) : friendlyAddress(operand, bytes);
        if (row.is("nofault") && row.mnemonic().equals("LEA")) {
            address = random.nextLong();
        }
        if (row.mnemonic().equals("LEA") && cell.prefix() == Prefix.NONE) {
            address = random.nextInt(3) == 0 ? random.nextLong() : address;
        }
        if (row.is("neat")) {
            address &= -16;
        }
        prepareInMemory(bytes);
        if (row.setup().equals("gather")) {
            placeGather(address - segmentBase());
        } else {
            place(address - segmentBase());
        }
    }

    /// A base with a vector of indices, which are small but where they may be anything.
    private void placeGather(long offset) {
        boolean short32 = cell.prefix() == Prefix.ADDRESS_32;
        long wanted = short32 ? offset & 0xffff_ffffL : offset;
        boolean anyIndex = hostile && random.nextInt(3) == 0;
        int first = POOL_VECTORS - INDEX_VECTORS + (row.is("quads") ? INDEX_VECTORS / 2 : 0);
        long from = UserSandbox.READ_ONLY + 16L * (first + random.nextInt(INDEX_VECTORS / 2 - 1));
        loadYmm(vectorIndex, anyIndex ? poolPair() : from);
        needsSib = true;
        scale = random.nextInt(4);
        base = addressRegister(NO_REGISTER);
        chooseDisplacement();
        code.loadImmediate(base, dirtied(wanted - displacement, short32));
    }

    /// `[rsp + disp8]`: somewhere in the stack.
    private void placeOnStack() {
        mod = 1;
        base = RSP;
        needsSib = true;
        displacement = random.nextInt(128) - 64L;
        displacementBytes = 1;
        address = 0;
    }

    /// `[base + disp32]`, where the base is the number of rounds to come: from the second data page each round a byte
    /// further down, over the border to the first.
    private void placeAcrossPages() {
        base = addressRegister(NO_REGISTER);
        rm = base;
        needsSib = (base & 7) == RSP;
        mod = 2;
        displacement = UserSandbox.DATA + 0x1000 - 1 - random.nextInt(Generator.ROUNDS);
        displacementBytes = 4;
        address = 0;
        code.emit(0x40 | base >> 3 << 2, 0x0f, 0xb6, 0x04 | (base & 7) << 3, 0x25); // movzx
        code.emitValue(ROUNDS_LEFT, 4);
    }

    private long segmentBase() {
        return switch (cell.prefix()) {
            case FS -> fsBase;
            case GS -> gsBase;
            default -> 0;
        };
    }

    private long friendlyAddress(Operand operand, int bytes) {
        long page = dataPages();
        if (row.setup().equals("bit")) {
            return page + 0x800 + random.nextInt(0x100) * 8L;
        }
        if (row.setup().equals("gather")) {
            return UserSandbox.DATA + 0x800 + random.nextInt(0x1000);
        }
        boolean locked = cell.prefix() == Prefix.LOCK || row.mnemonic().equals("XCHG");
        int choice = random.nextInt(10);
        if (operand.aligned() || row.setup().equals("cmpxchg8b")) {
            int step = Math.max(16, bytes);
            return page + random.nextInt(0x2000 / step) * (long) step;
        }
        if (choice < 6 || locked) {
            int step = Integer.highestOneBit(bytes);
            return page + random.nextInt(0x2000 / step - 16) * (long) step;
        }
        if (choice == 6 && bytes > 1) {
            return page + 0x1000 - 1 - random.nextInt(bytes - 1);
        }
        return page + random.nextInt(0x2000 - bytes + 1);
    }

    private long dataPages() {
        // With FS or GS, a base below 0 would need an offset that is not canonical by itself.
        boolean based = cell.prefix() == Prefix.FS || cell.prefix() == Prefix.GS;
        boolean high = !based && cell.prefix() != Prefix.ADDRESS_32 && random.nextInt(6) == 0;
        return high ? UserSandbox.DATA_BELOW_HOLE : UserSandbox.DATA;
    }

    private long hostileAddress(int bytes) {
        int across = bytes == 1 ? 0 : 1 + random.nextInt(bytes - 1);
        if (cell.prefix() == Prefix.ADDRESS_32) {
            return switch (random.nextInt(4)) {
                case 0 -> UserSandbox.DATA + 0x2000 - across;
                case 1 -> UserSandbox.READ_ONLY - across;
                case 2 -> UserSandbox.SUPERVISOR + random.nextInt(0x1000);
                default -> random.nextInt() & 0xffff_ffffL;
            };
        }
        return switch (random.nextInt(10)) {
            case 0 -> UserSandbox.DATA + 0x2000 - across;
            case 1 -> UserSandbox.DATA - across;
            case 2 -> UserSandbox.READ_ONLY - across;
            case 3 -> UserSandbox.READ_ONLY + random.nextInt(0x1000 - bytes);
            case 4 -> UserSandbox.SUPERVISOR + random.nextInt(0x1000);
            case 5 -> UserSandbox.DATA - 0x1000 + random.nextInt(0x1000 - bytes);
            // A KVM that interprets what met #GP has read MMX registers by then.
            case 6, 7 ->
                    row.group().equals("mmx")
                            ? UserSandbox.DATA - 0x800
                            : random.nextBoolean()
                                    ? 0x0000_8000_0000_0000L + random.nextInt(0x2000)
                                    : random.nextLong();
            case 8 -> UserSandbox.DATA + random.nextInt(0x2000 - bytes);
            default -> random.nextInt();
        };
    }

    /// The same byte at an address below 2 GiB, or 0 where there is none to write at.
    private long lowAlias(int bytes) {
        if (address >= UserSandbox.DATA && address <= UserSandbox.DATA + 0x2000 - bytes) {
            return address;
        }
        long high = address - UserSandbox.DATA_BELOW_HOLE;
        return high >= 0 && high <= 0x2000 - bytes ? UserSandbox.DATA + high : 0;
    }

    /// Chooses an addressing form whose sum is a given offset, and loads its registers.
    private void place(long offset) {
        boolean short32 = cell.prefix() == Prefix.ADDRESS_32;
        long wanted = short32 ? offset & 0xffff_ffffL : offset;
        boolean absolute = short32 || wanted == (int) wanted;
        boolean nearRip = short32 || Math.abs(wanted - code.here()) < 0x7fff_0000L;
        int choice = random.nextInt(10);
        if (choice < 2 && nearRip) {
            mod = 0;
            rm = 5;
            ripRelative = true;
            ripTarget = wanted;
            displacementBytes = 4;
        } else if (choice == 2 && absolute) {
            mod = 0;
            needsSib = true;
            displacement = wanted;
            displacementBytes = 4;
        } else if (choice < 6) {
            placeBase(wanted, short32);
        } else {
            placeBaseAndIndex(wanted, short32);
        }
    }

    private void placeBase(long wanted, boolean short32) {
        base = addressRegister(NO_REGISTER);
        rm = base;
        needsSib = (base & 7) == RSP || random.nextInt(8) == 0;
        chooseDisplacement();
        code.loadImmediate(base, dirtied(wanted - displacement, short32));
    }

    private void placeBaseAndIndex(long wanted, boolean short32) {
        needsSib = true;
        index = addressRegister(NO_REGISTER);
        scale = random.nextInt(4);
        long indexValue =
                random.nextInt(4) == 0 ? EdgeValues.integer(random) : random.nextInt(512) - 256;
        boolean withoutBase = random.nextInt(5) == 0;
        long fromIndex = (short32 ? (int) indexValue : indexValue) << scale;
        long rest = wanted - fromIndex;
        if (withoutBase && (short32 || rest == (int) rest)) {
            mod = 0;
            displacement = rest;
            displacementBytes = 4;
        } else {
            base = addressRegister(index);
            chooseDisplacement();
            code.loadImmediate(base, dirtied(rest - displacement, short32));
        }
        code.loadImmediate(index, dirtied(indexValue, short32));
    }

    /// With 32-bit addresses the upper halves of registers don't count.
    private long dirtied(long value, boolean short32) {
        return short32 ? value & 0xffff_ffffL | random.nextLong() << 32 : value;
    }

    private void chooseDisplacement() {
        int choice = random.nextInt(3);
        if (choice == 0 && (base & 7) != RBP) {
            mod = 0;
            displacement = 0;
        } else if (choice < 2) {
            mod = 1;
            displacement = random.nextInt(256) - 128L;
            displacementBytes = 1;
        } else {
            mod = 2;
            displacement = random.nextInt();
            displacementBytes = 4;
        }
    }

    /// A register to address with; not RSP, whose value the sequence relies on.
    private int addressRegister(int other) {
        int without = avoid | 1 << RSP | (other == NO_REGISTER ? 0 : 1 << other);
        if (row.setup().equals("bit")) {
            without |= 1 << reg;
        }
        int chosen = random.nextInt(registers);
        while ((without >>> chosen & 1) != 0) {
            chosen = random.nextInt(registers);
        }
        return chosen;
    }

    private void prepareInMemory(int bytes) {
        long alias = lowAlias(bytes);
        if (alias == 0) {
            return;
        }
        switch (row.setup()) {
            case "cmpxchg" -> {
                if (random.nextBoolean()) {
                    code.peek(RAX, alias & -8);
                    code.loadImmediate(RAX, 0);
                    peekPart(alias, bytes);
                }
            }
            case "cmpxchg8b" -> {
                if (random.nextBoolean()) {
                    code.peek(RAX, alias);
                    code.peek(RDX, alias + bytes / 2);
                    code.loadImmediate(RBX, EdgeValues.integer(random));
                }
            }
            case "mxcsr" -> {
                int value = Generator.mxcsr(random);
                code.poke(alias, hostile && random.nextBoolean() ? value | 1 << 18 : value, 4);
            }
            case "fcw" -> {
                int masks = hostile ? random.nextInt(64) : 0x3f;
                int precision = new int[] {0, 2, 3, 3}[random.nextInt(4)] << 8;
                code.poke(alias, 0x40 | masks | precision | random.nextInt(4) << 10, 2);
            }
            case "target" -> code.poke(alias, branchTarget(), 8);
            case "div", "idiv" -> {
                long divisor = divisor();
                code.poke(alias, divisor, bytes);
                dividend(divisor, bytes);
            }
            default -> {}
        }
    }

    /// `mov al/ax/eax/rax, [address]`.
    private void peekPart(long alias, int bytes) {
        switch (bytes) {
            case 1 -> code.emit(0x8a, 0x04, 0x25);
            case 2 -> code.emit(0x66, 0x8b, 0x04, 0x25);
            case 4 -> code.emit(0x8b, 0x04, 0x25);
            default -> code.emit(0x48, 0x8b, 0x04, 0x25);
        }
        code.emitValue(alias, 4);
    }

    // ---- what an instruction takes from fixed registers and the stack

    private void prepareImplied() {
        boolean inRegister = cell.form() == Form.REGISTER;
        switch (row.setup()) {
            case "cl" -> {
                count = shiftCount();
                code.emit(0xb1, count);
            }
            case "div", "idiv" -> {
                if (inRegister && !(hostile && random.nextBoolean())) {
                    divideByRegister();
                }
            }
            case "cmpxchg" -> {
                if (inRegister && rm != RSP && random.nextBoolean()) {
                    code.emit(0x48 | rm >> 3, 0x8b, 0xc0 | (RAX << 3) | rm & 7);
                }
            }
            case "bit" -> prepareBitOffset();
            case "string" -> prepareString();
            case "xlat" -> code.loadImmediate(RBX, xlatTable());
            case "loop" -> code.loadImmediate(RCX, loopCount());
            case "ret" -> {
                code.loadImmediate(RAX, branchTarget());
                code.emit(0x50);
            }
            case "popf" -> {
                code.emit(0x68);
                code.emitValue(flagsToPop(), 4);
            }
            case "enter" ->
                    code.loadImmediate(RBP, UserSandbox.STACK + 0x1000 + random.nextInt(64) * 8L);
            case "leave" ->
                    code.loadImmediate(
                            RBP, UserSandbox.STACK + 0x1000 + random.nextInt(64) * 8L - 0x100);
            case "target" -> {
                if (inRegister) {
                    code.loadImmediate(rm, branchTarget());
                }
            }
            case "base" -> {
                long value = cell.size() == 4 ? random.nextInt() & 0xffff_ffffL : newBase();
                code.loadImmediate(rm, cell.size() == 4 ? value | random.nextLong() << 32 : value);
                basesChanged = true;
                if (row.extension() == 2) {
                    fsBase = value;
                } else {
                    gsBase = value;
                }
            }
            default -> {}
        }
    }

    private long newBase() {
        return switch (random.nextInt(hostile ? 4 : 3)) {
            case 0 -> random.nextInt(0x10000);
            case 1 -> UserSandbox.DATA + random.nextInt(0x1000);
            case 2 -> random.nextLong() >> 17;
            default -> random.nextLong();
        };
    }

    private int shiftCount() {
        int chosen = EdgeValues.count(random);
        boolean beyond =
                row.undefined() == UndefinedFlags.SHIFT_DOUBLE
                        && cell.size() == 2
                        && (chosen & 31) > 16;
        return beyond ? chosen & 15 : chosen;
    }

    private long divisor() {
        long value = EdgeValues.integer(random);
        int bits = operandBytes() * 8;
        return value << 64 - bits == 0 ? 3 : value;
    }

    private void divideByRegister() {
        long divisor = divisor();
        if (operandBytes() == 1 && registers == 8 && rm >= 4) {
            code.loadImmediate(rm & 3, divisor << 8);
        } else if (rm == RSP) {
            return;
        } else {
            code.loadImmediate(rm, divisor);
        }
        dividend(divisor, operandBytes());
    }

    /// Loads RDX:RAX (AX for bytes) so that the quotient fits, mostly with extreme ones.
    private void dividend(long divisor, int bytes) {
        if (hostile && random.nextInt(3) == 0) {
            return;
        }
        int bits = bytes * 8;
        boolean signed = row.setup().equals("idiv");
        BigInteger modulus = BigInteger.ONE.shiftLeft(bits);
        BigInteger by = BigInteger.valueOf(divisor << 64 - bits >> 64 - bits);
        BigInteger quotient =
                BigInteger.valueOf(EdgeValues.integer(random) << 64 - bits >> 64 - bits);
        if (!signed) {
            by = by.mod(modulus);
            quotient = quotient.mod(modulus);
        }
        BigInteger remainder = BigInteger.valueOf(random.nextLong()).mod(by.abs());
        BigInteger product = quotient.multiply(by);
        BigInteger dividend =
                product.signum() < 0 ? product.subtract(remainder) : product.add(remainder);
        if (bytes == 1) {
            code.loadImmediate(RAX, dividend.longValue());
        } else {
            code.loadImmediate(RAX, dividend.longValue());
            code.loadImmediate(RDX, dividend.shiftRight(bits).longValue());
        }
    }

    private void prepareBitOffset() {
        if (cell.form() == Form.MEMORY && reg != RSP) {
            long offset = hostile ? random.nextLong() : random.nextInt(0x1000) - 0x800;
            code.loadImmediate(reg, offset);
        }
    }

    private void prepareString() {
        boolean short32 = cell.prefix() == Prefix.ADDRESS_32;
        int element = Math.max(1, cell.size());
        long middle = UserSandbox.DATA + 0x800 + random.nextInt(0x1000);
        long other = UserSandbox.DATA + 0x800 + random.nextInt(0x1000);
        if (random.nextInt(4) == 0) {
            other = middle + random.nextInt(17) - 8;
        }
        long repeats = random.nextInt(24);
        if (hostile) {
            repeats = random.nextInt(0x2000);
            // Which of two bad addresses faults first is the processor's choice.
            switch (random.nextInt(3)) {
                case 0 -> middle = hostileAddress(element);
                case 1 -> other = hostileAddress(element);
                default -> {}
            }
        }
        if (random.nextInt(5) != 0) {
            code.loadImmediate(RAX, random.nextInt(3) == 0 ? EdgeValues.integer(random) : 0);
        }
        boolean sourceIsDi = row.mnemonic().matches("V?MASKMOV(Q|DQU)");
        code.loadImmediate(RSI, dirtied(other - segmentBase(), short32));
        code.loadImmediate(RDI, dirtied(sourceIsDi ? middle - segmentBase() : middle, short32));
        code.loadImmediate(RCX, dirtied(repeats, short32));
    }

    private long xlatTable() {
        long table =
                hostile ? hostileAddress(1) : UserSandbox.DATA + random.nextInt(0x2000 - 0x100);
        return dirtied(table - segmentBase(), cell.prefix() == Prefix.ADDRESS_32);
    }

    private long loopCount() {
        return switch (random.nextInt(4)) {
            case 0 -> 0;
            case 1 -> 1;
            case 2 -> random.nextLong() << 32;
            default -> EdgeValues.integer(random);
        };
    }

    private long flagsToPop() {
        // NT is lost where the host's kernel runs user code for a KVM without hardware support.
        long flags = random.nextInt(0x4000) & ~RFLAGS_TF | random.nextInt(2) << 21;
        if (hostile || random.nextInt(64) == 0) {
            flags |= random.nextInt(4) == 0 ? RFLAGS_AC : 0;
        }
        return hostile && random.nextInt(4) == 0 ? flags | RFLAGS_TF : flags;
    }

    /// Where a branch goes: past the filler, or, where it may fault, anywhere.
    private long branchTarget() {
        if (hostile && random.nextBoolean()) {
            return hostileAddress(1);
        }
        return target;
    }

    // ---- layout

    private void assemble() {
        emitPrefixes();
        if (row.vex() != null) {
            emitVex(row.vex());
        } else {
            emitMandatoryAndRex();
        }
        int last = row.opcode().size() - 1;
        for (int i = 0; i < last; i++) {
            code.emit(row.opcode().get(i));
        }
        int opcode = row.opcode().get(last);
        code.emit(row.registerInOpcode() ? opcode + (rm & 7) : opcode);
        int patch = -1;
        if (row.hasModRm()) {
            patch = emitModRm();
        }
        emitImmediates();
        if (patch >= 0 && ripRelative) {
            code.patch(patch, ripTarget - code.here(), 4);
        }
    }

    private void emitMandatoryAndRex() {
        if (row.mandatory() != 0) {
            code.emit(row.mandatory());
        }
        int rex = rex();
        if (rex != 0) {
            code.emit(rex);
        }
    }

    /// Three bytes, or two where that is possible and chance has it.
    private void emitVex(Vex vex) {
        int w =
                switch (vex.w()) {
                    case Vex.SIZE -> cell.size() == 8 ? 1 : 0;
                    case 0, 1 -> vex.w();
                    default -> random.nextInt(2);
                };
        int l = vex.l() < 0 ? random.nextInt(2) : vex.l();
        int r = reg >> 3;
        int x = vectorIndex >= 8 || mod != 3 && index >= 8 ? 1 : 0;
        int b = (mod == 3 ? rm : base) >= 8 ? 1 : 0;
        int last = (~vvvv & 15) << 3 | l << 2 | vex.pp();
        if (w == 0 && x == 0 && b == 0 && vex.map() == 1 && random.nextBoolean()) {
            code.emit(0xc5, (~r & 1) << 7 | last);
        } else {
            code.emit(0xc4, (~r & 1) << 7 | (~x & 1) << 6 | (~b & 1) << 5 | vex.map());
            code.emit(w << 7 | last);
        }
    }

    private void emitPrefixes() {
        switch (cell.prefix()) {
            case LOCK, BAD_LOCK -> code.emit(0xf0);
            case REP -> code.emit(0xf3);
            case REPNE -> code.emit(0xf2);
            case ADDRESS_32 -> code.emit(0x67);
            case FS -> code.emit(0x64);
            case GS -> code.emit(0x65);
            // 36 would make #SS of #GP where the host's KVM interprets what faulted.
            case IGNORED_SEGMENT ->
                    code.emit(
                            new int[] {0x26, 0x2e, 0x3e, 0x36}
                                    [random.nextInt(hostile || row.setup().equals("bit") ? 3 : 4)]);
            case NONE -> {}
        }
        if (cell.size() == 2) {
            code.emit(0x66);
        }
    }

    private int rex() {
        boolean wide = cell.size() == 8 && !row.is("d64") && !row.is("f64");
        int rex = wide ? 8 : 0;
        rex |= reg >= 8 ? 4 : 0;
        if (row.registerInOpcode()) {
            rex |= rm >= 8 ? 1 : 0;
        } else if (mod == 3) {
            rex |= rm >= 8 ? 1 : 0;
        } else {
            rex |= base >= 8 ? 1 : 0;
            rex |= index >= 8 ? 2 : 0;
        }
        rex |= ignoredRexBits();
        return rex != 0 || forceRex ? 0x40 | rex : 0;
    }

    /// REX.R and REX.B mean nothing to MMX registers.
    private int ignoredRexBits() {
        int bits = 0;
        for (Operand each : row.operands()) {
            boolean ignored = random.nextInt(6) == 0;
            if (ignored && each.kind() == 'P') {
                bits |= 4;
            } else if (ignored && mod == 3 && "NQ".indexOf(each.kind()) >= 0) {
                bits |= 1;
            }
        }
        return bits;
    }

    /// Returns where a displacement to be patched is.
    private int emitModRm() {
        if (mod == 3) {
            code.emit(0xc0 | (reg & 7) << 3 | rm & 7);
            return -1;
        }
        code.emit(mod << 6 | (reg & 7) << 3 | (needsSib ? 4 : rm & 7));
        if (needsSib) {
            int low = base == NO_REGISTER ? 5 : base & 7;
            int named = vectorIndex == NO_REGISTER ? index : vectorIndex;
            int middle = named == NO_REGISTER ? 4 : named & 7;
            code.emit((named == NO_REGISTER ? 0 : scale) << 6 | middle << 3 | low);
        }
        int at = code.size();
        code.emitValue(displacement, displacementBytes);
        return at;
    }

    private void emitImmediates() {
        for (Operand each : row.operands()) {
            switch (each.kind()) {
                case 'I' -> emitImmediate(each);
                case 'J' -> {
                    int bytes = each.letter() == 'b' ? 1 : 4;
                    long relative = target - code.here() - bytes;
                    boolean away = hostile && bytes == 4 && random.nextBoolean();
                    code.emitValue(away ? random.nextInt() : relative, bytes);
                }
                case 'O' -> emitOffset();
                case 'L' -> code.emit(fourth << 4 | random.nextInt(16));
                default -> {}
            }
        }
    }

    private void emitImmediate(Operand operand) {
        int bytes = operand.size(operandBytes());
        if (row.setup().equals("enter")) {
            // A stack pointer that ENTER leaves unaligned may or may not be #AC at once.
            code.emitValue(random.nextInt(256) & (bytes == 2 ? 0xf8 : 0xff), bytes);
        } else if (row.setup().equals("ret")) {
            code.emitValue(random.nextInt(0x40), bytes);
        } else if (bytes == 1) {
            count = shiftCount();
            int value =
                    random.nextBoolean() || row.undefined() == UndefinedFlags.SHIFT_DOUBLE
                            ? count
                            : (int) EdgeValues.integer(random) & 0xff;
            count = value;
            code.emit(value);
        } else {
            code.emitValue(EdgeValues.integer(random), bytes);
        }
    }

    /// A full address in the instruction: 8 bytes, or 4 with an address-size prefix.
    private void emitOffset() {
        int bytes = Math.max(1, cell.size());
        address = hostile ? hostileAddress(bytes) : dataPages() + random.nextInt(0x2000 - bytes);
        code.emitValue(address - segmentBase(), cell.prefix() == Prefix.ADDRESS_32 ? 4 : 8);
    }

    /// What a branch jumps over: a store that shows whether it was taken.
    private void landBranch() {
        boolean branches =
                row.group().equals("branch")
                        || row.operands().stream().anyMatch(each -> each.kind() == 'J');
        if (branches) {
            code.poke(MARKERS + random.nextInt(64), random.nextInt(255) + 1, 1);
            target = code.here();
        }
    }
}
