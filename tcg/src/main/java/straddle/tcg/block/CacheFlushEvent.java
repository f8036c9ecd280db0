package straddle.tcg.block;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// The cache of translated blocks was full, and forgot them all.
@Name("straddle.BlockCacheFlush")
@Label("Block Cache Flush")
@Description("The cache of translated blocks was full")
@Category({"Straddle", "Translator"})
@StackTrace(false)
final class CacheFlushEvent extends Event {
    @Label("Blocks")
    int blocks;

    CacheFlushEvent() {}
}
