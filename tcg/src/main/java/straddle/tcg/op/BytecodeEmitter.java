package straddle.tcg.op;

import static org.objectweb.asm.Opcodes.*;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import straddle.tcg.block.Tb;
import straddle.tcg.mmu.Raw;
import straddle.tcg.mmu.Tlb;

/// Writes a region's bytecode.
///
/// Register slots live in locals, which are loaded at entry. What a block writes to them is stored to the processor
/// before anything that can fault or leave, so that no path out of the region has to know more than the flags, which
/// are spilled in one shared exit block: HotSpot's register allocator takes most of the time that a region costs it,
/// and it was the paths out that made it so. The locals are the same at every label and the operand stack is
/// empty there, so that stack frames need no computing.
///
/// A method is emitted twice: the first pass, into nothing, gathers [RegionFacts].
public final class BytecodeEmitter extends Emitter {
    private static final String CPU = "straddle/tcg/Cpu";
    private static final String CODE = "straddle/tcg/region/RegionCode";
    private static final String RUNTIME = "straddle/tcg/op/RegionRuntime";
    private static final String MICRO_OP = "straddle/tcg/op/MicroOp";
    private static final String FAULT = "straddle/tcg/GuestFault";
    private static final String RAW = "straddle/tcg/mmu/Raw";
    private static final String UNSAFE = "jdk/internal/misc/Unsafe";

    private static final int THIS = 0;
    private static final int CPU_LOCAL = 1;
    private static final int REGISTERS = 2;
    private static final int VECTORS = 3;
    private static final int EXIT = 4;
    private static final int AT = 5;
    private static final int KIND = 6;
    private static final int TLB = 7;
    private static final int COUNT = 9;
    private static final int RESULT = 11;
    private static final int FLAG_A = 13;
    private static final int FLAG_B = 15;

    /// The zero-extended result of a rotation whose flags are not in RESULT yet, and how it was made, 0 for none.
    private static final int ROTATED = ADDRESS + 2;

    private static final int ROTATION = ROTATED + 2;

    /// What an access goes to, and stores.
    private static final int VIRTUAL = ROTATION + 2;

    private static final int VALUE = VIRTUAL + 2;
    private static final int PAGE = VALUE + 2;
    private static final int ENTRY = PAGE + 2;
    private static final int ADDEND = ENTRY + 2;
    private static final int FIRST_SLOT = ADDEND + 2;

    private static final int NO_SITE = -1;

    /// The deepest is a rotation's flags: an int and five longs, and an address below.
    private static final int MAX_STACK = 20;

    /// More targets of an indirect jump than this get a switch.
    private static final int MAX_COMPARES = 3;

    /// In AT: the micro-op is being called, the state is spilled.
    public static final int CALLED = 1 << 14;

    private final MethodVisitor m;
    private final RegionFacts facts;

    /// Slots whose locals the processor does not have yet.
    private final BitSet unsaved = new BitSet();

    private final List<MicroOp> pool = new ArrayList<>();
    private final IdentityHashMap<MicroOp, Integer> poolIndex = new IdentityHashMap<>();
    private final Map<Long, Label> labels;
    private final Label exit = new Label();
    private final Label missed = new Label();
    private final Label handler = new Label();
    private final Label end = new Label();
    private final boolean ordered;
    private int kind = NO_KIND;

    /// ROTATED holds what settle() must turn into flags before somebody looks.
    private boolean pendingRotation;

    /// Whether the block may run again before the region is left.
    private boolean looping;

    private boolean firstFrame = true;
    private boolean ended;

    /// @param facts about the region; gathered in the first pass
    /// @param labels where the region's blocks begin, by guest program counter
    /// @param zeroSlot the slot that always holds 0
    /// @param ordered whether accesses keep x86's order, as other vCPUs can see it
    public BytecodeEmitter(
            MethodVisitor m,
            RegionFacts facts,
            Map<Long, Label> labels,
            int zeroSlot,
            boolean ordered) {
        super(zeroSlot);
        this.m = m;
        this.facts = facts;
        this.labels = labels;
        this.ordered = ordered;
    }

