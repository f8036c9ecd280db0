package straddle.accel.kvm;

import java.util.HashMap;
import java.util.Map;
import straddle.core.accel.Translator;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.DirtyPages;
import straddle.core.memory.Region;

/// The guest's page tables that some vCPU's [UserTables] came from. Any thread.
final class WatchedTables {
    private final AddressSpace memory;
    private final Translator translator;
    private final Map<Long, Integer> watchers = new HashMap<>();

    WatchedTables(AddressSpace memory, Translator translator) {
        this.memory = memory;
        this.translator = translator;
    }

    /// One vCPU more watches a page of RAM.
    synchronized void add(long gpa) {
        if (watchers.merge(gpa, 1, Integer::sum) == 1 && memory.at(gpa) instanceof Region.Ram ram) {
            ram.block().dirty().arm(gpa - ram.gpa() + ram.offset(), DirtyPages.PT);
            translator.noticeStores(ram.hva(gpa));
        }
    }

    /// One vCPU less.
    synchronized void remove(long gpa) {
        int left = watchers.merge(gpa, -1, Integer::sum);
        if (left == 0) {
            watchers.remove(gpa);
            if (memory.at(gpa) instanceof Region.Ram ram) {
                ram.block().dirty().disarm(gpa - ram.gpa() + ram.offset(), DirtyPages.PT);
            }
        }
    }
}
