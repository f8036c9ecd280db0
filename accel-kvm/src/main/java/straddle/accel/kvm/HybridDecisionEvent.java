package straddle.accel.kvm;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// The governor has changed its mind about an address space.
@Name("straddle.HybridDecision")
@Label("Hybrid Decision")
@Description("User code of an address space was sent to the processor, or taken back")
@Category({"Straddle", "Hybrid"})
@StackTrace(false)
final class HybridDecisionEvent extends Event {
    @Label("Page Table")
    @Description("The guest's CR3, in hexadecimal")
    String pageTable;

    @Label("To the Processor")
    boolean toProcessor;

    @Label("Average Slice")
    @Description("The moving average of its slices' lengths, in instructions")
    long average;

    HybridDecisionEvent() {}

    static void commit(long cr3, boolean toProcessor, long average) {
        HybridDecisionEvent event = new HybridDecisionEvent();
        if (event.isEnabled()) {
            event.pageTable = Long.toHexString(cr3);
            event.toProcessor = toProcessor;
            event.average = average;
            event.commit();
        }
    }
}