    /// What a local variable holds, for listings.
    public static String localName(int local, RegionFacts facts, IntFunction<String> slotName) {
        if (local >= FIRST_SLOT) {
            return slotName.apply(facts.slot((local - FIRST_SLOT) / 2));
        }
        return switch (local) {
            case THIS -> "this";
            case CPU_LOCAL -> "cpu";
            case REGISTERS -> "registers";
            case VECTORS -> "vectors";
            case EXIT -> "exit";
            case AT -> "at";
            case KIND -> "flagKind";
            case TLB -> "tlb";
            case COUNT -> "count";
            case RESULT -> "flagResult";
            case FLAG_A -> "flagA";
            case FLAG_B -> "flagB";
            case A -> "a";
            case B -> "b";
            case R -> "result";
            case ADDRESS -> "address";
            default -> "local" + local;
        };
    }

    /// How many bytes the method has; after its end.
    public int bytes() {
        return end.getOffset();
    }

    /// The micro-ops that the bytecode refers to by number.
    public List<MicroOp> pool() {
        return pool;
    }

    // ---- structure

    /// Begins the method: loads the state.
    public void begin(Label body) {
        m.visitCode();
        Label runs = new Label();
        m.visitVarInsn(ALOAD, CPU_LOCAL);
        m.visitJumpInsn(IFNONNULL, runs);
        m.visitInsn(ACONST_NULL);
        m.visitInsn(ARETURN);
        m.visitLabel(runs);
        m.visitFrame(F_SAME, 0, null, 0, null);
        m.visitTryCatchBlock(body, exit, handler, FAULT);
        m.visitVarInsn(ALOAD, CPU_LOCAL);
        m.visitFieldInsn(GETFIELD, CPU, "r", "[J");
        m.visitVarInsn(ASTORE, REGISTERS);
        m.visitVarInsn(ALOAD, CPU_LOCAL);
        m.visitFieldInsn(GETFIELD, CPU, "vectors", "[J");
        m.visitVarInsn(ASTORE, VECTORS);
        m.visitInsn(ICONST_0);
        m.visitVarInsn(ISTORE, EXIT);
        m.visitInsn(ICONST_0);
        m.visitVarInsn(ISTORE, AT);
        m.visitInsn(LCONST_0);
        m.visitVarInsn(LSTORE, COUNT);
        reload();
        for (int scratch = A; scratch < FIRST_SLOT; scratch += 2) {
            clear(scratch);
        }
        m.visitLabel(body);
        frame();
    }

    private void clear(int local) {
        m.visitInsn(LCONST_0);
        m.visitVarInsn(LSTORE, local);
    }

    private void frame() {
        if (!firstFrame) {
            m.visitFrame(F_SAME, 0, null, 0, null);
            return;
        }
        firstFrame = false;
        List<Object> locals =
                new ArrayList<>(List.of(CODE, CPU, "[J", "[J", INTEGER, INTEGER, INTEGER));
        for (int local = TLB; local < locals(); local += 2) {
            locals.add(LONG);
        }
        m.visitFrame(F_FULL, locals.size(), locals.toArray(), 0, new Object[0]);
    }

    /// Begins a block that other blocks of the region jump to.
    public void block(Tb tb) {
        m.visitLabel(labels.get(tb.pc));
        frame();
        kind = facts.kindAt(tb.pc);
        facts.begin(tb.pc);
        looping = facts.loops(tb.pc);
        ended = false;
        m.visitVarInsn(LLOAD, COUNT);
        constant(tb.insns);
        m.visitInsn(LADD);
        m.visitVarInsn(LSTORE, COUNT);
    }

    /// Emits a block's micro-ops.
    public void micros(MicroOp first) {
        for (MicroOp op = first; op != null && !ended; op = op.next) {
            op.emit(this);
        }
    }

