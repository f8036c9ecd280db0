package straddle.tcg.x86.fp;

import straddle.tcg.fp.SoftFloat;

/// The x87 floating-point unit: 80-bit registers, arithmetic with correct rounding, exceptions (SDM
/// volume 1, chapter 8; volume 2 for each instruction, whose mnemonic its method has).
///
/// An unmasked exception sets ES: the caller raises #MF before the next waiting instruction while
/// [#errorPending()]. Methods that may pop return whether they completed; an invalid operation that
/// is unmasked leaves operands and stack as they were. A store to memory is prepared, then written
/// by the caller, then finished, so that a page fault in between leaves no trace. The MMX registers
/// are the significands, by physical number. Not thread-safe; allocates nothing.
public final class X87 {
    /// Exception flags in the status word, masks in the control word.
    static final int IE = SoftFloat.IE,
            DE = SoftFloat.DE,
            ZE = SoftFloat.ZE,
            OE = SoftFloat.OE,
            UE = SoftFloat.UE,
            PE = SoftFloat.PE;

    /// Status word (SDM volume 1, 8.1.3).
    public static final int SF = 0x40,
            ES = 0x80,
            C0 = 0x100,
            C1 = 0x200,
            C2 = 0x400,
            C3 = 0x4000,
            B = 0x8000;

    /// What an arithmetic opcode's reg field means, in D8, DA, DC and DE alike. The reversed forms
    /// compute ST(i) - ST(0) and ST(i) / ST(0) wherever the result goes.
    public static final int FADD = 0,
            FMUL = 1,
            FCOM = 2,
            FCOMP = 3,
            FSUB = 4,
            FSUBR = 5,
            FDIV = 6,
            FDIVR = 7;

    private static final int FLAGS = 0x3f;
    private static final int PRECOMPUTED = IE | DE | ZE;
    private static final int SIGN = 0x8000;
    private static final int SPECIAL = 0x7fff;
    private static final long TOP_BIT = Long.MIN_VALUE;
    private static final long QUIET = 1L << 62;
    private static final long INDEFINITE = 3L << 62;
    private static final int INDEFINITE_EXPONENT = 0xffff;
    private static final int BIAS = 16383;

    /// R0 to R7, by physical number: significands and, in 16 bits, signs and exponents.
    public final long[] significand = new long[8];

    public final int[] signExponent = new int[8];

    /// Control word; write it by [#fldcw(int)].
    int control = 0x37f;

    /// Status word but for TOP.
    int status;

    int top;

    /// Bit n: Rn is not empty.
    int used;

    /// Of the last non-control instruction, for the images: the caller sets them.
    public long instructionPointer;

    public int instructionSelector;
    public long dataPointer;
    public int dataSelector;
    public int opcode;

    /// What a prepared store writes: the low 64 bits, and bits 79:64.
    public long storeLow;

    public int storeHigh;

    final SoftFloat unit = new SoftFloat();

    /// Made when it is first needed: its tables take 20 ms to compute.
    private Transcendental transcendental;

    /// A result on its way to a register.
    private int resultExponent;

    private long resultSignificand;

    /// An operand from memory.
    private int operandExponent;

    private long operandSignificand;

    public X87() {}

    // The stack.

    /// The exceptions that have occurred and are not masked, as bits of the status word.
    public int unmaskedExceptions() {
        return status & ~control & 0x3f;
    }

    private int physical(int i) {
        return top + i & 7;
    }

    private boolean isEmpty(int i) {
        return (used >>> physical(i) & 1) == 0;
    }

    private void write(int i) {
        int r = physical(i);
        signExponent[r] = resultExponent;
        significand[r] = resultSignificand;
        used |= 1 << r;
    }

    /// Empties ST(0) and makes ST(1) the top.
    public void pop() {
        used &= ~(1 << top);
        top = top + 1 & 7;
    }

    private void push() {
        top = top - 1 & 7;
        write(0);
    }

    private void result(int exponent, long bits) {
        resultExponent = exponent;
        resultSignificand = bits;
    }

    private void indefinite() {
        result(INDEFINITE_EXPONENT, INDEFINITE);
    }

    private void takeRounded() {
        resultExponent = unit.signExponent80;
        resultSignificand = unit.significand80;
    }

    private void begin() {
        unit.raised = 0;
        unit.roundedUp = false;
        status &= ~C1;
    }

    /// Makes the exceptions found sticky, with ES if one is unmasked; returns whether the result
    /// may be written.
    private boolean signal() {
        int raised = unit.raised;
        if (raised != 0) {
            int unmasked = raised & ~control & FLAGS;
            boolean stops = (unmasked & PRECOMPUTED) != 0;
            status |= stops ? raised & (PRECOMPUTED | SF) : raised;
            if (unmasked != 0) {
                status |= ES | B;
            }
            return !stops;
        }
        return true;
    }

    private void showRounding() {
        if (unit.roundedUp) {
            status |= C1;
        }
    }

    /// A stack fault: an operand's register is empty, or a pushed one's is not.
    private void stackFault(boolean overflow) {
        unit.raised |= IE | SF;
        if (overflow) {
            status |= C1;
        }
        indefinite();
    }

    /// Writes the result to ST(i) unless an unmasked exception forbids it.
    private boolean complete(int i) {
        if (!signal()) {
            return false;
        }
        showRounding();
        write(i);
        return true;
    }

    private boolean completePush() {
        if (!isEmpty(-1)) {
            unit.roundedUp = false;
            unit.raised = 0;
            stackFault(true);
        }
        if (!signal()) {
            return false;
        }
        push();
        return true;
    }

    // Numbers.

    private static boolean isNan(int exponent, long bits) {
        return (exponent & SPECIAL) == SPECIAL && bits << 1 != 0;
    }

    private static boolean isSignaling(int exponent, long bits) {
        return isNan(exponent, bits) && (bits & QUIET) == 0;
    }

    /// Pseudo-infinities, pseudo-NaNs and unnormals: invalid operands (SDM volume 1, table 8-3).
    private static boolean isUnsupported(int exponent, long bits) {
        return (exponent & SPECIAL) != 0 && bits >= 0;
    }

    private static boolean isInfinite(int exponent, long bits) {
        return (exponent & SPECIAL) == SPECIAL && bits == TOP_BIT;
    }

    /// Subnormals and pseudo-denormals.
    private static boolean isSubnormal(int exponent, long bits) {
        return (exponent & SPECIAL) == 0 && bits != 0;
    }

