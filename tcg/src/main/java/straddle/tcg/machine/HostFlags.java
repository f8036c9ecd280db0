package straddle.tcg.machine;

import static org.objectweb.asm.Opcodes.*;
import static straddle.tcg.machine.Assembler.*;

import straddle.tcg.block.Tb;
import straddle.tcg.op.Cond;
import straddle.tcg.op.Flags;

/// What becomes of flags: they stay the values that they follow from until a condition asks for them, or somebody for
/// their bits.
abstract class HostFlags extends HostOperations {
    private static final int NO_CONDITION = -1;

    HostFlags(MachineCode owner, Assembler asm, Tb tb, int zeroSlot) {
        super(owner, asm, tb, zeroSlot);
    }

    @Override
    public void flags(int newKind, int result, int a, int b) {
        forgetRotation();
        setFlag(0, mustHave(scratch[(result - A) / 2]), true);
        setFlag(1, mustHave(scratch[(a - A) / 2]), true);
        setFlag(2, mustHave(scratch[(b - A) / 2]), true);
        kind = newKind;
    }

    @Override
    public void logicFlags(int result) {
        forgetRotation();
        setFlag(0, mustHave(scratch[(result - A) / 2]), true);
        setFlag(1, null, false);
        setFlag(2, null, false);
        kind = Flags.LOGIC;
    }

    @Override
    public void comparisonFlags(int result, int a, int b) {
        flags(Flags.SUB, result, a, b);
        kind = COMPARISON;
    }

    @Override
    public void eagerFlags() {
        forgetRotation();
        Value value = pop();
        setFlag(0, value, true);
        setFlag(1, null, false);
        setFlag(2, null, false);
        kind = Flags.EAGER;
        release(value);
    }

    /// The other flags but zero are undefined after what uses this.
    @Override
    public void carryFlag(int scratchLocal) {
        settle();
        if (kind == NO_KIND || owner.isChecked()) {
            makeEager();
        }
        pushFlag(0);
        if (kind == Flags.EAGER) {
            constant(~1L);
            op(LAND);
            take(scratchLocal);
            op(LOR);
            eagerFlags();
            return;
        }
        Value result = pop();
        setFlag(0, result, true);
        setFlag(1, mustHave(scratch[(scratchLocal - A) / 2]), true);
        setFlag(2, Value.constant(0), true);
        kind = Flags.SHIFT;
        release(result);
    }

    @Override
    public void rotateFlags(boolean left, int bits) {
        forgetRotation();
        rotated = use(mustHave(scratch[(R - A) / 2]));
        rotation = bits << 1 | (left ? 1 : 0);
    }

    /// Has the flags of a rotation computed, if one is pending.
    void settle() {
        if (rotated == null) {
            return;
        }
        Value result = rotated;
        boolean left = (rotation & 1) != 0;
        int top = (rotation >>> 1) - 1;
        rotated = null;
        makeEager();
        pushFlag(0);
        constant(~(long) (Flags.CF | Flags.OF));
        op(LAND);
        push(result);
        shift(LUSHR, left ? 0 : top);
        constant(1);
        op(LAND);
        op(LOR);
        push(result);
        shift(LUSHR, top);
        push(result);
        shift(LUSHR, left ? 0 : top - 1);
        op(LXOR);
        constant(1);
        op(LAND);
        shift(LSHL, Integer.numberOfTrailingZeros(Flags.OF));
        op(LOR);
        eagerFlags();
        release(result);
    }

    /// Has the flags as bits, whatever they are made of.
    private void makeEager() {
        if (kind == Flags.EAGER) {
            return;
        }
        flushFlags();
        Value bits = fresh();
        asm.callTo(owner.eagerAddress());
        asm.move(bits.register, RAX);
        push(bits.zeroFrom(12));
        eagerFlags();
    }

    @Override
    public void carry() {
        settle();
        if (kind == NO_KIND) {
            makeEager();
        }
        switch (kind) {
            case Flags.LOGIC -> constant(0);
            case Flags.EAGER -> {
                pushFlag(0);
                constant(1);
                op(LAND);
            }
            case Flags.ADD, Flags.SUB -> {
                carryBySigns();
                integer(63);
                op(LUSHR);
            }
            default -> {
                int cc = carryCondition();
                Value d = fresh();
                asm.set(cc, d.register);
                push(d.zeroFrom(1));
            }
        }
    }

    /// Pushes a value whose sign is the carry or borrow.
    private void carryBySigns() {
        boolean add = kind == Flags.ADD;
        pushFlag(1);
        if (!add) {
            constant(-1);
            op(LXOR);
        }
        pushFlag(2);
        op(LAND);
        pushFlag(1);
        pushFlag(2);
        if (add) {
            op(LOR);
            pushFlag(0);
            constant(-1);
            op(LXOR);
        } else {
            op(LXOR);
            constant(-1);
            op(LXOR);
            pushFlag(0);
        }
        op(LAND);
        op(LOR);
    }