    /// Ends the method: the shared exit and the fault handler.
    public void end() {
        m.visitLabel(exit);
        frame();
        spillFlags();
        addRetired();
        m.visitVarInsn(ALOAD, THIS);
        m.visitFieldInsn(GETFIELD, CODE, "pool", "[L" + MICRO_OP + ";");
        m.visitVarInsn(ILOAD, EXIT);
        m.visitInsn(AALOAD);
        m.visitInsn(ARETURN);
        if (facts.leavesOnMiss()) {
            m.visitLabel(missed);
            frame();
            settleWhateverIsPending(this::frame);
            spillFlags();
            addRetired();
            m.visitVarInsn(ALOAD, THIS);
            m.visitVarInsn(ALOAD, CPU_LOCAL);
            m.visitVarInsn(ILOAD, EXIT);
            m.visitMethodInsn(
                    INVOKEVIRTUAL, CODE, "missed", "(L" + CPU + ";I)L" + MICRO_OP + ";", false);
            m.visitInsn(ARETURN);
        }
        m.visitLabel(handler);
        m.visitFrame(F_SAME1, 0, null, 1, new Object[] {FAULT});
        Label spilled = new Label();
        m.visitVarInsn(ILOAD, AT);
        integer(CALLED);
        m.visitInsn(IAND);
        m.visitJumpInsn(IFNE, spilled);
        settleWhateverIsPending(() -> m.visitFrame(F_SAME1, 0, null, 1, new Object[] {FAULT}));
        spillFlags();
        m.visitLabel(spilled);
        m.visitFrame(F_SAME1, 0, null, 1, new Object[] {FAULT});
        addRetired();
        m.visitVarInsn(ALOAD, THIS);
        m.visitInsn(SWAP);
        m.visitVarInsn(ALOAD, CPU_LOCAL);
        m.visitInsn(SWAP);
        m.visitVarInsn(ILOAD, AT);
        m.visitInsn(SWAP);
        m.visitMethodInsn(
                INVOKEVIRTUAL,
                CODE,
                "faulted",
                "(L" + CPU + ";IL" + FAULT + ";)L" + FAULT + ";",
                false);
        m.visitInsn(ATHROW);
        m.visitLabel(end);
        m.visitMaxs(MAX_STACK, locals());
        m.visitEnd();
    }

    /// As [#settle()] where it is known only at run time whether there is anything to do.
    private void settleWhateverIsPending(Runnable frame) {
        Label settled = new Label();
        m.visitVarInsn(LLOAD, ROTATION);
        m.visitInsn(LCONST_0);
        m.visitInsn(LCMP);
        m.visitJumpInsn(IFEQ, settled);
        kind = NO_KIND;
        foldRotation();
        m.visitInsn(ICONST_0);
        m.visitVarInsn(ISTORE, KIND);
        m.visitLabel(settled);
        frame.run();
    }

    private void addRetired() {
        m.visitVarInsn(ALOAD, CPU_LOCAL);
        m.visitInsn(DUP);
        m.visitFieldInsn(GETFIELD, CPU, "retiredInRegions", "J");
        m.visitVarInsn(LLOAD, COUNT);
        m.visitInsn(LADD);
        m.visitFieldInsn(PUTFIELD, CPU, "retiredInRegions", "J");
    }

    private int locals() {
        return FIRST_SLOT + 2 * facts.slots();
    }

    private int local(int slot) {
        return FIRST_SLOT + 2 * facts.index(slot);
    }

    /// Stores what was written to slots since the last time.
    private void save() {
        for (int slot = unsaved.nextSetBit(0); slot >= 0; slot = unsaved.nextSetBit(slot + 1)) {
            place(slot);
            m.visitVarInsn(LLOAD, local(slot));
            m.visitInsn(LASTORE);
        }
        unsaved.clear();
    }

    /// Pushes where the processor has a slot.
    private void place(int slot) {
        if (slot < VECTOR) {
            m.visitVarInsn(ALOAD, REGISTERS);
            integer(slot);
        } else {
            m.visitVarInsn(ALOAD, VECTORS);
            integer(slot - VECTOR);
        }
    }

    @Override
    public void beforeVectors() {
        save();
    }

    @Override
    public void afterVectors() {
        for (int i = 0; i < facts.slots(); i++) {
            if (facts.slot(i) >= VECTOR) {
                reload(facts.slot(i));
            }
        }
    }

    private void reload(int slot) {
        place(slot);
        m.visitInsn(LALOAD);
        m.visitVarInsn(LSTORE, local(slot));
    }

    private void spillFlags() {
        m.visitVarInsn(ALOAD, CPU_LOCAL);
        m.visitVarInsn(ILOAD, KIND);
        m.visitVarInsn(LLOAD, RESULT);
        m.visitVarInsn(LLOAD, FLAG_A);
        m.visitVarInsn(LLOAD, FLAG_B);
        m.visitMethodInsn(INVOKEVIRTUAL, CPU, "setFlags", "(IJJJ)V", false);
    }

