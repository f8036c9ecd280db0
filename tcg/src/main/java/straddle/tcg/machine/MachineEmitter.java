package straddle.tcg.machine;

import static org.objectweb.asm.Opcodes.*;
import static straddle.tcg.machine.Assembler.*;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.IdentityHashMap;
import java.util.List;
import org.objectweb.asm.Label;
import straddle.tcg.Cpu;
import straddle.tcg.block.Tb;
import straddle.tcg.op.Branch;
import straddle.tcg.op.Jump;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.Outcome;
import straddle.tcg.op.Word;

/// Compiles one block to the host's machine code, in one pass.
///
/// The operand stack is one of [Value]s, so that only what computes something becomes an instruction. Guest slots stay
/// in registers from their first use on; what is written to them goes to memory at the end of the block and where it is
/// left for longer than an access. A path that leaves lies out of line and stores what memory lacks just there, as
/// what is known of the registers at that place says.
final class MachineEmitter extends HostFlags {
    private final Plan plan;

    private final IdentityHashMap<Label, List<Integer>> forward = new IdentityHashMap<>();

    /// What holds where a jump to a label is, for one that need not leave everything to memory.
    private final IdentityHashMap<Label, Snapshot> snapshots = new IdentityHashMap<>();

    /// What is to be written yet: where jumps of a loop lead.
    private final ArrayDeque<Way> ways = new ArrayDeque<>();

    /// What the loop begins with, and where, once it is being written.
    private Snapshot loop;

    private long loopStart;

    /// Whether the present micro-op has a jump that is followed.
    private boolean isFollowed;

    /// A jump that was followed.
    private record Way(Jump jump, Tb from, int end, Snapshot snapshot, boolean isInLoop) {}

    private boolean ended;

    /// Whether there is bytecode for the present micro-op, and no machine code.
    private boolean hasBytecode;

    MachineEmitter(MachineCode owner, Assembler asm, Plan plan, int zeroSlot) {
        super(owner, asm, plan.tb, zeroSlot);
        this.plan = plan;
    }

    /// Emits the block, and the loop that it begins if there is to be one; returns false if it must be done anew, as the
    /// plan says by now.
    boolean emit() {
        plan.begin();
        try {
            if (!block(plan.tb, true)) {
                return false;
            }
            while (!ways.isEmpty()) {
                if (!follow(ways.pop())) {
                    return false;
                }
            }
        } catch (Snapshot.Mismatch e) {
            plan.weaken(e);
            return false;
        }
        outOfLine.forEach(Runnable::run);
        return true;
    }

    /// @param isHead whether code may come from elsewhere, and looks whether it has run long enough
    private boolean block(Tb of, boolean isHead) {
        BitSet called = plan.called(of);
        int instruction = 0;
        tb = of;
        ended = false;
        opStart = now;
        begin(isHead || owner.isChecked());
        int number = 0;
        for (MicroOp op = of.head.next; op != null && !ended; op = op.next) {
            current = op;
            readsStackPointer = false;
            if (op.index != instruction) {
                instruction = op.index;
                forgetTemporaries();
            }
            hasBytecode = called.get(number);
            isFollowed = false;
            if (hasBytecode) {
                call(op);
            } else {
                try {
                    isFollowed = plan.followsLoop && isFollowed(op);
                    op.emit(this);
                    endOp();
                } catch (Unsupported e) {
                    called.set(number);
                    return false;
                }
            }
            number++;
        }
        if (!forward.isEmpty()) {
            // The block ends within a predicated part.
            plan.followsLoop = false;
            called.set(0, number);
            return false;
        }
        return true;
    }

    private boolean isFollowed(MicroOp op) {
        for (Jump jump : op.jumps()) {
            if (plan.follows(jump)) {
                return true;
            }
        }
        return false;
    }

    private boolean follow(Way way) {
        forgetWithout();
        way.snapshot.restore(this);
        Tb to = way.jump.linked();
        boolean isFirst = to == plan.tb && loop == null;
        if (isFirst || to != plan.tb && (loop == null || way.isInLoop) && plan.follows(way.jump)) {
            asm.arriveOrDrop(way.end);
            if (isFirst) {
                pay();
                loop = way.snapshot;
                loopStart = asm.here();
            }
            plan.follow(to);
            return block(to, isFirst);
        }
        tb = way.from;
        asm.arriveOrDrop(way.end);
        if (to != plan.tb || !goBack(way.isInLoop)) {
            flush();
            go(way.jump);
        }
        return true;
    }

