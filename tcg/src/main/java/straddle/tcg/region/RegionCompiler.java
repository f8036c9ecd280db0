package straddle.tcg.region;

import java.lang.invoke.MethodHandles;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import straddle.tcg.block.Tb;
import straddle.tcg.op.BytecodeEmitter;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.RegionFacts;

/// Compiles blocks to a hidden class with one method.
final class RegionCompiler {
    /// HotSpot never compiles a method that is longer.
    private static final int MAX_METHOD_BYTES = 8_000;

    /// Entry, exit and fault handler.
    static final int FRAME_BYTECODES = 900;

    private static final String NAME = "straddle/tcg/region/RegionMethod";
    private static final String SUPER = "straddle/tcg/region/RegionCode";
    private static final String OP = "straddle/tcg/op/MicroOp";
    private static final String TB = "straddle/tcg/block/Tb";
    private static final String CONSTRUCTOR = "([L" + OP + ";[L" + TB + ";)V";
    private static final String RUN = "(Lstraddle/tcg/Cpu;)L" + OP + ";";

    private RegionCompiler() {}

    /// The first micro-op after a block's interpreted head.
    static MicroOp body(Tb tb) {
        return tb.head.next;
    }

    /// How many bytes of bytecode a block takes at most.
    static int estimate(Tb tb) {
        int bytes = 12;
        for (MicroOp op = body(tb); op != null; op = op.next) {
            bytes += op.emittedBytes();
        }
        return bytes;
    }

    /// A class not yet defined, and what its constructor takes.
    @SuppressWarnings("ArrayRecordComponent") // passed on at once
    record Made(byte[] bytes, int methodBytes, MicroOp[] pool, RegionFacts facts) {}

    /// @param blocks the entry first
    /// @param ordered as for [BytecodeEmitter]
    /// @param facts about these blocks, to be gathered
    static Made classFile(List<Tb> blocks, int zeroSlot, boolean ordered, RegionFacts facts) {
        emit(new Nowhere(), blocks, facts, zeroSlot, ordered);
        facts.complete();
        ClassWriter writer = new ClassWriter(0);
        writer.visit(Opcodes.V21, Opcodes.ACC_FINAL | Opcodes.ACC_SUPER, NAME, null, SUPER, null);
        constructor(writer);
        MethodVisitor method =
                writer.visitMethod(Opcodes.ACC_PUBLIC | Opcodes.ACC_FINAL, "run", RUN, null, null);
        BytecodeEmitter emitter = emit(method, blocks, facts, zeroSlot, ordered);
        writer.visitEnd();
        return new Made(
                writer.toByteArray(),
                emitter.bytes(),
                emitter.pool().toArray(MicroOp[]::new),
                facts);
    }

    /// A region's code, and the blocks that it has.
    record Compiled(RegionCode code, List<Tb> blocks, int classBytes) {}

    /// Leaves out the last of the blocks where the method would be too long for HotSpot to compile it; null if the
    /// first alone is.
    ///
    /// @param blocks the entry first
    /// @param ordered as for [BytecodeEmitter]
    /// @param sites as for [RegionFacts]
    /// @param leavesOnMiss as for [RegionFacts]
    static Compiled compile(
            List<Tb> blocks,
            int zeroSlot,
            boolean ordered,
            AtomicInteger sites,
            boolean leavesOnMiss) {
        for (int count = blocks.size(); count > 0; count = count * 3 / 4) {
            List<Tb> some = blocks.subList(0, count);
            RegionFacts facts = new RegionFacts(some.getFirst().pc, sites, leavesOnMiss);
            Made made = classFile(some, zeroSlot, ordered, facts);
            if (made.methodBytes() <= MAX_METHOD_BYTES) {
                return new Compiled(define(made, some), some, made.bytes().length);
            }
        }
        return null;
    }

    private static RegionCode define(Made made, List<Tb> blocks) {
        MicroOp[] pool = made.pool();
        Tb[] owners = owners(pool, blocks);
        try {
            return (RegionCode)
                    MethodHandles.lookup()
                            .defineHiddenClass(made.bytes(), true)
                            .lookupClass()
                            .getDeclaredConstructor(MicroOp[].class, Tb[].class)
                            .newInstance(pool, owners);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("A region's class can't be made", e);
        }
    }

    private static BytecodeEmitter emit(
            MethodVisitor method,
            List<Tb> blocks,
            RegionFacts facts,
            int zeroSlot,
            boolean ordered) {
        Map<Long, Label> labels = new HashMap<>();
        for (Tb tb : blocks) {
            labels.put(tb.pc, new Label());
        }
        BytecodeEmitter emitter = new BytecodeEmitter(method, facts, labels, zeroSlot, ordered);
        emitter.begin(new Label());
        for (Tb tb : blocks) {
            emitter.block(tb);
            emitter.micros(body(tb));
        }
        emitter.end();
        return emitter;
    }

    private static void constructor(ClassWriter writer) {
        MethodVisitor m = writer.visitMethod(Opcodes.ACC_PUBLIC, "<init>", CONSTRUCTOR, null, null);
        m.visitCode();
        m.visitVarInsn(Opcodes.ALOAD, 0);
        m.visitVarInsn(Opcodes.ALOAD, 1);
        m.visitVarInsn(Opcodes.ALOAD, 2);
        m.visitMethodInsn(Opcodes.INVOKESPECIAL, SUPER, "<init>", CONSTRUCTOR, false);
        m.visitInsn(Opcodes.RETURN);
        m.visitMaxs(3, 3);
        m.visitEnd();
    }

    private static Tb[] owners(MicroOp[] pool, List<Tb> blocks) {
        IdentityHashMap<MicroOp, Tb> byOp = new IdentityHashMap<>();
        for (Tb tb : blocks) {
            for (MicroOp op = body(tb); op != null; op = op.next) {
                byOp.put(op, tb);
            }
        }
        Tb[] owners = new Tb[pool.length];
        for (int i = 0; i < pool.length; i++) {
            owners[i] = byOp.getOrDefault(pool[i], blocks.getFirst());
        }
        return owners;
    }

    /// Receives the first pass.
    private static final class Nowhere extends MethodVisitor {
        Nowhere() {
            super(Opcodes.ASM9);
        }
    }
}