    private void reload() {
        for (int i = 0; i < facts.slots(); i++) {
            reload(facts.slot(i));
        }
        fromCpu("flagKind", "I", ISTORE, KIND);
        fromCpu("flagResult", "J", LSTORE, RESULT);
        fromCpu("flagA", "J", LSTORE, FLAG_A);
        fromCpu("flagB", "J", LSTORE, FLAG_B);
        fromCpu("tlb", "J", LSTORE, TLB);
    }

    private void fromCpu(String field, String type, int store, int local) {
        m.visitVarInsn(ALOAD, CPU_LOCAL);
        m.visitFieldInsn(GETFIELD, CPU, field, type);
        m.visitVarInsn(store, local);
    }

    private int number(MicroOp op) {
        return poolIndex.computeIfAbsent(
                op,
                _ -> {
                    pool.add(op);
                    return pool.size() - 1;
                });
    }

    @Override
    public void mark(MicroOp op) {
        save();
        mark(number(op));
    }

    private void mark(int number) {
        integer(number);
        m.visitVarInsn(ISTORE, AT);
    }

    // ---- whole micro-ops

    @Override
    public void call(MicroOp op) {
        if (op.next instanceof Branch.Anywhere) {
            leave(op);
            return;
        }
        settle();
        save();
        spillFlags();
        mark(number(op) | CALLED);
        execute(op);
        Label goOn = new Label();
        m.visitJumpInsn(IFNONNULL, goOn);
        addRetired();
        m.visitInsn(ACONST_NULL);
        m.visitInsn(ARETURN);
        m.visitLabel(goOn);
        frame();
        reload();
        kind = NO_KIND;
    }

    @Override
    public void compute(MicroOp op, int... writes) {
        save();
        execute(op);
        m.visitInsn(POP);
        for (int slot : writes) {
            reload(slot);
        }
    }

    /// Pushes what a micro-op answers.
    private void execute(MicroOp op) {
        m.visitVarInsn(ALOAD, THIS);
        m.visitFieldInsn(GETFIELD, CODE, "pool", "[L" + MICRO_OP + ";");
        integer(number(op));
        m.visitInsn(AALOAD);
        m.visitVarInsn(ALOAD, CPU_LOCAL);
        m.visitMethodInsn(
                INVOKEVIRTUAL, MICRO_OP, "exec", "(L" + CPU + ";)L" + MICRO_OP + ";", false);
    }

    @Override
    public void leave(MicroOp op) {
        settle();
        save();
        integer(number(op));
        m.visitVarInsn(ISTORE, EXIT);
        m.visitJumpInsn(GOTO, exit);
        ended = true;
    }

    @Override
    public void jump(Jump jump) {
        settle();
        save();
        Label target = labels.get(jump.target());
        if (target == null) {
            leave(jump);
            return;
        }
        facts.reaches(jump.target(), kind);
        m.visitVarInsn(ALOAD, CPU_LOCAL);
        m.visitMethodInsn(INVOKEVIRTUAL, CPU, "wantsAttention", "()Z", false);
        m.visitJumpInsn(IFEQ, target);
        leave(jump);
    }

    @Override
    public void jumpToOneOf(long[] targets, MicroOp op, Runnable before) {
        long[] within = java.util.Arrays.stream(targets).filter(labels::containsKey).toArray();
        if (within.length == 0) {
            leave(op);
            return;
        }
        save();
        settle();
        Label miss = new Label();
        m.visitVarInsn(ALOAD, CPU_LOCAL);
        m.visitMethodInsn(INVOKEVIRTUAL, CPU, "wantsAttention", "()Z", false);
        m.visitJumpInsn(IFNE, miss);
        if (within.length <= MAX_COMPARES) {
            compareTargets(within, miss, before);
        } else {
            switchOnTarget(within, miss, before);
        }
        m.visitLabel(miss);
        frame();
        leave(op);
    }

    @Override
    public boolean hasOneOf(long[] targets) {
        return java.util.Arrays.stream(targets).anyMatch(labels::containsKey);
    }

    private void compareTargets(long[] targets, Label miss, Runnable before) {
        for (int i = 0; i < targets.length; i++) {
            Label next = i == targets.length - 1 ? miss : new Label();
            jumpIf(targets[i], next, before);
            if (next != miss) {
                m.visitLabel(next);
                frame();
            }
        }
    }