    /// Goes on at the loop's beginning; returns false if that can't be.
    private boolean goBack(boolean isInLoop) {
        try {
            if (!plan.keepsOutcomes) {
                leaveOutcomes();
            }
            loop.reconcile(this);
        } catch (Snapshot.Mismatch e) {
            if (isInLoop && plan.canWeaken(e)) {
                throw e;
            }
            return false;
        }
        pay();
        asm.jumpTo(loopStart);
        return true;
    }

    /// Has registers hold nothing any more, whatever memory lacks.
    private void forgetWithout() {
        dirty.clear();
        wides.areInMemory();
        forget();
    }

    /// @param counts whether to count what the block has at once
    private void begin(boolean counts) {
        int insns = tb.insns;
        Exit exit = exitHere(Exit.Kind.ATTEND, null, 0);
        exit.isInLoop = tb != plan.tb || plan.followsLoop;
        int spent = 0;
        if (counts) {
            count(insns);
            spent = asm.jumpIf(CC_S);
        } else {
            owed += insns;
        }
        asm.arithmeticMemoryConstant(CMP, false, FRAME, Frame.KICK, 0);
        int kicked = asm.jumpIf(CC_NE);
        Runnable flush = flushLater();
        int ifSpent = spent;
        outOfLine.add(() -> {
            asm.patchHere(kicked);
            if (counts) {
                asm.patchHere(ifSpent);
                count(-insns);
            }
            flush.run();
            exit(exit);
        });
    }

    private void endOp() {
        opStart = now;
        if (!stack.isEmpty()) {
            throw new IllegalStateException("a micro-op leaves values behind");
        }
        forgetScratch();
        if (isTight()) {
            leaveOutcomes();
        }
    }

    @Override
    public void outcome(Outcome outcome) {
        plan.hasOutcomes = true;
        super.outcome(outcome);
    }

    @Override
    boolean isLooping() {
        return loop != null;
    }

    // ---- ways

    @Override
    public void branchIf(int cond, Label to) {
        settle();
        if (!isFollowed) {
            flush();
            pay();
        }
        branchTo(to, prepare(cond));
    }

    private void branchTo(Label to, int cc) {
        List<Integer> ends = forward.computeIfAbsent(to, _ -> new ArrayList<>());
        ends.add(asm.jumpIf(cc));
        if (isFollowed) {
            if (ends.size() > 1) {
                throw Snapshot.Mismatch.MISMATCH;
            }
            forgetScratch();
            snapshots.put(to, new Snapshot(this, true));
        }
    }

    private void forgetScratch() {
        for (int i = 0; i < scratch.length; i++) {
            setScratch(i, null);
        }
    }

    @Override
    public void branch(int opcode, Label to) {
        require(opcode != GOTO);
        settle();
        if (!current.jumps().isEmpty()) {
            forgetTemporaries();
        }
        if (!isFollowed) {
            flush();
            pay();
        }
        int cc;
        if (opcode == IF_ICMPLT || opcode == IF_ICMPGE) {
            Value b = pop();
            Value a = pop();
            cc = compareWords(Word.IS_LESS, a, b) ^ (opcode == IF_ICMPLT ? 0 : 1);
            release(a);
            release(b);
        } else {
            Value value = pop();
            int equal = CC_E;
            if (value.isComparison()) {
                boolean equality = opcode == IFEQ || opcode == IFNE;
                equal =
                        compareWords(
                                equality ? Word.EQUAL : Word.IS_BELOW, value.left, value.right);
            } else {
                int register = register(value);
                asm.arithmeticConstant(CMP, false, register, 0);
            }
            release(value);
            cc =
                    switch (opcode) {
                        case IFEQ -> equal;
                        case IFNE -> equal ^ 1;
                        case IFLT -> CC_L;
                        case IFGE -> CC_L ^ 1;
                        case IFLE -> CC_LE;
                        case IFGT -> CC_LE ^ 1;
                        default -> throw Unsupported.UNSUPPORTED;
                    };
        }
        branchTo(to, cc);
    }

    private void arrive(Label label) {
        for (int end : forward.getOrDefault(label, List.of())) {
            asm.patchHere(end);
        }
        forward.remove(label);
    }

    @Override
    public void way(Label label) {
        if (!ended) {
            throw Unsupported.UNSUPPORTED;
        }
        Snapshot snapshot = snapshots.remove(label);
        if (snapshot == null) {
            forget();
            kind = NO_KIND;
        } else {
            forgetWithout();
            snapshot.restore(this);
        }
        arrive(label);
        ended = false;
    }