    private static boolean isZero(int exponent, long bits) {
        return (exponent & SPECIAL) == 0 && bits == 0;
    }

    private void noteSubnormal(int exponent, long bits) {
        if (isSubnormal(exponent, bits)) {
            unit.raised |= DE;
        }
    }

    private int rounding() {
        return control >>> 10 & 3;
    }

    /// Bits of precision that the control word asks for; the reserved encoding means 64.
    private int precision() {
        return switch (control >>> 8 & 3) {
            case 0 -> 24;
            case 2 -> 53;
            default -> 64;
        };
    }

    /// Rounds the unit's non-zero result into the result.
    private void round(int precision) {
        unit.round80(precision, rounding(), (control & UE) != 0, (control & OE) != 0);
        takeRounded();
    }

    private void invalid() {
        unit.raised |= IE;
        indefinite();
    }

    /// The result when one of two operands is a NaN or unsupported: the quiet one of a quiet and a
    /// signaling NaN, else the larger significand, else the positive one (SDM volume 1, table 4-7).
    private void propagate(int ea, long sa, int eb, long sb) {
        if (isUnsupported(ea, sa) || isUnsupported(eb, sb)) {
            invalid();
            return;
        }
        boolean signalingA = isSignaling(ea, sa);
        boolean signalingB = isSignaling(eb, sb);
        if (signalingA || signalingB) {
            unit.raised |= IE;
        }
        boolean first;
        if (!isNan(eb, sb)) {
            first = true;
        } else if (!isNan(ea, sa)) {
            first = false;
        } else if (signalingA != signalingB) {
            first = signalingB;
        } else if (sa == sb) {
            first = ea < eb;
        } else {
            first = SoftFloat.below(sb, sa);
        }
        result(first ? ea : eb, (first ? sa : sb) | QUIET);
    }

    private static boolean isOrdinary(int exponent, long bits) {
        int field = exponent & SPECIAL;
        return bits < 0 ? field != SPECIAL : field == 0;
    }

    /// A op B into the result. Operations by reg field; B - A and B / A for the reversed ones.
    private void compute(int op, int ea, long sa, int eb, long sb) {
        if (!isOrdinary(ea, sa) || !isOrdinary(eb, sb)) {
            special(op, ea, sa, eb, sb);
            return;
        }
        if (op == FSUBR || op == FDIVR) {
            finite(op - 1, eb, sb, ea, sa);
        } else {
            finite(op, ea, sa, eb, sb);
        }
    }

    private void finite(int op, int ea, long sa, int eb, long sb) {
        int sign = (ea ^ eb) & SIGN;
        if (sb == 0 && op == FDIV) {
            if (sa == 0) {
                invalid();
            } else {
                // DE doesn't show beside ZE.
                unit.raised |= ZE;
                result(sign | SPECIAL, TOP_BIT);
            }
            return;
        }
        noteSubnormal(ea, sa);
        noteSubnormal(eb, sb);
        if (sa == 0 || sb == 0) {
            withZero(op, ea, sa, op == FSUB ? eb ^ SIGN : eb, sb);
            return;
        }
        unit.loadA80(ea, sa);
        unit.loadB80(op == FSUB ? eb ^ SIGN : eb, sb);
        switch (op) {
            case FMUL -> unit.multiply();
            case FDIV -> unit.divide();
            default -> unit.add();
        }
        if (unit.hi == 0) {
            result(rounding() == SoftFloat.DOWN ? SIGN : 0, 0);
        } else {
            round(precision());
        }
    }

    private void withZero(int op, int ea, long sa, int eb, long sb) {
        if (op == FMUL || op == FDIV) {
            result((ea ^ eb) & SIGN, 0);
        } else if (sa == sb) {
            int sign = ea & SIGN;
            result(ea == eb ? sign : rounding() == SoftFloat.DOWN ? SIGN : 0, 0);
        } else {
            unit.loadA80(sa == 0 ? eb : ea, sa == 0 ? sb : sa);
            unit.takeA();
            round(precision());
        }
    }

    /// At least one operand is an infinity, a NaN or unsupported.
    private void special(int op, int ea, long sa, int eb, long sb) {
        if (!isInfinite(ea, sa) && !isOrdinary(ea, sa)
                || !isInfinite(eb, sb) && !isOrdinary(eb, sb)) {
            propagate(ea, sa, eb, sb);
            return;
        }
        if (op == FSUBR || op == FDIVR) {
            infinite(op - 1, eb, sb, ea, sa);
        } else {
            infinite(op, ea, sa, eb, sb);
        }
    }

    private void infinite(int op, int ea, long sa, int eb, long sb) {
        boolean infA = isInfinite(ea, sa);
        boolean infB = isInfinite(eb, sb);
        int sign = (ea ^ eb) & SIGN;
        boolean wrong =
                switch (op) {
                    case FADD -> infA && infB && sign != 0;
                    case FSUB -> infA && infB && sign == 0;
                    case FMUL -> isZero(ea, sa) || isZero(eb, sb);
                    default -> infA && infB;
                };
        if (wrong) {
            invalid();
            return;
        }
        noteSubnormal(ea, sa);
        noteSubnormal(eb, sb);
        switch (op) {
            case FADD -> result(infA ? ea : eb, TOP_BIT);
            case FSUB -> result(infA ? ea : eb ^ SIGN, TOP_BIT);
            case FMUL -> result(sign | SPECIAL, TOP_BIT);
            default -> result(infA ? sign | SPECIAL : sign, infA ? TOP_BIT : 0);
        }
    }

    // Arithmetic with two registers or one and memory.

    /// ST(0) op ST(i) into ST(0): D8 with a register. Op 2 and 3 are FCOM and FCOMP.
    public void arithmetic(int op, int i) {
        if (op == FCOM || op == FCOMP) {
            boolean done = fcom(i);
            if (done && op == FCOMP) {
                pop();
            }
            return;
        }
        into(op, 0, i);
    }

    /// ST(0) op ST(i) into ST(i): DC with a register. Returns whether it completed.
    public boolean arithmeticTo(int op, int i) {
        return into(op, i, i);
    }

    /// The same, then pop: DE with a register.
    public void arithmeticPop(int op, int i) {
        if (into(op, i, i)) {
            pop();
        }
    }

    private boolean into(int op, int destination, int i) {
        begin();
        if (isEmpty(0) || isEmpty(i)) {
            stackFault(false);
        } else {
            int a = top;
            int b = physical(i);
            compute(op, signExponent[a], significand[a], signExponent[b], significand[b]);
        }
        return complete(destination);
    }