    /// By the low halves, then the whole.
    private void switchOnTarget(long[] targets, Label miss, Runnable before) {
        TreeMap<Integer, Long> byLowHalf = new TreeMap<>();
        for (long target : targets) {
            byLowHalf.putIfAbsent((int) target, target);
        }
        int[] keys = byLowHalf.keySet().stream().mapToInt(Integer::intValue).toArray();
        Label[] cases = new Label[keys.length];
        java.util.Arrays.setAll(cases, _ -> new Label());
        take(R);
        m.visitInsn(L2I);
        m.visitLookupSwitchInsn(miss, keys, cases);
        for (int i = 0; i < keys.length; i++) {
            m.visitLabel(cases[i]);
            frame();
            jumpIf(byLowHalf.get(keys[i]), miss, before);
        }
    }

    private void jumpIf(long target, Label otherwise, Runnable before) {
        take(R);
        constant(target);
        m.visitInsn(LCMP);
        m.visitJumpInsn(IFNE, otherwise);
        before.run();
        save();
        facts.reaches(target, kind);
        m.visitJumpInsn(GOTO, labels.get(target));
    }

    @Override
    public void way(Label label) {
        m.visitLabel(label);
        frame();
        ended = false;
    }

    @Override
    public void join(Label label) {
        settle();
        save();
        m.visitLabel(label);
        frame();
        kind = NO_KIND;
    }

    // ---- values on the operand stack

    @Override
    public void integer(int value) {
        if (value >= -1 && value <= 5) {
            m.visitInsn(ICONST_0 + value);
        } else if (value == (byte) value) {
            m.visitIntInsn(BIPUSH, value);
        } else if (value == (short) value) {
            m.visitIntInsn(SIPUSH, value);
        } else {
            m.visitLdcInsn(value);
        }
    }

    @Override
    public void constant(long value) {
        if (value == 0 || value == 1) {
            m.visitInsn(value == 0 ? LCONST_0 : LCONST_1);
        } else if (value == (short) value) {
            integer((int) value);
            m.visitInsn(I2L);
        } else {
            m.visitLdcInsn(value);
        }
    }

    @Override
    public void get(int slot) {
        if (slot == zeroSlot) {
            m.visitInsn(LCONST_0);
            return;
        }
        m.visitVarInsn(LLOAD, local(slot));
    }

    @Override
    public void set(int slot) {
        m.visitVarInsn(LSTORE, local(slot));
        unsaved.set(slot);
    }

    @Override
    public void zeroExtend(int width) {
        if (width < 8) {
            constant((1L << 8 * width) - 1);
            m.visitInsn(LAND);
        }
    }

    @Override
    public void signExtend(int width) {
        switch (width) {
            case 1 -> {
                m.visitInsn(L2I);
                m.visitInsn(I2B);
                m.visitInsn(I2L);
            }
            case 2 -> {
                m.visitInsn(L2I);
                m.visitInsn(I2S);
                m.visitInsn(I2L);
            }
            case 4 -> {
                m.visitInsn(L2I);
                m.visitInsn(I2L);
            }
            default -> {}
        }
    }

    @Override
    public void op(int opcode) {
        m.visitInsn(opcode);
    }

    @Override
    public void arithmetic(int opcode, int width) {
        m.visitInsn(opcode);
        if (opcode == LADD || opcode == LSUB) {
            signExtend(width);
        }
    }

    @Override
    public void take(int scratch) {
        m.visitVarInsn(LLOAD, scratch);
    }

    @Override
    public void keep(int scratch) {
        m.visitVarInsn(LSTORE, scratch);
    }

    @Override
    public void branch(int opcode, Label to) {
        settle();
        save();
        m.visitJumpInsn(opcode, to);
    }

    @Override
    public void runtime(String name, String descriptor) {
        m.visitMethodInsn(INVOKESTATIC, RUNTIME, name, descriptor, false);
    }

    @Override
    public void cpu() {
        m.visitVarInsn(ALOAD, CPU_LOCAL);
    }

    @Override
    public void invoke(String owner, String name, String descriptor) {
        m.visitMethodInsn(INVOKESTATIC, owner, name, descriptor, false);
    }