    @Override
    public void join(Label label) {
        if (isFollowed) {
            throw Snapshot.Mismatch.MISMATCH;
        }
        settle();
        flush();
        forget();
        arrive(label);
        kind = NO_KIND;
    }

    // ---- structure

    @Override
    public void mark(MicroOp op) {
        marked = op;
    }

    @Override
    public boolean canLeave() {
        return true;
    }

    @Override
    public void leaveUnless(MicroOp op) {
        Value question = pop();
        if (!question.isQuestion) {
            throw Unsupported.UNSUPPORTED;
        }
        requireVectors(op);
        release(question);
    }

    /// A promise holds until a micro-op runs in Java that may change what it is about.
    private void requireVectors(MicroOp op) {
        if ((promised & Cpu.PROMISE_VECTORS) == 0) {
            promised |= Cpu.PROMISE_VECTORS;
            asm.testMemoryConstant(FRAME, Frame.PROMISES, Cpu.PROMISE_VECTORS);
            leaveLater(asm.jumpIf(CC_E), flushLater(), op);
        }
    }

    @Override
    void requireFloats() {
        if ((promised & Cpu.PROMISE_FLOATS) != 0) {
            return;
        }
        promised |= Cpu.PROMISE_FLOATS;
        asm.testMemoryConstant(FRAME, Frame.PROMISES, Frame.FLOAT_CONTROL_LOADED);
        int notYet = asm.jumpIf(CC_E);
        Runnable flush = flushLater();
        long loaded = asm.here();
        Exit exit = exitHere(Exit.Kind.LEAVE, current, 0);
        outOfLine.add(() -> {
            asm.patchHere(notYet);
            asm.testMemoryConstant(FRAME, Frame.PROMISES, Cpu.PROMISE_FLOATS);
            int never = asm.jumpIf(CC_E);
            asm.loadFloatControl(FRAME, Frame.FLOAT_CONTROL);
            asm.orMemoryConstant(FRAME, Frame.PROMISES, Frame.FLOAT_CONTROL_LOADED);
            asm.jumpTo(loaded);
            asm.patchHere(never);
            flush.run();
            exit(exit);
        });
    }

    @Override
    public void compute(MicroOp op, int... writes) {
        settle();
        int before = kind;
        call(op);
        kind = before;
        kindInMemory = before == NO_KIND ? NO_KIND : recorded(before);
    }

    @Override
    public void call(MicroOp op) {
        if (op.next == null || op.next instanceof Branch.Anywhere) {
            leave(op);
            return;
        }
        flush();
        Exit exit = exitHere(Exit.Kind.CALL, op, 0);
        owed = 0;
        exit.hasBytecode = hasBytecode;
        exit(exit);
        exit.resume = asm.here();
        forget();
        kind = NO_KIND;
    }

    @Override
    public void leave(MicroOp op) {
        flush();
        exit(exitHere(Exit.Kind.LEAVE, op, 0));
        ended = true;
    }

    @Override
    public void jump(Jump jump) {
        settle();
        forgetTemporaries();
        if (isFollowed && plan.follows(jump)) {
            follow(jump);
        } else {
            flush();
            go(jump);
        }
        ended = true;
    }

    private void follow(Jump jump) {
        if (jump.linked() == plan.tb && loop != null) {
            if (!goBack(true)) {
                flush();
                go(jump);
            }
        } else {
            forgetScratch();
            boolean isBack = jump.linked() == plan.tb;
            if (isBack && !plan.keepsFlags) {
                leaveFlags();
            }
            if (isBack && !plan.keepsOutcomes) {
                leaveOutcomes();
            }
            Snapshot snapshot = new Snapshot(this, plan.keepsFacts || !isBack);
            ways.push(new Way(jump, tb, asm.jump(), snapshot, loop != null));
        }
    }

    /// Leaves for another block; memory has everything.
    private void go(Jump jump) {
        pay();
        Exit exit = exitHere(Exit.Kind.JUMP, jump, 0);
        int stale = 0;
        if (!jump.staysInPage()) {
            asm.arithmeticMemoryConstant32(
                    CMP, FRAME, tb.isGlobal ? Frame.GLOBAL_EPOCH : Frame.EPOCH, -1);
            exit.epochAt = asm.here() - 4;
            stale = asm.jumpIf(CC_NE);
        }
        int go = asm.jump();
        exit.jumpEnd = asm.here();
        int ifStale = stale;
        outOfLine.add(() -> {
            asm.patchHere(go);
            if (ifStale != 0) {
                asm.patchHere(ifStale);
            }
            exit.stub = asm.here();
            exit(exit);
        });
    }