    /// D8 with a binary32 operand in memory.
    public void arithmetic32(int op, int bits) {
        begin();
        operand32(bits);
        withMemory(op);
    }

    /// DC with a binary64 operand in memory.
    public void arithmetic64(int op, long bits) {
        begin();
        operand64(bits);
        withMemory(op);
    }

    /// DA and DE with an integer in memory: FIADD and its kin.
    public void arithmeticInteger(int op, int value) {
        begin();
        operandInteger(value);
        withMemory(op);
    }

    private void withMemory(int op) {
        if (isEmpty(0)) {
            unit.raised = 0;
            stackFault(false);
            if (op == FCOM || op == FCOMP) {
                finishCompare(op == FCOMP, C3 | C2 | C0);
            } else {
                complete(0);
            }
            return;
        }
        int e = signExponent[top];
        long s = significand[top];
        if (op == FCOM || op == FCOMP) {
            int conditions = compare(e, s, operandExponent, operandSignificand, true);
            finishCompare(op == FCOMP, conditions);
            return;
        }
        int converting = unit.raised;
        unit.raised = 0;
        compute(op, e, s, operandExponent, operandSignificand);
        // A subnormal operand in memory counts like one in a register: unless the operation is
        // invalid.
        if ((unit.raised & (IE | ZE)) == 0 && !isNan(resultExponent, resultSignificand)) {
            unit.raised |= converting;
        }
        complete(0);
    }

    private void finishCompare(boolean pops, int conditions) {
        if (conditions(conditions) && pops) {
            pop();
        }
    }

    /// Brings a binary32 number into the operand, NaNs as they are; a subnormal one raises DE.
    private void operand32(int bits) {
        int sign = bits >>> 16 & SIGN;
        int field = bits >>> 23 & 0xff;
        long fraction = (long) (bits & 0x7f_ffff) << 40;
        if (field == 0xff) {
            operand(sign | SPECIAL, TOP_BIT | fraction);
        } else if (field != 0) {
            operand(sign | field - 127 + BIAS, TOP_BIT | fraction);
        } else if (fraction == 0) {
            operand(sign, 0);
        } else {
            unit.raised |= DE;
            int zeros = Long.numberOfLeadingZeros(fraction);
            operand(sign | BIAS - 126 - zeros, fraction << zeros);
        }
    }

    private void operand64(long bits) {
        int sign = (int) (bits >>> 48) & SIGN;
        int field = (int) (bits >>> 52) & 0x7ff;
        long fraction = (bits & 0xf_ffff_ffff_ffffL) << 11;
        if (field == 0x7ff) {
            operand(sign | SPECIAL, TOP_BIT | fraction);
        } else if (field != 0) {
            operand(sign | field - 1023 + BIAS, TOP_BIT | fraction);
        } else if (fraction == 0) {
            operand(sign, 0);
        } else {
            unit.raised |= DE;
            int zeros = Long.numberOfLeadingZeros(fraction);
            operand(sign | BIAS - 1022 - zeros, fraction << zeros);
        }
    }

    private void operandInteger(long value) {
        if (value == 0) {
            operand(0, 0);
            return;
        }
        long magnitude = Math.abs(value);
        int zeros = Long.numberOfLeadingZeros(magnitude);
        operand((value < 0 ? SIGN : 0) | BIAS + 63 - zeros, magnitude << zeros);
    }

    private void operand(int exponent, long bits) {
        operandExponent = exponent;
        operandSignificand = bits;
    }

    // Comparisons.

    /// C3, C2 and C0; a quiet NaN is invalid where `signalQuiet`.
    private int compare(int ea, long sa, int eb, long sb, boolean signalQuiet) {
        if (isUnsupported(ea, sa) || isUnsupported(eb, sb)) {
            unit.raised = IE;
            return C3 | C2 | C0;
        }
        if (isNan(ea, sa) || isNan(eb, sb)) {
            unit.raised = signalQuiet || isSignaling(ea, sa) || isSignaling(eb, sb) ? IE : 0;
            return C3 | C2 | C0;
        }
        noteSubnormal(ea, sa);
        noteSubnormal(eb, sb);
        boolean zeroA = isZero(ea, sa);
        boolean zeroB = isZero(eb, sb);
        if (zeroA && zeroB) {
            return C3;
        }
        boolean negativeA = (ea & SIGN) != 0;
        if (zeroA || zeroB || negativeA != ((eb & SIGN) != 0)) {
            return zeroA ? (eb & SIGN) != 0 ? 0 : C0 : negativeA ? C0 : 0;
        }
        int fieldA = Math.max(ea & SPECIAL, 1);
        int fieldB = Math.max(eb & SPECIAL, 1);
        if (fieldA == fieldB && sa == sb) {
            return C3;
        }
        boolean smaller = fieldA == fieldB ? SoftFloat.below(sa, sb) : fieldA < fieldB;
        return smaller != negativeA ? C0 : 0;
    }

    private int compareSt(int i, boolean signalQuiet) {
        begin();
        if (isEmpty(0) || isEmpty(i)) {
            stackFault(false);
            return C3 | C2 | C0;
        }
        int a = top;
        int b = physical(i);
        return compare(
                signExponent[a], significand[a], signExponent[b], significand[b], signalQuiet);
    }

    /// Returns whether it completed.
    public boolean fcom(int i) {
        return conditions(compareSt(i, true));
    }

    public boolean fucom(int i) {
        return conditions(compareSt(i, false));
    }

    /// The condition codes show also when an unmasked exception keeps the comparison from popping.
    private boolean conditions(int conditions) {
        status = status & ~(C3 | C2 | C0) | conditions;
        return signal();
    }

    public void fcomp(int i) {
        if (fcom(i)) {
            pop();
        }
    }

    public void fucomp(int i) {
        if (fucom(i)) {
            pop();
        }
    }

    public void fcompp() {
        if (fcom(1)) {
            pop();
            pop();
        }
    }

    public void fucompp() {
        if (fucom(1)) {
            pop();
            pop();
        }
    }

    /// ZF, PF and CF, the other arithmetic flags being 0; also for an unmasked exception. Leaves
    /// C1, as AMD's processors do, but for a stack fault.
    public int fcomi(int i) {
        return compareToRflags(i, true, false);
    }

    public int fucomi(int i) {
        return compareToRflags(i, false, false);
    }

    public int fcomip(int i) {
        return compareToRflags(i, true, true);
    }