    // ---- memory

    @Override
    public void load(MicroOp op, int width) {
        if (facts.leavesOnMiss()) {
            m.visitVarInsn(LSTORE, VIRTUAL);
            reach(op, width, Tlb.READ, looping ? Tlb.loadSite(facts.nextSite()) : NO_SITE);
            host(true, width);
        } else {
            mark(op);
            m.visitVarInsn(ALOAD, CPU_LOCAL);
            m.visitVarInsn(LLOAD, TLB);
            runtime("load" + 8 * width, "(JL" + CPU + ";J)J");
        }
        if (ordered) {
            runtime("afterLoad", "()V");
        }
    }

    @Override
    public void store(MicroOp op, int width) {
        if (facts.leavesOnMiss()) {
            m.visitVarInsn(LSTORE, VALUE);
            m.visitVarInsn(LSTORE, VIRTUAL);
            // Another vCPU that takes a page back looks at the TLB's entries alone.
            boolean hasSite = looping && !ordered;
            reach(op, width, Tlb.WRITE, hasSite ? Tlb.storeSite(facts.nextSite()) : NO_SITE);
            if (ordered) {
                runtime("beforeStore", "()V");
            }
            host(false, width);
            return;
        }
        mark(op);
        if (ordered) {
            runtime("beforeStore", "()V");
        }
        m.visitVarInsn(ALOAD, CPU_LOCAL);
        m.visitVarInsn(LLOAD, TLB);
        runtime("store" + 8 * width, "(JJL" + CPU + ";J)V");
    }

    /// Puts what to add to the virtual address into ADDEND. What the TLB does not answer is left to the interpreter,
    /// which runs the micro-op from its beginning: a call in a loop has C2 keep all the loop's values in memory, even
    /// if it is seldom made. For the same reason nothing here is left to a method that HotSpot may not inline.
    ///
    /// @param tag the part of an entry to compare with
    /// @param site the access's own, or NO_SITE
    private void reach(MicroOp op, int width, int tag, int site) {
        save();
        Label known = new Label();
        if (site != NO_SITE) {
            getLong(TLB, site + Tlb.SITE_PAGE);
            m.visitVarInsn(LLOAD, VIRTUAL);
            constant(Tlb.alignedPage(width));
            m.visitInsn(LAND);
            m.visitInsn(LCMP);
            m.visitJumpInsn(IFEQ, known);
        }
        m.visitVarInsn(LLOAD, VIRTUAL);
        if (width > 1) {
            constant(width - 1);
            m.visitInsn(LADD);
        }
        constant(-4096);
        m.visitInsn(LAND);
        m.visitVarInsn(LSTORE, PAGE);
        m.visitVarInsn(LLOAD, TLB);
        m.visitVarInsn(LLOAD, VIRTUAL);
        integer(Tlb.INDEX_SHIFT);
        m.visitInsn(LUSHR);
        constant(Tlb.INDEX_MASK);
        m.visitInsn(LAND);
        m.visitInsn(LADD);
        m.visitVarInsn(LSTORE, ENTRY);
        getLong(ENTRY, tag);
        m.visitVarInsn(LLOAD, PAGE);
        m.visitInsn(LCMP);
        missUnless(IFEQ, op);
        if (site == NO_SITE) {
            getLong(ENTRY, Tlb.ADDEND);
            m.visitVarInsn(LSTORE, ADDEND);
            return;
        }
        raw(
                "putLong",
                "(JJ)V",
                () -> {
                    at(TLB, site + Tlb.SITE_ADDEND);
                    getLong(ENTRY, Tlb.ADDEND);
                });
        raw(
                "putLong",
                "(JJ)V",
                () -> {
                    at(TLB, site + Tlb.SITE_PAGE);
                    m.visitVarInsn(LLOAD, PAGE);
                });
        raw(
                "putLong",
                "(JJ)V",
                () -> {
                    at(TLB, Tlb.SITES_FILLED);
                    constant(1);
                });
        m.visitLabel(known);
        frame();
        getLong(TLB, site + Tlb.SITE_ADDEND);
        m.visitVarInsn(LSTORE, ADDEND);
    }

