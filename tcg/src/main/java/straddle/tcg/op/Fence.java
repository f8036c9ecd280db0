package straddle.tcg.op;

import java.lang.invoke.VarHandle;
import straddle.tcg.Cpu;

/// Orders all accesses before it before all accesses after it, as others see them.
public final class Fence extends MicroOp {
    public Fence() {}

    @Override
    public MicroOp exec(Cpu c) {
        VarHandle.fullFence();
        return next;
    }

    @Override
    public void emit(Emitter e) {
        e.invoke("java/lang/invoke/VarHandle", "fullFence", "()V");
    }

    @Override
    public int emittedBytes() {
        return 3;
    }
}