    public int fucomip(int i) {
        return compareToRflags(i, false, true);
    }

    private int compareToRflags(int i, boolean signalQuiet, boolean pops) {
        int kept = status & C1;
        int conditions = compareSt(i, signalQuiet);
        if ((unit.raised & SF) == 0) {
            status |= kept;
        }
        if (signal() && pops) {
            pop();
        }
        return ((conditions & C3) != 0 ? FpControl.ZF : 0)
                | ((conditions & C2) != 0 ? FpControl.PF : 0)
                | ((conditions & C0) != 0 ? FpControl.CF : 0);
    }

    public void ftst() {
        begin();
        int conditions = C3 | C2 | C0;
        if (isEmpty(0)) {
            stackFault(false);
        } else {
            conditions = compare(signExponent[top], significand[top], 0, 0, true);
        }
        conditions(conditions);
    }

    public void fxam() {
        int e = signExponent[top];
        long s = significand[top];
        int kind;
        if (isEmpty(0)) {
            kind = C3 | C0;
        } else if (isUnsupported(e, s)) {
            kind = 0;
        } else if (isNan(e, s)) {
            kind = C0;
        } else if (isInfinite(e, s)) {
            kind = C2 | C0;
        } else if (isZero(e, s)) {
            kind = C3;
        } else {
            kind = isSubnormal(e, s) ? C3 | C2 : C2;
        }
        status = status & ~(C3 | C2 | C1 | C0) | kind | ((e & SIGN) != 0 ? C1 : 0);
    }

    // Loads.

    public void fld32(int bits) {
        begin();
        operand32(bits);
        loadOperand();
    }

    public void fld64(long bits) {
        begin();
        operand64(bits);
        loadOperand();
    }

    private void loadOperand() {
        int e = operandExponent;
        long s = operandSignificand;
        if (isNan(e, s)) {
            if ((s & QUIET) == 0) {
                unit.raised |= IE;
            }
            s |= QUIET;
        }
        result(e, s);
        if (isEmpty(-1) && (unit.raised & DE) != 0) {
            // As AMD's processors have it, the number is loaded also when DE is unmasked.
            signal();
            push();
        } else {
            completePush();
        }
    }

    /// No format of 80 bits is invalid here.
    public void fld80(long low, int high) {
        begin();
        result(high & 0xffff, low);
        completePush();
    }

    /// From 16, 32 or 64 bits, sign-extended.
    public void fild(long value) {
        begin();
        operandInteger(value);
        result(operandExponent, operandSignificand);
        completePush();
    }

    /// From 18 packed decimal digits and a sign.
    public void fbld(long low, int high) {
        begin();
        long value = 0;
        for (int i = 4; i >= 0; i -= 4) {
            value = value * 10 + (high >>> i & 15);
        }
        for (int i = 60; i >= 0; i -= 4) {
            value = value * 10 + (low >>> i & 15);
        }
        operandInteger(value);
        result(operandExponent | high & SIGN, operandSignificand);
        completePush();
    }

    /// FLD ST(i).
    public void fld(int i) {
        begin();
        if (isEmpty(i)) {
            stackFault(false);
        } else if (!isEmpty(-1)) {
            stackFault(true);
        } else {
            int r = physical(i);
            result(signExponent[r], significand[r]);
        }
        if (signal()) {
            push();
        }
    }

    private void loadConstant(int exponent, long down, boolean above) {
        begin();
        int rounding = rounding();
        boolean up = rounding == SoftFloat.UP || rounding == SoftFloat.NEAREST && above;
        result(BIAS + exponent, up ? down + 1 : down);
        completePush();
    }

    public void fld1() {
        begin();
        result(BIAS, TOP_BIT);
        completePush();
    }

    public void fldz() {
        begin();
        result(0, 0);
        completePush();
    }

    public void fldl2t() {
        loadConstant(1, 0xd49a_784b_cd1b_8afeL, false);
    }

    public void fldl2e() {
        loadConstant(0, 0xb8aa_3b29_5c17_f0bbL, true);
    }

    public void fldpi() {
        loadConstant(1, 0xc90f_daa2_2168_c234L, true);
    }

    public void fldlg2() {
        loadConstant(-2, 0x9a20_9a84_fbcf_f798L, true);
    }

    public void fldln2() {
        loadConstant(-1, 0xb172_17f7_d1cf_79abL, true);
    }

    // Stores.

    /// Prepares FST m32: returns whether to write the low 32 bits of [#storeLow] and then to call
    /// [#finishStore(boolean)]. If not, an unmasked exception is pending: there's nothing left to
    /// do.
    public boolean prepareStore32() {
        return prepareStore(32);
    }

    /// FST m64.
    public boolean prepareStore64() {
        return prepareStore(64);
    }

    private boolean prepareStore(int bits) {
        begin();
        int e = signExponent[top];
        long s = significand[top];
        if (isEmpty(0)) {
            stackFault(false);
            narrowNan(bits, INDEFINITE_EXPONENT, INDEFINITE);
        } else if (isUnsupported(e, s)) {
            unit.raised |= IE;
            narrowNan(bits, INDEFINITE_EXPONENT, INDEFINITE);
        } else if (isNan(e, s)) {
            if ((s & QUIET) == 0) {
                unit.raised |= IE;
            }
            narrowNan(bits, e, s | QUIET);
        } else if (isInfinite(e, s)) {
            narrowNan(bits, e, s);
        } else if (s == 0) {
            storeLow = (long) (e & SIGN) << bits - 16;
        } else {
            unit.loadA80(e, s);
            unit.takeA();
            int mode = rounding() << 13 | (control & UE) << 7;
            storeLow = bits == 32 ? unit.round32(mode) & 0xffff_ffffL : unit.round64(mode);
        }
        return mayStore();
    }

    private void narrowNan(int bits, int e, long s) {
        long sign = (long) (e & SIGN) << bits - 16;
        long fraction = s & Long.MAX_VALUE;
        storeLow =
                bits == 32
                        ? sign | 0x7f80_0000L | fraction >>> 40
                        : sign | 0x7ff0_0000_0000_0000L | fraction >>> 11;
    }

    /// Memory keeps its content on any unmasked exception but PE.
    private boolean mayStore() {
        int unmasked = unit.raised & ~control & FLAGS;
        if ((unmasked & ~PE) == 0) {
            return true;
        }
        unit.raised &= ~PE;
        signal();
        return false;
    }

    /// Makes the exceptions of a prepared store sticky, and pops.
    public void finishStore(boolean pops) {
        signal();
        showRounding();
        if (pops) {
            pop();
        }
    }

