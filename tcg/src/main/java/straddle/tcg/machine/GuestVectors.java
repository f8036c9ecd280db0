package straddle.tcg.machine;

import static org.objectweb.asm.Opcodes.LMUL;
import static straddle.tcg.machine.Assembler.*;

import java.util.Map;
import java.util.function.IntSupplier;
import straddle.tcg.mmu.Tlb;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.VectorOperation;

/// Whole vectors of guests that are not x86's, as pairs of slots: accesses to memory, and what some instructions of the
/// host's do. Floating point is as for [GuestFloats].
final class GuestVectors {
    private static final int PREFIX = 0x66 << 16;
    private static final int AND_NOT = PREFIX | 0xdf;
    private static final int BITS_AND = PREFIX | 0xdb;
    private static final int BITS_OR = PREFIX | 0xeb;
    private static final int BITS_XOR = PREFIX | 0xef;
    private static final int SHUFFLE_WORDS = PREFIX | 0x70;

    /// By the elements' size, UNKNOWN where there is none.
    private static final Map<String, int[]> LANES =
            Map.ofEntries(
                    lanes("ADD", "paddb", "paddw", "paddd", "paddq"),
                    lanes("SUB", "psubb", "psubw", "psubd", "psubq"),
                    lanes("CMEQ", "pcmpeqb", "pcmpeqw", "pcmpeqd", "pcmpeqq"),
                    lanes("CMGT", "pcmpgtb", "pcmpgtw", "pcmpgtd", "pcmpgtq"),
                    lanes("SMAX", "pmaxsb", "pmaxsw", "pmaxsd", ""),
                    lanes("SMIN", "pminsb", "pminsw", "pminsd", ""),
                    lanes("UMAX", "pmaxub", "pmaxuw", "pmaxud", ""),
                    lanes("UMIN", "pminub", "pminuw", "pminud", ""),
                    lanes("MUL", "", "pmullw", "pmulld", ""),
                    lanes("ABS", "pabsb", "pabsw", "pabsd", ""),
                    lanes("ZIP1", "punpcklbw", "punpcklwd", "punpckldq", "punpcklqdq"),
                    lanes("ZIP2", "punpckhbw", "punpckhwd", "punpckhdq", "punpckhqdq"),
                    lanes("AND", "pand", "pand", "pand", "pand"),
                    lanes("ORR", "por", "por", "por", "por"),
                    lanes("EOR", "pxor", "pxor", "pxor", "pxor"));

    private static final String[] LEFT = {"", "psllwBy", "pslldBy", "psllqBy"};
    private static final String[] RIGHT = {"", "psrlwBy", "psrldBy", "psrlqBy"};
    private static final String[] SIGNED_RIGHT = {"", "psrawBy", "psradBy", ""};

    private final HostOperations to;
    private final Assembler asm;
    private final WideVectors wides;

    private VectorOperation operation;

    GuestVectors(HostOperations to) {
        this.to = to;
        this.asm = to.asm;
        this.wides = to.wides;
    }

    private static Map.Entry<String, int[]> lanes(String name, String... bySize) {
        int[] encodings = new int[bySize.length];
        for (int i = 0; i < encodings.length; i++) {
            encodings[i] = HostVectors.operation(bySize[i]);
        }
        return Map.entry(name, encodings);
    }

    // ---- memory

    void load(MicroOp op, int slot) {
        Value address = to.pop();
        int virtual = to.register(address);
        int vector = to.allocateVector();
        Runnable flush = to.flushLater();
        IntSupplier miss = to.reach(virtual, 16, Tlb.READ);
        asm.loadVector(vector, virtual, RCX);
        Exit exit = to.exitHere(Exit.Kind.LOAD, op, 8);
        to.otherwise(
                miss,
                flush,
                () -> {
                    to.askJava(exit, virtual);
                    asm.loadVectorHalf(vector, HostState.FRAME, Frame.VALUE);
                    asm.address(RCX, virtual, 8);
                    to.askJava(exit, RCX);
                    asm.loadVectorHalf(0, HostState.FRAME, Frame.VALUE);
                    asm.joinVectorHalves(vector, 0);
                });
        wides.set(slot, vector);
        to.release(address);
    }

    /// To an XMM register's low half.
    void loadScalar(MicroOp op, int width) {
        Value address = to.pop();
        int virtual = to.register(address);
        int vector = to.allocateVector();
        Runnable flush = to.flushLater();
        IntSupplier miss = to.reach(virtual, width, Tlb.READ);
        asm.loadScalar(width, vector, virtual, RCX);
        Exit exit = to.exitHere(Exit.Kind.LOAD, op, width);
        to.otherwise(
                miss,
                flush,
                () -> {
                    to.askJava(exit, virtual);
                    asm.loadVectorHalf(vector, HostState.FRAME, Frame.VALUE);
                });
        to.push(to.inVector(vector).zeroFrom(8 * width));
        to.release(address);
    }

