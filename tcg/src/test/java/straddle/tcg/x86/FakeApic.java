package straddle.tcg.x86;

import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import straddle.core.arch.x86.X86;
import straddle.core.irq.InterruptSource;

/// A local APIC that keeps what its registers were given.
final class FakeApic implements InterruptSource {
    static final int REFUSED = 0x83f;

    final Map<Integer, Long> registers = new TreeMap<>();
    final Queue<Integer> vectors = new ArrayDeque<>();
    private int priority;

    FakeApic() {
        registers.put(X86.MSR_APIC_BASE, 0xfee0_0900L);
    }

    @Override
    public boolean pending() {
        return !vectors.isEmpty() && vectors.peek() >>> 4 > priority;
    }

    @Override
    public int acknowledge() {
        return vectors.isEmpty() ? -1 : vectors.remove();
    }

    @Override
    public int taskPriority() {
        return priority;
    }

    @Override
    public void setTaskPriority(int cr8) {
        priority = cr8;
    }

    @Override
    public boolean hasMsr(int number) {
        return number == X86.MSR_APIC_BASE
                || number == X86.MSR_TSC_DEADLINE
                || number >= X86.MSR_X2APIC && number < X86.MSR_X2APIC + 0x40;
    }

    @Override
    public long readMsr(int number) {
        return registers.getOrDefault(number, 0L);
    }

    @Override
    public boolean writeMsr(int number, long value) {
        registers.put(number, value);
        return number != REFUSED;
    }
}