    /// FSTP m80: [#storeLow] and [#storeHigh].
    public boolean prepareStore80() {
        begin();
        if (isEmpty(0)) {
            stackFault(false);
            storeLow = INDEFINITE;
            storeHigh = INDEFINITE_EXPONENT;
        } else {
            storeLow = significand[top];
            storeHigh = signExponent[top];
        }
        return mayStore();
    }

    /// FIST and FISTP of 16, 32 or 64 bits.
    public boolean prepareStoreInteger(int bits) {
        return prepareInteger(bits, rounding());
    }

    /// FISTTP of 16, 32 or 64 bits.
    public boolean prepareStoreTruncated(int bits) {
        return prepareInteger(bits, SoftFloat.TRUNCATE);
    }

    private boolean prepareInteger(int bits, int rounding) {
        begin();
        long limit = 1L << bits - 1;
        int e = signExponent[top];
        long s = significand[top];
        storeLow = limit;
        if (isEmpty(0)) {
            stackFault(false);
        } else if (!isOrdinary(e, s)) {
            unit.raised |= IE;
        } else if (s == 0) {
            storeLow = 0;
        } else {
            unit.loadA80(e, s);
            unit.takeA();
            long magnitude = unit.roundToInteger(rounding);
            if (SoftFloat.below(unit.negative ? limit : limit - 1, magnitude)) {
                unit.raised = IE;
                unit.roundedUp = false;
            } else {
                storeLow = unit.negative ? -magnitude : magnitude;
            }
        }
        return mayStore();
    }

    /// FBSTP: [#storeLow] and [#storeHigh].
    public boolean prepareStoreDecimal() {
        begin();
        int e = signExponent[top];
        long s = significand[top];
        storeLow = INDEFINITE;
        storeHigh = INDEFINITE_EXPONENT;
        if (isEmpty(0)) {
            stackFault(false);
        } else if (!isOrdinary(e, s)) {
            unit.raised |= IE;
        } else if (s == 0) {
            decimal(e, 0);
        } else {
            unit.loadA80(e, s);
            unit.takeA();
            long magnitude = unit.roundToInteger(rounding());
            if (SoftFloat.below(999_999_999_999_999_999L, magnitude)) {
                unit.raised = IE;
                unit.roundedUp = false;
            } else {
                decimal(e, magnitude);
            }
        }
        return mayStore();
    }

    private void decimal(int e, long magnitude) {
        long rest = magnitude;
        storeLow = 0;
        for (int i = 0; i < 64; i += 4) {
            storeLow |= rest % 10 << i;
            rest /= 10;
        }
        storeHigh = e & SIGN | (int) (rest / 10) << 4 | (int) (rest % 10);
    }

    /// FST ST(i).
    public boolean fst(int i) {
        begin();
        if (isEmpty(0)) {
            stackFault(false);
        } else {
            result(signExponent[top], significand[top]);
        }
        return complete(i);
    }

    public void fstp(int i) {
        if (fst(i)) {
            pop();
        }
    }

    /// Undocumented FSTPNCE, which knows no stack fault.
    public void fstpnce(int i) {
        status &= ~C1;
        if (!isEmpty(0)) {
            result(signExponent[top], significand[top]);
            write(i);
        }
        pop();
    }

    /// FCMOVcc when its condition holds; without it, only an empty register matters: pass false.
    public void fcmov(int i, boolean holds) {
        if (isEmpty(0) || isEmpty(i)) {
            begin();
            stackFault(false);
            complete(0);
        } else if (holds) {
            int r = physical(i);
            result(signExponent[r], significand[r]);
            write(0);
        }
    }

    public void fxch(int i) {
        begin();
        if (isEmpty(0) || isEmpty(i)) {
            exchangeEmpty(i);
            return;
        }
        swap(top, physical(i));
    }

    private void swap(int a, int b) {
        int e = signExponent[a];
        long s = significand[a];
        signExponent[a] = signExponent[b];
        significand[a] = significand[b];
        signExponent[b] = e;
        significand[b] = s;
    }

    /// The masked answer to FXCH with an empty register: that one becomes the indefinite NaN, then
    /// they swap.
    private void exchangeEmpty(int i) {
        boolean emptyTop = isEmpty(0);
        boolean emptyOther = isEmpty(i);
        stackFault(false);
        if (!signal()) {
            return;
        }
        if (emptyTop) {
            write(0);
        }
        if (emptyOther) {
            write(i);
        }
        swap(top, physical(i));
    }

    // One operand.

    public void fabs() {
        begin();
        if (isEmpty(0)) {
            stackFault(false);
        } else {
            result(signExponent[top] & SPECIAL, significand[top]);
        }
        complete(0);
    }

    public void fchs() {
        begin();
        if (isEmpty(0)) {
            stackFault(false);
        } else {
            result(signExponent[top] ^ SIGN, significand[top]);
        }
        complete(0);
    }

    /// Whether ST(0) is a number that needs arithmetic; else the result is set: the operand itself
    /// if it is a NaN, made quiet, and invalid if it is unsupported or missing. Zeros and
    /// infinities are left to the caller.
    private boolean takesTop() {
        begin();
        if (isEmpty(0)) {
            stackFault(false);
            return false;
        }
        int e = signExponent[top];
        long s = significand[top];
        if (isUnsupported(e, s) || isNan(e, s)) {
            propagate(e, s, e, s);
            return false;
        }
        return true;
    }

    public void fsqrt() {
        if (takesTop()) {
            int e = signExponent[top];
            long s = significand[top];
            if (s == 0 && (e & SPECIAL) == 0) {
                result(e, s);
            } else if ((e & SIGN) != 0) {
                invalid();
            } else if (isInfinite(e, s)) {
                result(e, s);
            } else {
                noteSubnormal(e, s);
                unit.loadA80(e, s);
                unit.squareRoot();
                round(precision());
            }
        }
        complete(0);
    }

    public void frndint() {
        if (takesTop()) {
            int e = signExponent[top];
            long s = significand[top];
            result(e, s);
            if (!isInfinite(e, s) && s != 0 && (e & SPECIAL) < BIAS + 63) {
                noteSubnormal(e, s);
                unit.loadA80(e, s);
                unit.takeA();
                long magnitude = unit.roundToInteger(rounding());
                operandInteger(magnitude);
                result(operandExponent & SPECIAL | e & SIGN, operandSignificand);
            }
        }
        complete(0);
    }

