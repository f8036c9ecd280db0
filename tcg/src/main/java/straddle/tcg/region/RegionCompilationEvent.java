package straddle.tcg.region;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// A region's compilation to bytecode, in the background.
@Name("straddle.RegionCompilation")
@Label("Region Compilation")
@Description("Hot guest code was compiled to JVM bytecode")
@Category({"Straddle", "Translator"})
@StackTrace(false)
final class RegionCompilationEvent extends Event {
    @Label("Start PC")
    @Description("The guest's program counter, in hexadecimal")
    String pc;

    @Label("Blocks")
    int blocks;

    @Label("Guest Instructions")
    int instructions;

    @Label("Bytecode Size")
    @Description("Bytes of the class")
    int bytecodeBytes;

    @Label("Nanoseconds in the Queue")
    long queueNanos;

    RegionCompilationEvent() {}
}