    /// Has the host's flags say whether there is a carry; returns the condition.
    private int carryCondition() {
        switch (kind) {
            case COMPARISON -> {
                compareFlags();
                return CC_B;
            }
            case Flags.DIFFERENCE, Flags.CHOSEN -> {
                compareFlags();
                return CC_AE;
            }
            case Flags.PRODUCT -> {
                compareFlags();
                return CC_NE;
            }
            case Flags.INC, Flags.DEC, Flags.SHIFT -> {
                testFlag(1);
                return CC_NE;
            }
            case Flags.SHL, Flags.SHR, Flags.SAR -> {
                pushFlag(2);
                pushFlag(1);
                Value a = pop();
                Value bit = pop();
                register(a);
                if (bit.isConstant) {
                    asm.testBit(a.register, (int) bit.constant & 63);
                } else {
                    int number = register(bit);
                    asm.testBitRegister(a.register, number);
                }
                release(a);
                release(bit);
                return CC_B;
            }
            case Flags.ADD, Flags.SUB -> {
                carryBySigns();
                testSign();
                return CC_S;
            }
            default -> throw Unsupported.UNSUPPORTED;
        }
    }

    private void compareFlags() {
        pushFlag(1);
        pushFlag(2);
        Value b = pop();
        Value a = pop();
        compare(a, b, true);
        release(a);
        release(b);
    }

    private void testFlag(int index) {
        pushFlag(index);
        testSign();
    }

    /// Tests what is on the operand stack against itself.
    private void testSign() {
        Value value = pop();
        if (value.of != null && value.bits == 8) {
            int register = register(value.of);
            asm.test8(register, register);
        } else {
            boolean narrow = value.isSignExtended(32);
            int register = register(narrow ? value.low(32) : value);
            asm.test(!narrow, register, register);
        }
        release(value);
    }

    /// Has the host's flags say whether a condition holds; returns the host's condition.
    int prepare(int cond) {
        settle();
        int odd = cond & 1;
        return prepareEven(cond & ~1) ^ odd;
    }

    private int prepareEven(int cond) {
        int cc = kind == Flags.EAGER ? NO_CONDITION : prepareLazily(cond);
        if (cc != NO_CONDITION) {
            return cc;
        }
        makeEager();
        return prepareEager(cond);
    }

    /// As [#prepare], but [#NO_CONDITION] and nothing if the kind of the flags does not give the condition by itself.
    private int prepareLazily(int cond) {
        if (kind == NO_KIND) {
            return NO_CONDITION;
        }
        switch (cond) {
            case Cond.E, Cond.S -> {
                testFlag(0);
                return cond;
            }
            case Cond.P -> {
                pushFlag(0);
                Value value = pop();
                int register = register(value.low(8));
                asm.test8(register, register);
                release(value);
                return CC_P;
            }
            case Cond.B -> {
                if (kind == Flags.LOGIC) {
                    testFlag(0);
                    return CC_B;
                }
                return carryCondition();
            }
            default -> {
                return prepareByKind(cond);
            }
        }
    }

    private int prepareByKind(int cond) {
        switch (kind) {
            case Flags.LOGIC -> {
                if (cond == Cond.LS) {
                    return NO_CONDITION;
                }
                testFlag(0);
                return cond;
            }
            case COMPARISON -> {
                if (cond == Cond.O || cond == Cond.LS) {
                    return NO_CONDITION;
                }
                compareFlags();
                return cond;
            }
            case Flags.DIFFERENCE -> {
                int cc =
                        switch (cond) {
                            case Cond.L -> CC_L;
                            case Cond.LS -> CC_BE;
                            case Cond.LE -> CC_LE;
                            default -> NO_CONDITION;
                        };
                if (cc != NO_CONDITION) {
                    compareFlags();
                }
                return cc;
            }
            default -> {
                return NO_CONDITION;
            }
        }
    }

    private int prepareEager(int cond) {
        int bits =
                switch (cond) {
                    case Cond.O, Cond.L -> Flags.OF;
                    case Cond.B -> Flags.CF;
                    case Cond.E -> Flags.ZF;
                    case Cond.BE, Cond.LS -> Flags.CF | Flags.ZF;
                    case Cond.S -> Flags.SF;
                    case Cond.P -> Flags.PF;
                    default -> Flags.OF | Flags.ZF;
                };
        pushFlag(0);
        if (cond == Cond.L || cond == Cond.LE) {
            // Overflow where it differs from the sign.
            pushFlag(0);
            constant(Flags.SF);
            op(LAND);
            shift(LSHL, 4);
            op(LXOR);
        } else if (cond == Cond.LS) {
            constant(Flags.CF);
            op(LXOR);
        }
        Value value = pop();
        asm.testConstant(register(value), bits);
        release(value);
        return CC_NE;
    }

    @Override
    public void condition(int cond) {
        int cc = prepare(cond);
        // Nothing that allocating a register writes changes the host's flags.
        Value d = fresh();
        asm.set(cc, d.register);
        push(d.zeroFrom(1));
    }

    @Override
    public void flagBits() {
        settle();
        makeEager();
        pushFlag(0);
    }
}
