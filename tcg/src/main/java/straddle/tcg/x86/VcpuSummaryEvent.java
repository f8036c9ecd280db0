package straddle.tcg.x86;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import straddle.core.vcpu.Statistics;

/// What a vCPU did in its life, as it ends.
@Name("straddle.VcpuSummary")
@Label("vCPU Summary")
@Description("A vCPU's instructions and exits, when it is closed")
@Category({"Straddle", "Translator"})
@StackTrace(false)
final class VcpuSummaryEvent extends Event {
    @Label("vCPU")
    int vcpu;

    @Label("Interpreted Instructions")
    long interpreted;

    @Label("Instructions in Regions")
    long inRegions;

    @Label("Instructions in Machine Code")
    long inMachineCode;

    @Label("Port Reads")
    long portReads;

    @Label("Port Writes")
    long portWrites;

    @Label("MMIO Reads")
    long mmioReads;

    @Label("MMIO Writes")
    long mmioWrites;

    @Label("Interrupts")
    long interrupts;

    @Label("Exceptions")
    long exceptions;

    VcpuSummaryEvent() {}

    void fill(int id, Statistics figures) {
        vcpu = id;
        interpreted = instructions(figures, "interpreter");
        inMachineCode = instructions(figures, "machine code");
        inRegions = instructions(figures, "regions");
        portReads = figures.of("exits", "port read");
        portWrites = figures.of("exits", "port write");
        mmioReads = figures.of("exits", "MMIO read");
        mmioWrites = figures.of("exits", "MMIO write");
        interrupts = figures.of("events", "interrupts");
        exceptions = figures.of("events", "exceptions");
    }

    private static long instructions(Statistics figures, String tier) {
        return figures.tiers().stream()
                .filter(each -> each.name().equals(tier))
                .mapToLong(Statistics.Tier::instructions)
                .sum();
    }
}
