package straddle.core.vcpu;

/// How often a vCPU exited, by kind. Counted by its thread alone; other threads may see a slightly old figure.
public final class ExitCounts {
    /// Kinds of exit, in the order of reports.
    public enum Kind {
        PORT_READ("port read"),
        PORT_WRITE("port write"),
        MMIO_READ("MMIO read"),
        MMIO_WRITE("MMIO write"),
        HALT("halt"),
        INTERRUPT_WINDOW("interrupt window"),
        KICKED("kicked"),

        /// User code that another engine ran for the translator, up to what ended it. Observed, not counted.
        NATIVE_SLICE("native slice"),

        /// A page fault of such code's that its engine served. Observed, not counted.
        NATIVE_FAULT("native fault"),
        OTHER("other");

        private final String label;

        Kind(String label) {
            this.label = label;
        }

        public String label() {
            return label;
        }
    }

    private final long[] counts = new long[Kind.values().length];

    /// All zero.
    public ExitCounts() {}

    void count(Exit exit) {
        counts[kindOf(exit).ordinal()]++;
    }

    public long of(Kind kind) {
        return counts[kind.ordinal()];
    }

    public long total() {
        long total = 0;
        for (long count : counts) {
            total += count;
        }
        return total;
    }

    /// Adds each kind that occurred to the group `exits`.
    public void statistics(Statistics to) {
        for (Kind kind : Kind.values()) {
            to.countAny("exits", kind.label(), of(kind));
        }
    }

    static Kind kindOf(Exit exit) {
        return switch (exit) {
            case Exit.PortRead _ -> Kind.PORT_READ;
            case Exit.PortWrite _ -> Kind.PORT_WRITE;
            case Exit.MmioRead _ -> Kind.MMIO_READ;
            case Exit.MmioWrite _ -> Kind.MMIO_WRITE;
            case Exit.Halt _ -> Kind.HALT;
            case Exit.InterruptWindow _ -> Kind.INTERRUPT_WINDOW;
            case Exit.Kicked _ -> Kind.KICKED;
            case Exit.UserCode _ -> Kind.OTHER;
            case Exit.Shutdown _ -> Kind.OTHER;
            case Exit.Debug _ -> Kind.OTHER;
            case Exit.Unhandled _ -> Kind.OTHER;
        };
    }
}