    /// ST(0) into exponent, in ST(0), and then significand, pushed.
    public void fxtract() {
        int e = signExponent[top];
        long s = significand[top];
        boolean full = !isEmpty(-1);
        if (!isEmpty(0) && full) {
            begin();
            stackFault(true);
            if (signal()) {
                write(0);
                push();
            }
            return;
        }
        int exponentE;
        long exponentS;
        if (!takesTop() || isInfinite(e, s)) {
            if (unit.raised == 0 && isInfinite(e, s) && !isEmpty(0)) {
                result(e, s);
                exponentE = SPECIAL;
            } else {
                exponentE = resultExponent;
            }
            exponentS = resultSignificand;
        } else if (s == 0) {
            unit.raised |= ZE;
            result(e, s);
            exponentE = SIGN | SPECIAL;
            exponentS = TOP_BIT;
        } else {
            noteSubnormal(e, s);
            unit.loadA80(e, s);
            operandInteger(unit.exponentA);
            exponentE = operandExponent;
            exponentS = operandSignificand;
            result(e & SIGN | BIAS, unit.significandA);
        }
        if (signal()) {
            signExponent[top] = exponentE;
            significand[top] = exponentS;
            used |= 1 << top;
            push();
        }
    }

    /// ST(0) * 2^trunc(ST(1)).
    public void fscale() {
        begin();
        if (isEmpty(0) || isEmpty(1)) {
            stackFault(false);
            complete(0);
            return;
        }
        int b = physical(1);
        int ea = signExponent[top];
        long sa = significand[top];
        int eb = signExponent[b];
        long sb = significand[b];
        if (!isOrdinary(ea, sa) && !isInfinite(ea, sa)
                || !isOrdinary(eb, sb) && !isInfinite(eb, sb)) {
            propagate(ea, sa, eb, sb);
        } else {
            scale(ea, sa, eb, sb);
        }
        complete(0);
    }

    private void scale(int ea, long sa, int eb, long sb) {
        boolean up = (eb & SIGN) == 0;
        if (isInfinite(eb, sb)) {
            if (up ? isZero(ea, sa) : isInfinite(ea, sa)) {
                invalid();
                return;
            }
            noteSubnormal(ea, sa);
            result(ea & SIGN | (up ? SPECIAL : 0), up ? TOP_BIT : 0);
            return;
        }
        noteSubnormal(ea, sa);
        noteSubnormal(eb, sb);
        if (isZero(ea, sa) || isInfinite(ea, sa)) {
            result(ea, sa);
            return;
        }
        int field = (eb & SPECIAL) - BIAS;
        int steps = field < 0 ? 0 : field > 16 ? 1 << 17 : (int) (sb >>> 63 - field);
        unit.loadA80(ea, sa);
        unit.takeA();
        unit.exponent += up ? steps : -steps;
        round(64);
    }

    /// The remainder of ST(0) / ST(1) with the quotient truncated, or a step towards it: C2 then.
    public void fprem() {
        remainder(false);
    }

    /// With the quotient rounded to nearest, as IEEE 754 has it.
    public void fprem1() {
        remainder(true);
    }

    private void remainder(boolean nearest) {
        begin();
        status &= ~C2;
        int b = physical(1);
        int ea = signExponent[top];
        long sa = significand[top];
        int eb = signExponent[b];
        long sb = significand[b];
        int conditions = status & (C3 | C0);
        if (isEmpty(0) || isEmpty(1)) {
            stackFault(false);
        } else if (!isOrdinary(ea, sa) && !isInfinite(ea, sa)
                || !isOrdinary(eb, sb) && !isInfinite(eb, sb)) {
            propagate(ea, sa, eb, sb);
        } else if (isInfinite(ea, sa) || isZero(eb, sb)) {
            invalid();
        } else {
            noteSubnormal(ea, sa);
            noteSubnormal(eb, sb);
            conditions = 0;
            if (isZero(ea, sa)) {
                result(ea, sa);
            } else if (isInfinite(eb, sb)) {
                unit.loadA80(ea, sa);
                unit.takeA();
                round(64);
            } else {
                unit.loadA80(ea, sa);
                unit.loadB80(eb, sb);
                conditions = remainder(nearest, unit.exponentA - unit.exponentB);
            }
        }
        if (signal()) {
            write(0);
            status = status & ~(C3 | C2 | C1 | C0) | conditions;
        }
    }

    /// The remainder of the unit's operands, whose exponents differ by `distance`: the result and
    /// the condition codes, which hold the quotient's last three bits.
    private int remainder(boolean nearest, int distance) {
        long divisor = unit.significandB;
        long rest = unit.significandA;
        long quotient = 0;
        if (distance < 0) {
            if (nearest && distance == -1 && SoftFloat.below(divisor, rest)) {
                // More than half of the divisor: 2b - a in units of a's last place.
                unit.set(!unit.negativeA, unit.exponentA, divisor - (rest - divisor), 0);
                quotient = 1;
            } else {
                unit.takeA();
            }
        } else {
            boolean partial = distance >= 64;
            int steps = partial ? 32 + (distance & 31) : distance;
            if (!SoftFloat.below(rest, divisor)) {
                rest -= divisor;
                quotient = 1;
            }
            for (int i = 0; i < steps; i++) {
                boolean carry = rest < 0;
                rest <<= 1;
                quotient <<= 1;
                if (carry || !SoftFloat.below(rest, divisor)) {
                    rest -= divisor;
                    quotient |= 1;
                }
            }
            boolean minus = unit.negativeA;
            if (partial) {
                unit.set(minus, unit.exponentA - steps, rest, 0);
                finishRemainder(minus);
                return C2;
            }
            if (nearest) {
                long left = divisor - rest;
                if (SoftFloat.below(left, rest) || left == rest && (quotient & 1) != 0) {
                    rest = left;
                    minus = !minus;
                    quotient++;
                }
            }
            unit.set(minus, unit.exponentB, rest, 0);
        }
        finishRemainder(unit.negativeA);
        return ((quotient & 4) != 0 ? C0 : 0)
                | ((quotient & 2) != 0 ? C3 : 0)
                | ((quotient & 1) != 0 ? C1 : 0);
    }

    private void finishRemainder(boolean dividendNegative) {
        unit.normalize();
        if (unit.hi == 0) {
            result(dividendNegative ? SIGN : 0, 0);
        } else {
            round(64);
        }
    }

    // Transcendental functions. Results are rounded by the rounding control to 64 bits, whatever
    // the precision control says, and always count as inexact.