    private void missUnless(int opcode, MicroOp op) {
        Label answered = new Label();
        m.visitJumpInsn(opcode, answered);
        integer(number(op));
        m.visitVarInsn(ISTORE, EXIT);
        m.visitJumpInsn(GOTO, missed);
        m.visitLabel(answered);
        frame();
    }

    @Override
    public boolean canLeave() {
        return facts.leavesOnMiss();
    }

    @Override
    public void leaveUnless(MicroOp op) {
        save();
        missUnless(IFNE, op);
    }

    /// Makes the access that [#reach] has found the place of.
    private void host(boolean load, int width) {
        Runnable address =
                () -> {
                    m.visitVarInsn(LLOAD, VIRTUAL);
                    m.visitVarInsn(LLOAD, ADDEND);
                    m.visitInsn(LADD);
                };
        String type =
                switch (width) {
                    case 1 -> "Byte";
                    case 2 -> "Short";
                    case 4 -> "Int";
                    default -> "Long";
                };
        String code = type.equals("Long") ? "J" : type.substring(0, 1);
        if (load) {
            raw("get" + type, "(J)" + code, address);
            if (width < 8) {
                m.visitInsn(I2L);
                zeroExtend(width);
            }
            return;
        }
        raw(
                "put" + type,
                "(J" + code + ")V",
                () -> {
                    address.run();
                    m.visitVarInsn(LLOAD, VALUE);
                    if (width < 8) {
                        m.visitInsn(L2I);
                        if (width < 4) {
                            m.visitInsn(width == 1 ? I2B : I2S);
                        }
                    }
                });
    }

    private void getLong(int base, int offset) {
        raw("getLong", "(J)J", () -> at(base, offset));
    }

    private void at(int base, int offset) {
        m.visitVarInsn(LLOAD, base);
        if (offset != 0) {
            constant(offset);
            m.visitInsn(LADD);
        }
    }

    /// A raw access as in [Raw], but as near to the host as the JVM lets.
    ///
    /// @param operands pushes the address, and the value
    private void raw(String name, String descriptor, Runnable operands) {
        if (!Raw.isInternal()) {
            operands.run();
            m.visitMethodInsn(INVOKESTATIC, RAW, name, descriptor, false);
            return;
        }
        m.visitFieldInsn(GETSTATIC, RAW + "$Fast", "U", "L" + UNSAFE + ";");
        m.visitInsn(ACONST_NULL);
        operands.run();
        m.visitMethodInsn(
                INVOKEVIRTUAL,
                UNSAFE,
                name,
                "(Ljava/lang/Object;" + descriptor.substring(1),
                false);
    }

    // ---- flags

    @Override
    public void flags(int newKind, int result, int a, int b) {
        take(result);
        m.visitVarInsn(LSTORE, RESULT);
        take(a);
        m.visitVarInsn(LSTORE, FLAG_A);
        take(b);
        m.visitVarInsn(LSTORE, FLAG_B);
        kind(newKind);
        forgetRotation();
    }

    @Override
    public void logicFlags(int result) {
        take(result);
        m.visitVarInsn(LSTORE, RESULT);
        kind(Flags.LOGIC);
        forgetRotation();
    }

    @Override
    public void eagerFlags() {
        m.visitVarInsn(LSTORE, RESULT);
        kind(Flags.EAGER);
        forgetRotation();
    }

    @Override
    public void carryFlag(int scratch) {
        flagOperands();
        take(scratch);
        runtime("withCarry", "(IJJJJ)J");
        eagerFlags();
    }

    @Override
    public void comparisonFlags(int result, int a, int b) {
        flags(Flags.SUB, result, a, b);
        kind = COMPARISON;
    }

    private void kind(int newKind) {
        if (recorded(kind) != newKind) {
            integer(newKind);
            m.visitVarInsn(ISTORE, KIND);
        }
        kind = newKind;
    }

    @Override
    public void rotateFlags(boolean left, int bits) {
        settle();
        take(R);
        m.visitVarInsn(LSTORE, ROTATED);
        constant(bits << 1 | (left ? 1 : 0));
        m.visitVarInsn(LSTORE, ROTATION);
        pendingRotation = true;
    }

    /// Computes the flags of a rotation, if one is pending.
    public void settle() {
        if (pendingRotation) {
            pendingRotation = false;
            foldRotation();
            kind(Flags.EAGER);
            constant(0);
            m.visitVarInsn(LSTORE, ROTATION);
        }
    }

