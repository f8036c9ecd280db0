package straddle.tcg.region;

import java.lang.invoke.MethodHandles;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import straddle.tcg.block.Tb;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.RegionFacts;

/// Compiles blocks to a hidden class with one method.
final class RegionCompiler {
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
    record Made(byte[] bytes, MicroOp[] pool, RegionFacts facts) {}

    /// @param blocks the entry first
    /// @param ordered as for [Emitter]
    static Made classFile(List<Tb> blocks, int zeroSlot, boolean ordered) {
        RegionFacts facts = new RegionFacts(blocks.getFirst().pc);
        emit(new Nowhere(), blocks, facts, zeroSlot, ordered);
        facts.complete();
        ClassWriter writer = new ClassWriter(0);
        writer.visit(Opcodes.V21, Opcodes.ACC_FINAL | Opcodes.ACC_SUPER, NAME, null, SUPER, null);
        constructor(writer);
        MethodVisitor method =
                writer.visitMethod(Opcodes.ACC_PUBLIC | Opcodes.ACC_FINAL, "run", RUN, null, null);
        Emitter emitter = emit(method, blocks, facts, zeroSlot, ordered);
        writer.visitEnd();
        return new Made(writer.toByteArray(), emitter.pool().toArray(MicroOp[]::new), facts);
    }

    /// @param blocks the entry first
    /// @param size told how many bytes the class takes
    /// @param ordered as for [Emitter]
    static RegionCode compile(List<Tb> blocks, int zeroSlot, boolean ordered, IntConsumer size) {
        Made made = classFile(blocks, zeroSlot, ordered);
        MicroOp[] pool = made.pool();
        Tb[] owners = owners(pool, blocks);
        size.accept(made.bytes().length);
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

    private static Emitter emit(
            MethodVisitor method,
            List<Tb> blocks,
            RegionFacts facts,
            int zeroSlot,
            boolean ordered) {
        Map<Long, Label> labels = new HashMap<>();
        for (Tb tb : blocks) {
            labels.put(tb.pc, new Label());
        }
        Emitter emitter = new Emitter(method, facts, labels, zeroSlot, ordered);
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