    private Transcendental transcendental() {
        if (transcendental == null) {
            transcendental = new Transcendental(unit);
        }
        return transcendental;
    }

    private void roundTranscendental() {
        if (unit.hi == 0) {
            result(unit.negative ? SIGN : 0, 0);
        } else {
            round(64);
        }
        unit.raised |= isSubnormal(resultExponent, resultSignificand) ? UE | PE : PE;
    }

    /// 2^ST(0) - 1. Outside -1 to 1, where it is undefined, the operand stays, as on AMD's
    /// processors.
    public void f2xm1() {
        if (takesTop()) {
            int e = signExponent[top];
            long s = significand[top];
            if (isInfinite(e, s)) {
                boolean minus = (e & SIGN) != 0;
                result(minus ? SIGN | BIAS : e, s);
            } else if (s == 0) {
                result(e, s);
            } else if ((e & SPECIAL) >= BIAS) {
                boolean minusOne = e == (SIGN | BIAS) && s == TOP_BIT;
                result(minusOne ? e - 1 : e, s);
                unit.raised |= PE;
            } else {
                noteSubnormal(e, s);
                unit.loadA80(e, s);
                transcendental().exponentialLess1();
                roundTranscendental();
            }
        }
        complete(0);
    }

    /// Whether ST(0) and ST(1) are numbers or infinities; else the result is set.
    private boolean takesTwo() {
        begin();
        int b = physical(1);
        if (isEmpty(0) || isEmpty(1)) {
            stackFault(false);
            return false;
        }
        int ea = signExponent[top];
        long sa = significand[top];
        int eb = signExponent[b];
        long sb = significand[b];
        if (!isOrdinary(ea, sa) && !isInfinite(ea, sa)
                || !isOrdinary(eb, sb) && !isInfinite(eb, sb)) {
            propagate(ea, sa, eb, sb);
            return false;
        }
        return true;
    }

    private void completePop() {
        if (complete(1)) {
            pop();
        }
    }

    /// ST(1) * log2(ST(0)), into ST(1), and pop.
    public void fyl2x() {
        if (takesTwo()) {
            int b = physical(1);
            logarithm(signExponent[top], significand[top], signExponent[b], significand[b]);
        }
        completePop();
    }

    private void logarithm(int ex, long sx, int ey, long sy) {
        boolean zeroX = isZero(ex, sx);
        boolean zeroY = isZero(ey, sy);
        boolean infiniteY = isInfinite(ey, sy);
        int signY = ey & SIGN;
        if (!zeroX && (ex & SIGN) != 0) {
            invalid();
        } else if (zeroX) {
            if (zeroY) {
                invalid();
            } else {
                if (!infiniteY) {
                    unit.raised |= ZE;
                }
                result((signY ^ SIGN) | SPECIAL, TOP_BIT);
            }
        } else if (isInfinite(ex, sx)) {
            if (zeroY) {
                invalid();
            } else {
                noteSubnormal(ey, sy);
                result(signY | SPECIAL, TOP_BIT);
            }
        } else {
            boolean one = ex == BIAS && sx == TOP_BIT;
            boolean below = ex < BIAS;
            if (infiniteY && one) {
                invalid();
                return;
            }
            noteSubnormal(ex, sx);
            noteSubnormal(ey, sy);
            if (infiniteY) {
                result((below ? signY ^ SIGN : signY) | SPECIAL, TOP_BIT);
            } else if (zeroY || one) {
                result(below ? signY ^ SIGN : signY, 0);
            } else {
                unit.loadA80(ex, sx);
                unit.loadB80(ey, sy);
                transcendental().logarithm();
                roundTranscendental();
            }
        }
    }

    /// ST(1) * log2(ST(0) + 1), into ST(1), and pop.
    public void fyl2xp1() {
        if (takesTwo()) {
            int b = physical(1);
            logarithmOf1Plus(signExponent[top], significand[top], signExponent[b], significand[b]);
        }
        completePop();
    }

    private void logarithmOf1Plus(int ex, long sx, int ey, long sy) {
        boolean infiniteY = isInfinite(ey, sy);
        boolean zeroX = isZero(ex, sx);
        int sign = (ex ^ ey) & SIGN;
        if (isInfinite(ex, sx)) {
            if ((ex & SIGN) != 0 || isZero(ey, sy)) {
                invalid();
            } else {
                noteSubnormal(ey, sy);
                result(sign | SPECIAL, TOP_BIT);
            }
        } else if (infiniteY) {
            if (zeroX) {
                invalid();
            } else {
                noteSubnormal(ex, sx);
                result(sign | SPECIAL, TOP_BIT);
            }
        } else {
            noteSubnormal(ex, sx);
            noteSubnormal(ey, sy);
            if (zeroX || isZero(ey, sy)) {
                result(sign, 0);
            } else if (ex >= (SIGN | BIAS)) {
                // Undefined from -1 down: AMD's processors answer with the operand.
                result(ex, sx);
                unit.raised |= PE;
            } else {
                unit.loadA80(ex, sx);
                unit.loadB80(ey, sy);
                transcendental().logarithmOf1Plus();
                roundTranscendental();
            }
        }
    }

    /// The angle of the point (ST(0), ST(1)), into ST(1), and pop.
    public void fpatan() {
        if (takesTwo()) {
            int b = physical(1);
            angle(signExponent[top], significand[top], signExponent[b], significand[b]);
        }
        completePop();
    }

    private void angle(int ex, long sx, int ey, long sy) {
        boolean infiniteX = isInfinite(ex, sx);
        boolean infiniteY = isInfinite(ey, sy);
        boolean zeroX = isZero(ex, sx);
        boolean zeroY = isZero(ey, sy);
        boolean left = (ex & SIGN) != 0;
        int eighths;
        noteSubnormal(ex, sx);
        noteSubnormal(ey, sy);
        if (zeroY || infiniteX && !infiniteY) {
            eighths = left ? 4 : 0;
        } else if (zeroX || infiniteY && !infiniteX) {
            eighths = 2;
        } else if (infiniteX) {
            eighths = left ? 3 : 1;
        } else {
            unit.loadA80(ex, sx);
            unit.loadB80(ey, sy);
            transcendental().angle();
            roundTranscendental();
            return;
        }
        if (eighths == 0) {
            result(ey & SIGN, 0);
        } else {
            transcendental().quarterPi(eighths);
            unit.negative = (ey & SIGN) != 0;
            roundTranscendental();
        }
    }