    void store(MicroOp op, int slot) {
        Value address = to.pop();
        int virtual = to.register(address);
        int vector = wides.get(slot);
        Runnable flush = to.flushLater();
        IntSupplier miss = to.reach(virtual, 16, Tlb.WRITE);
        asm.storeVector(virtual, RCX, vector);
        Exit exit = to.exitHere(Exit.Kind.STORE, op, 8);
        to.otherwise(
                miss,
                flush,
                () -> {
                    asm.storeVectorHalf(HostState.FRAME, Frame.VALUE, vector);
                    to.askJava(exit, virtual);
                    asm.moveHighVectorHalf(0, vector);
                    asm.storeVectorHalf(HostState.FRAME, Frame.VALUE, 0);
                    asm.address(RCX, virtual, 8);
                    to.askJava(exit, RCX);
                });
        to.release(address);
    }

    // ---- operations

    /// A value and the size of its element → all elements that one.
    void each() {
        int size = to.popConstant();
        if (size < 3) {
            to.zeroExtend(1 << size);
            to.constant(each(size, 1));
            to.op(LMUL);
        }
    }

    /// Writes an operation; returns false, and nothing, if there is no code for it.
    boolean write(VectorOperation of) {
        operation = of;
        int size = of.size();
        boolean isWord = size == 2 || size == 3;
        int[] encodings = LANES.get(of.name());
        if (encodings != null && !of.name().equals("ABS")) {
            boolean isKnown = encodings[size] != HostVectors.UNKNOWN;
            if (!isKnown || of.element() >= 0 && size < 2) {
                return false;
            }
            lanes(encodings[size]);
            return true;
        }
        switch (of.name()) {
            case "FADD" -> binary(0x58, false);
            case "FSUB" -> binary(0x5c, false);
            case "FMUL" -> binary(0x59, true);
            case "FDIV" -> binary(0x5e, true);
            case "FSQRT" -> squareRoot();
            case "FMLA", "FMLS" -> {
                if (!to.owner.hasOneFloatUnit() || !to.owner.hasFusedMultiply()) {
                    return false;
                }
                fused(of.name().equals("FMLS"));
            }
            case "FABS" ->
                    withConstant(
                            BITS_AND,
                            each(isWord && size == 3 ? Long.MAX_VALUE : Integer.MAX_VALUE));
            case "FNEG" -> withConstant(BITS_XOR, each(1L << (8 << size) - 1));
            case "NOT" -> withConstant(BITS_XOR, -1);
            case "BIC" -> {
                int n = wides.get(of.n());
                int m = wides.get(of.m());
                int d = copy(m);
                asm.vector(AND_NOT, d, n);
                end(d);
            }
            case "ORN" -> {
                int n = wides.get(of.n());
                int m = wides.get(of.m());
                int d = copy(m);
                combine(BITS_XOR, d, -1, -1);
                asm.vector(BITS_OR, d, n);
                end(d);
            }
            case "BSL" -> select(of.d(), of.n(), of.m());
            case "BIT" -> select(of.m(), of.n(), of.d());
            case "BIF" -> select(of.m(), of.d(), of.n());
            default -> {
                return of.element() < 0 && integers();
            }
        }
        return true;
    }

    private boolean integers() {
        VectorOperation of = operation;
        int size = of.size();
        switch (of.name()) {
            case "CMGE" -> {
                int n = wides.get(of.n());
                int m = wides.get(of.m());
                int d = copy(m);
                asm.vector(encoding("CMGT"), d, n);
                inverted(d);
            }
            case "CMHS", "CMHI" -> {
                if (size == 3) {
                    return false;
                }
                boolean isHigher = of.name().equals("CMHI");
                int n = wides.get(isHigher ? of.m() : of.n());
                int m = wides.get(isHigher ? of.n() : of.m());
                int d = copy(n);
                asm.vector(encoding("UMAX"), d, m);
                asm.vector(encoding("CMEQ"), d, n);
                if (isHigher) {
                    inverted(d);
                } else {
                    end(d);
                }
            }
            case "CMTST" -> {
                int n = wides.get(of.n());
                int m = wides.get(of.m());
                int d = copy(n);
                asm.vector(BITS_AND, d, m);
                asm.vector(BITS_XOR, 0, 0);
                asm.vector(encoding("CMEQ"), d, 0);
                inverted(d);
            }
            case "CMEQ_ZERO", "CMGT_ZERO", "CMLE_ZERO" -> {
                int d = copy(wides.get(of.n()));
                asm.vector(BITS_XOR, 0, 0);
                asm.vector(encoding(of.name().equals("CMEQ_ZERO") ? "CMEQ" : "CMGT"), d, 0);
                if (of.name().equals("CMLE_ZERO")) {
                    inverted(d);
                } else {
                    end(d);
                }
            }
            case "CMLT_ZERO", "CMGE_ZERO", "NEG" -> {
                int n = wides.get(of.n());
                int d = to.allocateVector();
                asm.vector(BITS_XOR, d, d);
                asm.vector(encoding(of.name().equals("NEG") ? "SUB" : "CMGT"), d, n);
                if (of.name().equals("CMGE_ZERO")) {
                    inverted(d);
                } else {
                    end(d);
                }
            }
            case "ABS" -> {
                if (size == 3) {
                    return false;
                }
                int n = wides.get(of.n());
                int d = to.allocateVector();
                asm.vector(encoding("ABS"), d, n);
                end(d);
            }
            case "MLA", "MLS" -> {
                if (size != 1 && size != 2) {
                    return false;
                }
                int n = wides.get(of.n());
                int m = wides.get(of.m());
                asm.moveVector(0, n);
                asm.vector(encoding("MUL"), 0, m);
                int d = copy(wides.get(of.d()));
                asm.vector(encoding(of.name().equals("MLA") ? "ADD" : "SUB"), d, 0);
                end(d);
            }
            default -> {
                return shifts() || permutations();
            }
        }
        return true;
    }

