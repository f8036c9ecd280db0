package straddle.tcg.region;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// What became of a compiled region.
@Name("straddle.RegionChange")
@Label("Region Change")
@Description("A compiled region was installed, found stale, or dropped because its code changed")
@Category({"Straddle", "Translator"})
@StackTrace(false)
final class RegionChangeEvent extends Event {
    @Label("Start PC")
    @Description("The guest's program counter, in hexadecimal")
    String pc;

    @Label("Result")
    @Description("installed, stale or dropped")
    String result;

    RegionChangeEvent() {}

    static void commit(Region region, String result) {
        RegionChangeEvent event = new RegionChangeEvent();
        if (event.isEnabled()) {
            event.pc = Long.toHexString(region.pc);
            event.result = result;
            event.commit();
        }
    }
}