    /// Whether ST(0) is a number in the range of FSIN and its kin. Out of it C2 is set and nothing
    /// else changes.
    private boolean inRange() {
        boolean beyond =
                !isEmpty(0)
                        && (signExponent[top] & SPECIAL) >= BIAS + 63
                        && (signExponent[top] & SPECIAL) != SPECIAL
                        && significand[top] < 0;
        if (beyond) {
            status = status & ~C1 | C2;
        } else {
            status &= ~C2;
        }
        return !beyond;
    }

    public void fsin() {
        if (inRange()) {
            if (takesTop()) {
                sine(signExponent[top], significand[top]);
            }
            complete(0);
        }
    }

    private void sine(int e, long s) {
        if (isInfinite(e, s)) {
            invalid();
        } else if (s == 0) {
            result(e, s);
        } else {
            noteSubnormal(e, s);
            unit.loadA80(e, s);
            transcendental().sin();
            roundTranscendental();
        }
    }

    public void fcos() {
        if (inRange()) {
            if (takesTop()) {
                cosine(signExponent[top], significand[top]);
            }
            complete(0);
        }
    }

    private void cosine(int e, long s) {
        if (isInfinite(e, s)) {
            invalid();
        } else if (s == 0) {
            result(BIAS, TOP_BIT);
        } else {
            noteSubnormal(e, s);
            unit.loadA80(e, s);
            transcendental().cos();
            roundTranscendental();
        }
    }

    /// The sine into ST(0), then the cosine pushed.
    public void fsincos() {
        if (isEmpty(-1) && !inRange()) {
            return;
        }
        status &= ~C2;
        int e = signExponent[top];
        long s = significand[top];
        if (pushesSecond() && takesTop()) {
            sine(e, s);
        }
        int sineExponent = resultExponent;
        long sineSignificand = resultSignificand;
        if ((unit.raised & IE) == 0 && !isNan(sineExponent, sineSignificand)) {
            cosine(e, s);
        }
        completeTwo(sineExponent, sineSignificand);
    }

    /// The tangent into ST(0), then 1 pushed.
    public void fptan() {
        if (isEmpty(-1) && !inRange()) {
            return;
        }
        status &= ~C2;
        int e = signExponent[top];
        long s = significand[top];
        if (pushesSecond() && takesTop()) {
            if (isInfinite(e, s)) {
                invalid();
            } else if (s == 0) {
                result(e, s);
            } else {
                noteSubnormal(e, s);
                unit.loadA80(e, s);
                transcendental().tan();
                roundTranscendental();
            }
        }
        int tangentExponent = resultExponent;
        long tangentSignificand = resultSignificand;
        if ((unit.raised & IE) == 0 && !isNan(tangentExponent, tangentSignificand)) {
            result(BIAS, TOP_BIT);
        }
        completeTwo(tangentExponent, tangentSignificand);
    }

    /// Whether there's room for a second result; else a stack fault is noted.
    private boolean pushesSecond() {
        begin();
        if (isEmpty(0)) {
            stackFault(false);
            return false;
        }
        if (!isEmpty(-1)) {
            stackFault(true);
            return false;
        }
        return true;
    }

    /// Writes a first result to ST(0) and pushes the present one.
    private void completeTwo(int firstExponent, long firstSignificand) {
        if (signal()) {
            showRounding();
            signExponent[top] = firstExponent;
            significand[top] = firstSignificand;
            used |= 1 << top;
            push();
        }
    }

    // Control.

    /// Whether a waiting instruction must raise #MF instead.
    public boolean errorPending() {
        return (status & ES) != 0;
    }

    public void fninit() {
        control = 0x37f;
        status = 0;
        top = 0;
        used = 0;
        instructionPointer = 0;
        instructionSelector = 0;
        dataPointer = 0;
        dataSelector = 0;
        opcode = 0;
    }

    public void fnclex() {
        status &= ~(FLAGS | SF | ES | B);
    }

    public int fnstcw() {
        return control;
    }

    public void fldcw(int value) {
        control = value & 0x1f3f | 0x40;
        refreshSummary();
    }

    /// ES and B follow flags and masks.
    private void refreshSummary() {
        if ((status & ~control & FLAGS) != 0) {
            status |= ES | B;
        } else {
            status &= ~(ES | B);
        }
    }

    public int fnstsw() {
        return status | top << 11;
    }

    /// Sets the status word as an image or a restored state has it.
    public void loadStatus(int value) {
        top = value >>> 11 & 7;
        status = value & ~0x3800 & 0xffff;
        refreshSummary();
    }

    public void fincstp() {
        status &= ~C1;
        top = top + 1 & 7;
    }

    public void fdecstp() {
        status &= ~C1;
        top = top - 1 & 7;
    }

    public void ffree(int i) {
        status &= ~C1;
        used &= ~(1 << physical(i));
    }

    /// Undocumented FFREEP.
    public void ffreep(int i) {
        ffree(i);
        pop();
    }

    /// The full tag word: valid 0, zero 1, special 2, empty 3 (SDM volume 1, 8.1.7).
    public int tagWord() {
        int tags = 0;
        for (int r = 0; r < 8; r++) {
            int tag;
            int field = signExponent[r] & SPECIAL;
            if ((used >>> r & 1) == 0) {
                tag = 3;
            } else if (field == 0 && significand[r] == 0) {
                tag = 1;
            } else {
                tag = field != 0 && field != SPECIAL && significand[r] < 0 ? 0 : 2;
            }
            tags |= tag << 2 * r;
        }
        return tags;
    }

    /// Only which registers are empty is taken from it.
    public void loadTagWord(int tags) {
        used = 0;
        for (int r = 0; r < 8; r++) {
            if ((tags >>> 2 * r & 3) != 3) {
                used |= 1 << r;
            }
        }
    }

    /// A bit for each register by physical number, 1 when in use: FXSAVE's and XSAVE's tag byte.
    public int tagByte() {
        return used;
    }

    public void loadTagByte(int tags) {
        used = tags & 0xff;
    }

    // MMX (SDM volume 1, 9.5).

    /// Before any MMX instruction but EMMS: TOP becomes 0, all registers are in use.
    public void enterMmx() {
        top = 0;
        used = 0xff;
    }

    public void emms() {
        top = 0;
        used = 0;
    }

    public long mm(int n) {
        return significand[n];
    }

    /// Sign and exponent become all ones.
    public void setMm(int n, long value) {
        significand[n] = value;
        signExponent[n] = 0xffff;
    }
}