    private int encoding(String name) {
        return LANES.get(name)[operation.size()];
    }

    private boolean shifts() {
        VectorOperation of = operation;
        int size = of.size();
        int by = of.imm();
        int width = 8 << size;
        String[] names =
                switch (of.name()) {
                    case "SHL", "SLI" -> LEFT;
                    case "USHR", "USRA", "SRI" -> RIGHT;
                    case "SSHR", "SSRA" -> SIGNED_RIGHT;
                    default -> null;
                };
        if (names == null || names[size].isEmpty()) {
            return false;
        }
        int n = wides.get(of.n());
        switch (of.name()) {
            case "SHL", "USHR", "SSHR" -> {
                int d = copy(n);
                HostVectors.shift(asm, names[size], d, by);
                end(d);
            }
            case "USRA", "SSRA" -> {
                int d = copy(wides.get(of.d()));
                asm.moveVector(0, n);
                HostVectors.shift(asm, names[size], 0, by);
                asm.vector(encoding("ADD"), d, 0);
                end(d);
            }
            default -> {
                long all = width == 64 ? -1 : (1L << width) - 1;
                long moved =
                        of.name().equals("SLI") ? all << by & all : by == width ? 0 : all >>> by;
                int d = copy(wides.get(of.d()));
                combine(BITS_AND, d, each(all & ~moved), each(all & ~moved));
                asm.moveVector(0, n);
                HostVectors.shift(asm, names[size], 0, by);
                asm.vector(BITS_OR, d, 0);
                end(d);
            }
        }
        return true;
    }

    private boolean permutations() {
        VectorOperation of = operation;
        int unit =
                switch (of.name()) {
                    case "REV64" -> 8;
                    case "REV32" -> 4;
                    case "REV16" -> 2;
                    default -> 0;
                };
        if (unit == 0) {
            return false;
        }
        long low = 0;
        for (int i = 0; i < 8; i++) {
            int from =
                    i / unit * unit
                            + (unit - 1 - i % unit) / (1 << of.size()) * (1 << of.size())
                            + i % (1 << of.size());
            low |= (long) from << 8 * i;
        }
        int d = copy(wides.get(of.n()));
        combine(PREFIX | 0x3800, d, low, low + 0x0808_0808_0808_0808L);
        end(d);
        return true;
    }

    // ---- steps

    private long each(long element) {
        return each(operation.size(), element);
    }

    private static long each(int size, long element) {
        return switch (size) {
            case 0 -> (element & 0xff) * 0x0101_0101_0101_0101L;
            case 1 -> (element & 0xffff) * 0x0001_0001_0001_0001L;
            case 2 -> (element & 0xffff_ffffL) * 0x1_0000_0001L;
            default -> element;
        };
    }

    private int copy(int from) {
        int d = to.allocateVector();
        asm.moveVector(d, from);
        return d;
    }

    /// With a constant.
    private void combine(int encoding, int d, long low, long high) {
        int place = to.owner.constant(low, high);
        HostState.require(place >= 0);
        asm.vectorMemory(encoding, d, HostState.FRAME, place);
    }

    private void withConstant(int encoding, long half) {
        int d = copy(wides.get(operation.n()));
        combine(encoding, d, half, half);
        end(d);
    }

    private void inverted(int d) {
        combine(BITS_XOR, d, -1, -1);
        end(d);
    }

    /// The destination is what an XMM register has.
    private void end(int d) {
        if (!operation.isWhole()) {
            asm.moveVectorHalf(d, d);
        }
        wides.set(operation.d(), d);
    }