    private void foldRotation() {
        pushFlags();
        m.visitVarInsn(LLOAD, ROTATED);
        m.visitVarInsn(LLOAD, ROTATION);
        runtime("rotated", "(IJJJJJ)J");
        m.visitVarInsn(LSTORE, RESULT);
    }

    private void forgetRotation() {
        if (pendingRotation) {
            pendingRotation = false;
            constant(0);
            m.visitVarInsn(LSTORE, ROTATION);
        }
    }

    @Override
    public void carry() {
        flagOperands();
        runtime("carry", "(IJJJ)I");
    }

    private void flagOperands() {
        settle();
        pushFlags();
    }

    private void pushFlags() {
        if (kind == NO_KIND) {
            m.visitVarInsn(ILOAD, KIND);
        } else {
            integer(recorded(kind));
        }
        m.visitVarInsn(LLOAD, RESULT);
        m.visitVarInsn(LLOAD, FLAG_A);
        m.visitVarInsn(LLOAD, FLAG_B);
    }

    @Override
    public void condition(int cond) {
        settle();
        String method = operands(cond & ~1);
        if (method == null) {
            unknownCondition(cond);
            return;
        }
        runtime(method, "(JJ)I");
        if ((cond & 1) != 0) {
            m.visitInsn(ICONST_1);
            m.visitInsn(IXOR);
        }
    }

    /// Pushes an int; returns the opcode of the jump to take if a condition holds.
    private int comparison(int cond) {
        settle();
        String method = operands(cond & ~1);
        if (method == null) {
            unknownCondition(cond);
            return IFNE;
        }
        m.visitInsn(LCMP);
        int opcode =
                switch (method) {
                    case "equals" -> IFEQ;
                    case "isLess" -> IFLT;
                    case "isAtLeast" -> IFGE;
                    default -> IFLE;
                };
        return (cond & 1) == 0 ? opcode : negated(opcode);
    }

    private void unknownCondition(int cond) {
        pushFlags();
        integer(cond);
        runtime("condition", "(IJJJI)I");
    }

    @Override
    public void branchIf(int cond, Label to) {
        branch(comparison(cond), to);
    }

    private static int negated(int opcode) {
        return switch (opcode) {
            case IFEQ -> IFNE;
            case IFGE -> IFLT;
            case IFLT -> IFGE;
            default -> IFGT;
        };
    }

    /// Pushes two values of which a condition is a signed comparison, and returns its name in [RegionRuntime]; or
    /// null, if what is known of the flags doesn't make it one.
    ///
    /// Unsigned comparisons bias both operands by xor: see the note on C2 in the translator's documentation.
    private String operands(int cond) {
        if (kind == NO_KIND || kind == Flags.EAGER) {
            return null;
        }
        boolean ofResult = cond == Cond.E || cond == Cond.S;
        if (ofResult || kind == Flags.LOGIC && (cond == Cond.L || cond == Cond.LE)) {
            m.visitVarInsn(LLOAD, RESULT);
            m.visitInsn(LCONST_0);
            return cond == Cond.E ? "equals" : cond == Cond.LE ? "isAtMost" : "isLess";
        }
        String method =
                switch (kind) {
                    case COMPARISON -> orderAfterComparison(cond);
                    case Flags.DIFFERENCE -> orderAfterDifference(cond);
                    default -> null;
                };
        if (method != null) {
            boolean signed = cond == Cond.L || cond == Cond.LE;
            biased(FLAG_A, !signed);
            biased(FLAG_B, !signed);
        }
        return method;
    }

    private static String orderAfterComparison(int cond) {
        return switch (cond) {
            case Cond.B, Cond.L -> "isLess";
            case Cond.BE, Cond.LE -> "isAtMost";
            default -> null;
        };
    }

    private static String orderAfterDifference(int cond) {
        return switch (cond) {
            case Cond.B -> "isAtLeast";
            case Cond.L -> "isLess";
            case Cond.LS, Cond.LE -> "isAtMost";
            default -> null;
        };
    }

    private void biased(int local, boolean bias) {
        m.visitVarInsn(LLOAD, local);
        if (bias) {
            constant(Long.MIN_VALUE);
            m.visitInsn(LXOR);
        }
    }
}
