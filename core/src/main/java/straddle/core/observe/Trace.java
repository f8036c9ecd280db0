package straddle.core.observe;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import straddle.core.vcpu.ExitCounts;

/// What vCPUs do, line by line, as far as a filter lets it pass. Any thread.
public final class Trace implements ExitObserver {
    /// What can be traced.
    public enum Event {
        /// Each instruction before it runs.
        INSN,

        /// Each block of instructions as it is entered.
        TB,

        /// The vCPU leaves the guest.
        EXIT,

        /// The guest's exceptions.
        FAULT,

        /// Interrupts, from outside and by INT.
        INT,

        /// Accesses to devices.
        IO;

        /// As given on a command line.
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// Which events are shown: those that pass all of it.
    ///
    /// @param from first program counter, unsigned
    /// @param to last program counter, unsigned
    /// @param cpl privilege level, or -1 for any
    /// @param vcpu number, or -1 for any
    /// @param skip how many passing events are left out first
    /// @param limit how many are shown then; 0 or less for all
    public record Filter(long from, long to, int cpl, int vcpu, long skip, long limit) {
        public static final Filter ALL = new Filter(0, -1, -1, -1, 0, 0);

        private boolean passes(int onVcpu, int atCpl, long pc) {
            long biased = pc ^ Long.MIN_VALUE;
            return (vcpu < 0 || vcpu == onVcpu)
                    && (cpl < 0 || atCpl < 0 || cpl == atCpl)
                    && biased >= (from ^ Long.MIN_VALUE)
                    && biased <= (to ^ Long.MIN_VALUE);
        }
    }

    private final Set<Event> events;
    private final Filter filter;
    private final Consumer<String> out;
    private final AtomicLong seen = new AtomicLong();

    /// @param out takes one line at a time, from any thread
    public Trace(Set<Event> events, Filter filter, Consumer<String> out) {
        this.events = EnumSet.copyOf(events);
        this.filter = filter;
        this.out = out;
    }

    /// Whether events of a kind are traced at all.
    public boolean wants(Event event) {
        return events.contains(event);
    }

    /// Whether the limit was reached: nothing will be shown any more.
    public boolean isOver() {
        return filter.limit > 0 && seen.get() >= filter.skip + filter.limit;
    }

    /// Whether an event is to be shown, which counts it.
    ///
    /// @param cpl privilege level, or -1 where it is not known
    public boolean takes(Event event, int vcpu, int cpl, long pc) {
        if (!events.contains(event) || !filter.passes(vcpu, cpl, pc)) {
            return false;
        }
        long number = seen.getAndIncrement();
        return number >= filter.skip && (filter.limit <= 0 || number - filter.skip < filter.limit);
    }

    /// Shows an event that [#takes] let pass.
    public void show(Event event, int vcpu, long pc, String text) {
        String where = pc == -1 ? "-" : "%016x".formatted(pc);
        out.accept("%d %-5s %16s  %s".formatted(vcpu, event.label(), where, text));
    }

    @Override
    public void exit(int vcpu, ExitCounts.Kind kind, long pc, long nanos) {
        if (takes(Event.EXIT, vcpu, -1, pc)) {
            show(Event.EXIT, vcpu, pc, "%s, served in %,d ns".formatted(kind.label(), nanos));
        }
    }

    @Override
    public void access(Access access, long nanos) {
        if (takes(Event.IO, access.vcpu(), -1, access.pc())) {
            show(
                    Event.IO,
                    access.vcpu(),
                    access.pc(),
                    "%s 0x%x, %d bytes: 0x%x  %s, %,d ns"
                            .formatted(
                                    access.kind().label(),
                                    access.address(),
                                    access.width(),
                                    access.value(),
                                    access.device().isEmpty() ? "no device" : access.device(),
                                    nanos));
        }
    }
}
