package straddle.core.observe;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import straddle.core.vcpu.ExitCounts;

/// Adds up where in the guest exits come from, and how long they take. Any thread.
public final class ExitProfile implements ExitObserver {
    /// One place in the guest that exits for one reason.
    ///
    /// @param pc the guest's program counter, or -1 if unknown
    /// @param device what it used, or what ended native code; empty for neither
    public record Place(ExitCounts.Kind kind, long pc, String device) {}

    /// What a place cost so far.
    public record Entry(Place place, long count, long nanos) {}

    private record Sums(LongAdder count, LongAdder nanos) {}

    private final Map<Place, Sums> places = new ConcurrentHashMap<>();

    /// Nothing yet.
    public ExitProfile() {}

    @Override
    public void exit(int vcpu, ExitCounts.Kind kind, long pc, long nanos) {
        boolean ofTheGuest = kind != ExitCounts.Kind.KICKED;
        add(new Place(kind, ofTheGuest ? pc : -1, ""), nanos);
    }

    @Override
    public void nativeCode(int vcpu, ExitCounts.Kind kind, long pc, String reason, long nanos) {
        add(new Place(kind, pc, reason), nanos);
    }

    @Override
    public void access(Access access, long nanos) {
        String device =
                access.device().isEmpty()
                        ? "0x" + Long.toHexString(access.address())
                        : access.device();
        add(new Place(access.kind(), access.pc(), device), nanos);
    }

    private void add(Place place, long nanos) {
        Sums sums = places.computeIfAbsent(place, _ -> new Sums(new LongAdder(), new LongAdder()));
        sums.count.increment();
        sums.nanos.add(nanos);
    }

    /// What was seen so far, the most time first.
    public List<Entry> entries() {
        return places.entrySet().stream()
                .map(each ->
                        new Entry(
                                each.getKey(),
                                each.getValue().count.sum(),
                                each.getValue().nanos.sum()))
                .sorted(
                        Comparator.comparingLong(Entry::nanos)
                                .thenComparingLong(Entry::count)
                                .reversed())
                .toList();
    }
}