    private void lanes(int encoding) {
        int n = wides.get(operation.n());
        int m = second();
        int d = copy(n);
        asm.vector(encoding, d, m);
        end(d);
    }

    /// mask and yes, or not mask and no.
    private void select(int mask, int yes, int no) {
        int x = wides.get(mask);
        int y = wides.get(yes);
        int z = wides.get(no);
        int d = copy(y);
        asm.vector(BITS_XOR, d, z);
        asm.vector(BITS_AND, d, x);
        asm.vector(BITS_XOR, d, z);
        end(d);
    }

    /// The second operand: XMM1 if it is one element for all.
    private int second() {
        int m = wides.get(operation.m());
        int element = operation.element();
        if (element < 0) {
            return m;
        }
        int order = operation.size() == 2 ? element * 0x55 : element == 0 ? 0x44 : 0xee;
        asm.vector(SHUFFLE_WORDS, 1, m);
        asm.immediate(order);
        return 1;
    }

    // ---- floating point

    private boolean isDouble() {
        return operation.size() == 3;
    }

    private int packed(int opcode) {
        return isDouble() ? PREFIX | opcode : opcode;
    }

    /// A copy, with 0 in a high half that does not count.
    private int clean(int from) {
        int d = to.allocateVector();
        clean(d, from);
        return d;
    }

    private void clean(int d, int from) {
        if (operation.isWhole()) {
            asm.moveVector(d, from);
        } else {
            asm.moveVectorHalf(d, from);
        }
    }

    private void requireFloats() {
        HostState.require(operation.size() >= 2 && to.owner.hasOneFloatUnit());
        to.requireFloats();
    }

    private void binary(int opcode, boolean mayBeTiny) {
        requireFloats();
        int n = wides.get(operation.n());
        int m = second();
        int d = clean(n);
        asm.vector(packed(opcode), d, m);
        String name =
                switch (opcode) {
                    case 0x58 -> "fadd";
                    case 0x5c -> "fsub";
                    case 0x59 -> "fmul";
                    default -> "fdiv";
                };
        look(d, mayBeTiny, name, "(JJ", n, m);
    }

    private void squareRoot() {
        requireFloats();
        int n = wides.get(operation.n());
        int d = clean(n);
        asm.vector(packed(0x51), d, d);
        look(d, false, "fsqrt", "(J", n);
    }

    private void fused(boolean isSubtracted) {
        requireFloats();
        int n = wides.get(operation.n());
        int m = second();
        int a = wides.get(operation.d());
        int d = clean(a);
        int x = n;
        if (!operation.isWhole()) {
            asm.moveVectorHalf(0, n);
            x = 0;
        }
        asm.fused(isDouble(), isSubtracted ? 0xbc : 0xb8, d, x, m);
        look(d, true, isSubtracted ? "fmsub" : "fmadd", "(JJJ", a, n, m);
    }

    /// Looks at a result, and makes it the destination.
    private void look(int d, boolean mayBeTiny, String name, String parameters, int... operands) {
        asm.moveVector(0, d);
        if (mayBeTiny) {
            boolean isWide = isDouble();
            HostVectors.shift(asm, isWide ? "psrlqBy" : "psrldBy", 0, isWide ? 52 : 23);
            combine(HostVectors.operation(isWide ? "paddq" : "paddd"), 0, each(1), each(1));
            long ordinary = each(isWide ? GuestFloats.ORDINARY_D : GuestFloats.ORDINARY_S);
            combine(BITS_AND, 0, ordinary, ordinary);
            combine(HostVectors.operation(isWide ? "pcmpeqq" : "pcmpeqd"), 0, 0, 0);
        } else {
            asm.vector(packed(0xc2), 0, 0);
            asm.immediate(3);
        }
        asm.vector(packed(0x50), RAX, 0);
        int counted = operation.isWhole() ? 15 : isDouble() ? 1 : 3;
        asm.testConstant(RAX, counted);
        int jump = asm.jumpIf(CC_NE);
        long done = asm.here();
        String descriptor = parameters + "Lstraddle/tcg/Cpu;)J";
        JavaFunction function =
                new JavaFunction(
                        "straddle/tcg/simd/FpRuntime",
                        name + (isDouble() ? "d" : "v"),
                        descriptor,
                        0);
        Exit exit = Exit.function(to.tb, to.current, function, operation.isWhole() ? 2 : 1);
        to.outOfLine.add(() -> {
            asm.patchHere(jump);
            for (int i = 0; i < operands.length; i++) {
                asm.storeVector(HostState.FRAME, Frame.OPERANDS + 16L * i, operands[i]);
            }
            to.suspend(exit);
            asm.loadVector(d, HostState.FRAME, (long) Frame.OPERANDS);
            asm.jumpTo(done);
        });
        end(d);
    }
}
