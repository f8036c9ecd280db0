package straddle.accel.kvm;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/// What a vCPU's user code did on the processor.
@Name("straddle.HybridSummary")
@Label("Hybrid Summary")
@Description("A vCPU's native slices, at its end")
@Category({"Straddle", "Hybrid"})
@StackTrace(false)
final class HybridSummaryEvent extends Event {
    @Label("vCPU")
    int vcpu;

    @Label("Slices")
    long slices;

    @Label("System Calls")
    long systemCalls;

    @Label("Native Time")
    @Timespan(Timespan.NANOSECONDS)
    long nanos;

    @Label("Median Slice")
    @Timespan(Timespan.NANOSECONDS)
    long medianSlice;

    @Label("Sent to the Processor")
    @Description("Decisions for native code")
    long sent;

    @Label("Taken Back")
    @Description("Decisions against it")
    long takenBack;

    HybridSummaryEvent() {}
}