    @Override
    public boolean hasOneOf(long[] targets) {
        return true;
    }

    @Override
    public void jumpToOneOf(long[] targets, MicroOp op, Runnable before) {
        pay();
        jumpTo(
                exitHere(Exit.Kind.LEAVE, op, 0),
                tb.isGlobal ? Frame.GLOBAL_KEY : Frame.KEY,
                before);
    }

    @Override
    public boolean canChangeLevel(MicroOp op) {
        leaveWithout(Cpu.PROMISE_LEVELS, op);
        return true;
    }

    private void leaveWithout(int promise, MicroOp op) {
        asm.testMemoryConstant(FRAME, Frame.PROMISES, promise);
        leaveLater(asm.jumpIf(CC_E), flushLater(), op);
    }

    @Override
    public boolean hasSystemState() {
        return true;
    }

    @Override
    public void leaveIfInterrupted(MicroOp op) {
        leaveWithout(Cpu.PROMISE_INTERRUPTS, op);
    }

    @Override
    public void useTlb() {
        Value address = pop();
        int register = register(address);
        asm.store(FRAME, Frame.TLB, register);
        asm.move(TLB, register);
        release(address);
    }

    @Override
    public void jumpToOtherLevel(int how, MicroOp op, Runnable before) {
        pay();
        Exit exit = exitHere(Exit.Kind.LEAVE, op, 0);
        exit.isGlobal = false;
        jumpTo(
                exit,
                Frame.OTHER_KEY,
                () -> {
                    before.run();
                    asm.storeConstant32(FRAME, Frame.LEVEL_CHANGED, how);
                    exchange(Frame.KEY, Frame.OTHER_KEY);
                    exchange(Frame.GLOBAL_KEY, Frame.OTHER_GLOBAL_KEY);
                    exchange(Frame.TLB, Frame.OTHER_TLB);
                    asm.load(TLB, FRAME, Frame.TLB);
                });
    }

    private void exchange(int field, int other) {
        asm.load(RAX, FRAME, field);
        asm.load(RCX, FRAME, other);
        asm.store(FRAME, field, RCX);
        asm.store(FRAME, other, RAX);
    }

    @Override
    public boolean canLeaveIfAny() {
        return true;
    }

    @Override
    public void leaveIfAny(int bits, MicroOp op) {
        Value value = pop();
        asm.testConstant(register(value), bits);
        leaveLater(asm.jumpIf(CC_NE), flushLater(), op);
        release(value);
    }

    /// @param key the field of the frame that says for which code the target is looked up
    private void jumpTo(Exit exit, int key, Runnable before) {
        settle();
        Value to = use(mustHave(scratch[(R - A) / 2]));
        int pc = register(to);
        Value code = use(fresh());
        Runnable flush = flushLater();
        asm.move32(RCX, pc);
        asm.move32(RDX, pc);
        asm.shift(SHR, false, RDX, Frame.JUMP_FOLD);
        asm.arithmetic(XOR, false, RCX, RDX);
        asm.arithmeticConstant(AND, false, RCX, Frame.JUMP_ENTRIES - 1);
        asm.shift(SHL, false, RCX, Frame.JUMP_SHIFT);
        asm.address(RCX, RCX, FRAME, 0, Frame.JUMPS);
        asm.arithmeticMemoryCompare(pc, RCX, Frame.JUMP_PC);
        int otherPc = asm.jumpIf(CC_NE);
        asm.load(RDX, FRAME, key);
        asm.arithmeticMemoryCompare(RDX, RCX, Frame.JUMP_KEY);
        int otherKey = asm.jumpIf(CC_NE);
        long found = asm.here();
        outOfLine.add(() -> {
            asm.patchHere(otherPc);
            asm.patchHere(otherKey);
            asm.arithmeticConstant(XOR, true, RCX, Frame.JUMP_SECOND);
            asm.arithmeticMemoryCompare(pc, RCX, Frame.JUMP_PC);
            int noPc = asm.jumpIf(CC_NE);
            asm.load(RDX, FRAME, key);
            asm.arithmeticMemoryCompare(RDX, RCX, Frame.JUMP_KEY);
            int noKey = asm.jumpIf(CC_NE);
            asm.jumpTo(found);
            asm.patchHere(noPc);
            asm.patchHere(noKey);
            flush.run();
            exit(exit);
        });
        release(to);
        asm.load(code.register, RCX, Frame.JUMP_TARGET);
        before.run();
        flush();
        asm.jumpRegister(register(code));
        release(code);
        ended = true;
    }
}
