package straddle.core.vcpu;

import java.util.Map;
import straddle.core.accel.AcceleratorException;
import straddle.core.arch.x86.X86State;
import straddle.core.observe.ExitObserver;

/// A virtual CPU of some engine. All but [#kick()] and [#interrupt()] is called by the vCPU's own thread, or by any one
/// thread while that is parked.
public interface Vcpu extends AutoCloseable {
    /// 0 for the boot processor.
    int id();

    /// Runs the guest until it needs the host. Delivers pending interrupts by itself as the guest's flags allow.
    ///
    /// @throws AcceleratorException if the host fails; a guest's fault is an [Exit]
    Exit run() throws AcceleratorException;

    /// Makes the present or the next [#run()] return [Exit.Kicked] promptly. Any thread.
    void kick();

    /// Has the present or the next [#run()] look at pending interrupts promptly. It need not return for that. Any thread.
    default void interrupt() {
        kick();
    }

    /// Reads the whole architectural state, with no answer outstanding: one that is, is completed first.
    void save(X86State to) throws AcceleratorException;

    /// Replaces the whole architectural state.
    void load(X86State from) throws AcceleratorException;

    /// The guest's program counter at the last exit, or -1 where the engine can't tell. Cheap.
    default long programCounter() {
        return -1;
    }

    /// Guest instructions retired so far, or -1 where the engine can't count them.
    default long retiredInstructions() {
        return -1;
    }

    /// Has told what [#run()] serves by itself: accesses to devices, and native code that is left. Before it runs.
    default void observe(ExitObserver by) {}

    /// Adds what there is to say about this vCPU for `--stats`. Once it no longer runs, and before it is closed.
    default void statistics(Statistics to) {}

    /// What [#describe(String)] can tell about: a topic's name, then a line about it. `tlb` is known without.
    default Map<String, String> topics() {
        return Map.of();
    }

    /// What the engine has to say about a topic, in lines for a user who looks into a running VM; empty when it has
    /// nothing to say. While the vCPU is parked.
    default String describe(String topic) {
        return "";
    }

    @Override
    void close();
}
