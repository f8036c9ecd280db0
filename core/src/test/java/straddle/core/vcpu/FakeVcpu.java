package straddle.core.vcpu;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import straddle.core.accel.AcceleratorException;
import straddle.core.arch.x86.X86State;

/// A vCPU that runs a script: each step is an exit, or null to spin until it is kicked.
final class FakeVcpu implements Vcpu {
    final AtomicInteger runs = new AtomicInteger();
    private final Semaphore kicks = new Semaphore(0);
    private final Supplier<Exit> script;

    FakeVcpu(Supplier<Exit> script) {
        this.script = script;
    }

    @Override
    public int id() {
        return 0;
    }

    @Override
    public Exit run() throws AcceleratorException {
        runs.incrementAndGet();
        Exit exit = script.get();
        return exit != null ? exit : spin();
    }

    private Exit spin() throws AcceleratorException {
        try {
            if (!kicks.tryAcquire(20, TimeUnit.SECONDS)) {
                throw new AcceleratorException("nobody kicked the vCPU");
            }
        } catch (InterruptedException e) {
            throw new AcceleratorException("interrupted", e);
        }
        kicks.drainPermits();
        return Exit.Kicked.KICKED;
    }

    @Override
    public void kick() {
        kicks.release();
    }

    @Override
    public void save(X86State to) {
        to.reset();
    }

    @Override
    public void load(X86State from) {}

    @Override
    public void close() {}
}
